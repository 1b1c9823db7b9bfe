// SPDX-License-Identifier: MIT
// The nodes of deploy-rs. Paths of profiles are left out while evaluating: they would be whole systems.
#include <fmt/format.h>

#include <algorithm>

#include "adapters/deploy/foreign_json.hpp"
#include "adapters/nix/call.hpp"
#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

using nlohmann::json;

const std::string k_source = "deploy-rs";

/// General settings of one level; a member that is unset there is looked for further out.
struct Level {
    std::optional<std::string> ssh_user, user;
    std::optional<bool> remote_build;
    std::vector<std::string> ssh_options;
};

Result<Level> level_of(const json& object, const std::string& who) {
    if (!object.is_object()) return wrong_nodes(k_source, who + ": it is not an object");
    Members members(object, who);
    Level level{.ssh_user = members.text({"sshUser"}),
                .user = members.text({"user"}),
                .remote_build = members.boolean({"remoteBuild"}),
                .ssh_options = members.list({"sshOpts"}).value_or(std::vector<std::string>())};
    if (members.mistake()) return wrong_nodes(k_source, *members.mistake());
    return level;
}

/// What the inner level leaves unset; its ssh options go first, because ssh takes the first of two.
Level inside(Level inner, const Level& outer) {
    if (!inner.ssh_user) inner.ssh_user = outer.ssh_user;
    if (!inner.user) inner.user = outer.user;
    if (!inner.remote_build) inner.remote_build = outer.remote_build;
    inner.ssh_options.insert(inner.ssh_options.end(), outer.ssh_options.begin(), outer.ssh_options.end());
    return inner;
}

/// The profile that is the system; "" when there is none at all.
std::string main_profile(const json& profiles, const std::vector<std::string>& order) {
    if (profiles.contains("system")) return "system";
    for (const auto& name : order)
        if (profiles.contains(name)) return name;
    return profiles.empty() ? "" : profiles.begin().key();
}

std::optional<std::string> type_of(const std::string& profile) {
    if (profile == "system") return std::nullopt;  // the flake says whether it is nixos or darwin
    if (profile == "home" || profile == "home-manager" || profile == "hm") return "home_manager";
    return "custom";
}

Result<FleetRecord> record_of(const json& node, const std::string& who, const Level& general,
                              std::vector<std::string>& notices) {
    LOCKSTEP_TRY(auto own, level_of(node, who));
    auto level = inside(std::move(own), general);
    Members members(node, who);
    FleetRecord record;
    if (auto address = members.text({"hostname"})) record.addresses = {std::move(*address)};
    const auto order = members.list({"profilesOrder"}).value_or(std::vector<std::string>());
    if (members.mistake()) return wrong_nodes(k_source, *members.mistake());
    const auto found = node.find("profiles");
    const json profiles = found == node.end() || found->is_null() ? json::object() : *found;
    if (!profiles.is_object()) return wrong_nodes(k_source, who + ": `profiles` is not an object");
    const auto profile = main_profile(profiles, order);
    if (!profile.empty()) {
        LOCKSTEP_TRY(auto inner, level_of(profiles.at(profile), fmt::format("{}.{}", who, clean_line(profile, 80))));
        level = inside(std::move(inner), level);
        record.type = type_of(profile);
    }
    std::vector<std::string> others;
    for (const auto& [name, settings] : profiles.items())
        if (name != profile) others.push_back("`" + clean_line(name, 60) + "`");
    if (!others.empty())
        notices.push_back(fmt::format("{}: beside `{}`, the profile{} {} of deploy-rs take{} no part", who,
                                      clean_line(profile, 60), others.size() == 1 ? "" : "s", join(others, ", "),
                                      others.size() == 1 ? "s" : ""));
    record.user = level.ssh_user;
    if (level.remote_build.value_or(false)) record.build_on_target = true;
    take_ssh_arguments(level.ssh_options, who, record, notices);
    if (const auto mistake = record_mistake(who, record)) return wrong_nodes(k_source, *mistake);
    return record;
}

}  // namespace

Command deploy_rs_nodes_command(const nix::Setup& setup, const std::string& flake) {
    auto command = nix::start_call(setup, "nix", {"eval"});
    command.argv.insert(command.argv.end(), {"--json", "--no-eval-cache", "--no-update-lock-file",
                                             "--no-write-lock-file", "--log-format", "raw"});
    if (setup.impure) command.argv.emplace_back("--impure");
    nix::add_options(command, setup);
    command.argv.emplace_back("--expr");
    command.argv.push_back(fmt::format(R"(let
  flake = builtins.getFlake {};
  deploy = flake.deploy or null;
  pick = builtins.intersectAttrs {{ sshUser = 0; user = 0; sshOpts = 0; remoteBuild = 0; }};
  node = node: pick node // {{
    hostname = node.hostname or null;
    profilesOrder = node.profilesOrder or [ ];
    profiles = builtins.mapAttrs (name: pick) (node.profiles or {{ }});
  }};
in if deploy == null then null else pick deploy // {{ nodes = builtins.mapAttrs (name: node) (deploy.nodes or {{ }}); }})",
                                       nix::string_literal(flake)));
    nix::forbid_prompts(command);
    command.stop.grace = std::chrono::seconds(2);
    command.label = "nix eval (deploy-rs)";
    return command;
}

Result<FleetSource> parse_deploy_rs_nodes(std::string_view text) {
    LOCKSTEP_TRY(const auto all, parse_foreign(text, k_source));
    FleetSource source{.name = k_source};
    if (all.is_null()) return source;
    LOCKSTEP_TRY(const auto general, level_of(all, "the settings for all nodes"));
    const auto nodes = all.find("nodes");
    if (nodes == all.end() || nodes->is_null()) return source;
    if (!nodes->is_object()) return wrong_nodes(k_source, "`nodes` is not an object");
    if (nodes->size() > 10'000) return wrong_nodes(k_source, "it has more than 10,000 nodes");
    for (const auto& [name, node] : nodes->items()) {
        LOCKSTEP_TRY(auto record, record_of(node, clean_line(name, 80), general, source.notices));
        source.hosts.emplace(name, std::move(record));
    }
    return source;
}

}  // namespace lockstep::deploy
