// SPDX-License-Identifier: MIT
// The nodes of a Colmena hive. `introspect` without an expression lists nothing, so the expression is ours; it touches
// nothing but config.deployment.
#include <fmt/format.h>

#include "adapters/deploy/foreign_json.hpp"
#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

const std::string k_source = "colmena hive";

constexpr const char* k_expression =
    "{ nodes, ... }: builtins.mapAttrs (name: node: let d = node.config.deployment; in {"
    " inherit (d) targetHost targetPort targetUser tags;"
    " buildOnTarget = d.buildOnTarget or false;"
    " sshOptions = d.sshOptions or [ ];"
    " }) nodes";

Result<FleetRecord> record_of(const nlohmann::json& node, const std::string& who, std::vector<std::string>& notices) {
    if (!node.is_object()) return wrong_nodes(k_source, fmt::format("{}: it is not an object", who));
    Members members(node, who);
    FleetRecord record;
    if (auto address = members.text({"targetHost"})) {
        record.addresses = {std::move(*address)};
    } else {
        record.role = "manual";
        record.origin["role"] = k_source + " (no targetHost)";
    }
    record.port = members.port({"targetPort"});
    record.user = members.text({"targetUser"});
    record.tags = members.list({"tags"});
    if (members.boolean({"buildOnTarget"}).value_or(false)) record.build_on_target = true;
    if (const auto options = members.list({"sshOptions"})) take_ssh_arguments(*options, who, record, notices);
    if (members.mistake()) return wrong_nodes(k_source, *members.mistake());
    if (const auto mistake = record_mistake(who, record)) return wrong_nodes(k_source, *mistake);
    return record;
}

}  // namespace

Command colmena_nodes_command(const std::string& flake) {
    Command command{.argv = {"colmena", "--config", flake, "eval", "-E", k_expression}};
    command.env_set = {{"GIT_TERMINAL_PROMPT", "0"}, {"NO_COLOR", "1"}};
    command.label = "colmena eval (nodes)";
    // As for evaluations of our own: one that is busy does not listen to SIGTERM.
    command.stop.grace = std::chrono::seconds(2);
    return command;
}

Result<FleetSource> parse_colmena_nodes(std::string_view text) {
    LOCKSTEP_TRY(const auto all, parse_foreign(text, k_source));
    FleetSource source{.name = k_source};
    for (const auto& [name, node] : all.items()) {
        LOCKSTEP_TRY(auto record, record_of(node, clean_line(name, 80), source.notices));
        source.hosts.emplace(name, std::move(record));
    }
    return source;
}

}  // namespace lockstep::deploy
