// SPDX-License-Identifier: MIT
// fleet reboot and rollback: deploys of what the hosts have already, with the same waves, locks, proofs and records.
#include <algorithm>

#include <fmt/format.h>

#include "cli/command_deploy.hpp"
#include "cli/commands.hpp"
#include "cli/control_folder.hpp"
#include "cli/deploy_request.hpp"
#include "cli/finish.hpp"
#include "cli/fleet_call.hpp"
#include "cli/options_check.hpp"
#include "edges/boot_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

using Paths = std::map<std::string, std::string>;  ///< host → system; "" where nothing answers

bool flag_given(const Options& options, std::string_view key) {
    return std::any_of(options.overrides.begin(), options.overrides.end(),
                       [&](const auto& each) { return each.first == key; });
}

/// The request for these systems, as a deploy of them would be made; what only makes sense for something new is left
/// out.
Result<DeployChoice> request_for(const FleetCall& call, const Paths& paths, const std::string& control_folder) {
    for (const auto& name : call.hosts)
        if (const auto& host = call.fleet().hosts.at(name); host.type != ProfileType::nixos)
            return usage_error("`fleet " + call.options.operands.front() + "` is for hosts of NixOS",
                               "leave " + name + " out", name + " is " + std::string(word(host.type)));
    // As if a run had proved them: it is paths that are deployed, wherever they come from.
    RunReport proof;
    for (const auto& [name, path] : paths) {
        HostResult result;
        result.name = call.fleet().hosts.at(name).target;
        result.state = HostState::cached;
        result.out = path.empty() ? "unknown" : path;
        proof.hosts.push_back(std::move(result));
    }
    DeployPast nothing;
    const WantedHosts hosts{call.hosts, hosts_named_in(call.selectors, call.fleet())};
    LOCKSTEP_TRY(auto choice, deploy_request(call.known.gathered, hosts, proof, nothing, call.options, control_folder));
    for (auto& target : choice.request.targets) {
        target.path = paths.at(target.name);
        target.parts = boot_parts_here(target.path);
        target.approval.clear();
        target.backend = "embedded";
    }
    auto& policy = choice.request.policy;
    policy.gates = {};
    policy.on_stop = OnStop::keep;
    return choice;
}

/// What runs there, asked before anything is decided.
std::vector<FleetLook> look_first(const FleetCall& call) {
    std::vector<FleetTarget> targets;
    for (const auto& name : call.hosts) targets.push_back(fleet_target(call.known, call.fleet().hosts.at(name)));
    call.machine.ports().events.on(Notice{false, "asking " + plural(targets.size(), "host")});
    return look_at_fleet(targets, fleet_ports(call.machine));
}

/// Whoever selects by more than names says that it is meant.
std::optional<Error> not_agreed(const FleetCall& call, const std::string& what) {
    if (call.options.yes || call.options.dry_run || call.exactly_named()) return std::nullopt;
    return usage_error(fmt::format("this would {} {}: {}", what, plural(call.hosts.size(), "host"),
                                   clean_line(join(call.hosts, ", "), 300)),
                       "say --yes when that is meant, --dry-run to see more, or name the hosts one by one");
}

int failed(FleetCall& call, const Error& error) {
    return finish(call.options, call.machine,
                  ended_with(report_of(call.options, call.machine, {}), call.machine, error));
}

int carry_out_and_finish(FleetCall& call, DeployChoice& choice) {
    auto report = carry_out(call.options, call.machine, report_of(call.options, call.machine, {}), choice, {});
    return finish(call.options, call.machine, report);
}

/// What comes after others is the first to go back.
void turn_around(std::vector<DeployTarget>& targets) {
    std::map<std::string, std::vector<std::string>> turned;
    for (const auto& target : targets)
        for (const auto& before : target.after) turned[before].push_back(target.name);
    for (auto& target : targets) target.after = turned[target.name];
}

}  // namespace

int fleet_reboot(FleetCall& call) {
    if (const auto no = not_agreed(call, "reboot")) return failed(call, *no);
    Paths paths;
    for (const auto& look : look_first(call)) paths[look.name] = look.profile.empty() ? look.running : look.profile;
    const ControlFolder control;
    auto choice = request_for(call, paths, control.path());
    if (!choice.ok()) return failed(call, choice.error());
    auto& request = choice->request;
    request.purpose = DeployPurpose::restart;
    // What the hosts run is no question here: they are to come back with what they are set to start.
    request.expected.clear();
    auto& policy = request.policy;
    if (!flag_given(call.options, "deploy.strategy")) policy.strategy = DeployStrategy::rolling;
    policy.batches.clear();
    policy.canary_hosts.clear();
    policy.canary_size.reset();
    policy.soak = {};
    return carry_out_and_finish(call, choice.value());
}

int fleet_rollback(FleetCall& call) {
    if (const auto no = not_agreed(call, "roll back")) return failed(call, *no);
    Paths paths, brought;
    std::vector<std::string> unknown;
    for (const auto& look : look_first(call)) {
        const auto step = step_to(call.known.past, look.name, look.running);
        paths[look.name] = step ? step->from : "";
        if (step) brought[look.name] = step->to;
        if (look.reached && !step) unknown.push_back(look.name + " runs " + short_store_path(look.running));
    }
    if (!unknown.empty())
        return failed(call,
                      {ErrorKind::config, "there is nothing recorded to go back to",
                       clean_line(join(unknown, "; "), 600) + ": no deploy of lockstep from here brought that",
                       "leave such hosts out, or `lockstep deploy --from RUN` brings what an earlier run proved"});
    const ControlFolder control;
    auto choice = request_for(call, paths, control.path());
    if (!choice.ok()) return failed(call, choice.error());
    auto& request = choice->request;
    request.purpose = DeployPurpose::go_back;
    request.expected = brought;
    request.expected_after_boot.clear();
    auto& policy = request.policy;
    // Everybody at once, and one that cannot go back keeps nobody else from it.
    if (!flag_given(call.options, "deploy.strategy")) policy.strategy = DeployStrategy::parallel;
    if (!flag_given(call.options, "deploy.tolerate")) {
        policy.tolerate = {100, true};
        policy.tolerate_total.reset();
    }
    policy.soak = {};
    choice->windows.clear();
    turn_around(request.targets);
    return carry_out_and_finish(call, choice.value());
}

}  // namespace lockstep::cli
