// SPDX-License-Identifier: MIT
// FLEET_NODES: JSON that `nix run .#fleet` of pleme-io/fleet puts into the environment.
#include <fmt/format.h>

#include "adapters/deploy/foreign_json.hpp"
#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

const std::string k_source = "FLEET_NODES";

Result<FleetRecord> record_of(const nlohmann::json& node, const std::string& who, std::vector<std::string>& notices) {
    if (!node.is_object()) return wrong_nodes(k_source, fmt::format("{}: it is not an object", who));
    Members members(node, who);
    FleetRecord record;
    if (auto address = members.text({"hostname", "host", "address"})) record.addresses = {std::move(*address)};
    if (auto addresses = members.list({"addresses"})) {
        if (record.addresses) return wrong_nodes(k_source, who + ": `addresses` stands beside another address");
        record.addresses = std::move(addresses);
    }
    record.user = members.text({"sshUser", "ssh_user", "user"});
    record.port = members.port({"port", "sshPort", "ssh_port"});
    record.jump = members.text({"jump", "proxyJump", "proxy_jump"});
    record.tags = members.list({"tags"});
    if (const auto system = members.text({"system"}); system && system->ends_with("-darwin")) record.type = "darwin";
    if (const auto options = members.list({"sshOpts", "ssh_opts", "sshOptions", "ssh_options"}))
        take_ssh_arguments(*options, who, record, notices);
    if (members.mistake()) return wrong_nodes(k_source, *members.mistake());
    if (const auto mistake = record_mistake(who, record)) return wrong_nodes(k_source, *mistake);
    return record;
}

}  // namespace

Result<FleetSource> parse_fleet_nodes(std::string_view text) {
    LOCKSTEP_TRY(const auto all, parse_foreign(text, k_source));
    FleetSource source{.name = k_source};
    for (const auto& [name, node] : all.items()) {
        const auto who = clean_line(name, 80);
        LOCKSTEP_TRY(auto record, record_of(node, who.empty() ? "a host without a name" : who, source.notices));
        source.hosts.emplace(name, std::move(record));
    }
    return source;
}

}  // namespace lockstep::deploy
