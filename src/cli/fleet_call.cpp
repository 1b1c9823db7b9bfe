// SPDX-License-Identifier: MIT
// From hosts of the fleet to targets.
#include "cli/fleet_call.hpp"

#include <algorithm>

#include "cli/deploy_request.hpp"
#include "cli/options_check.hpp"
#include "edges/boot_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

bool is_looked_at(const FleetHost& host) {
    return host.role == HostRole::deploy || host.role == HostRole::manual || host.role == HostRole::monitor_only;
}

}  // namespace

bool FleetCall::exactly_named() const {
    return !options.all && std::all_of(selectors.begin(), selectors.end(),
                                       [&](const std::string& each) { return fleet().hosts.count(each) > 0; });
}

FleetTarget fleet_target(const KnownFleet& known, const FleetHost& host) {
    FleetTarget target;
    target.name = host.name;
    target.role = host.role;
    target.required = !host.optional && !host.offline_ok;
    target.addresses = ssh_targets(host, known.gathered, "");
    target.busy_files = known.gathered.config.deploy.busy_files;
    target.busy_command = known.gathered.config.deploy.busy_command;
    if (known.proof)
        if (const auto* result = proved_result(*known.proof, host)) target.proved = result->out;
    if (const auto left = known.past.running.find(host.name); left != known.past.running.end())
        target.left = left->second;
    if (const auto left = known.past.next_boot.find(host.name); left != known.past.next_boot.end())
        target.left_to_boot = left->second;
    if (!target.proved.empty()) target.parts = boot_parts_here(target.proved);
    return target;
}

FleetPorts fleet_ports(Machine& machine) {
    auto ports = machine.ports();
    return {.processes = ports.processes,
            .clock = ports.clock,
            .run = machine.store().run_id(),
            .secret = machine.settings("fleet").secret_nonce,
            .parallel = 16,
            .interrupted = ports.interrupted};
}

Result<std::vector<FleetTarget>> looked_at(const FleetCall& call) {
    std::vector<FleetTarget> targets;
    std::vector<std::string> left_out;
    for (const auto& name : call.hosts) {
        const auto& host = call.fleet().hosts.at(name);
        if (is_looked_at(host))
            targets.push_back(fleet_target(call.known, host));
        else
            left_out.push_back(name + " (" + std::string(word(host.role)) + ")");
    }
    if (targets.empty())
        return usage_error("there is no host to ask", "`lockstep fleet info` shows the hosts and their roles",
                           "left out: " + clean_line(join(left_out, ", "), 300));
    if (!left_out.empty())
        call.machine.ports().events.on(Notice{false, "left out: " + clean_line(join(left_out, ", "), 1000)});
    return targets;
}

Result<std::set<std::string>> answer_predicate(Machine& machine, const KnownFleet& known, std::string_view predicate) {
    if (predicate == "failed(last)") return known.past.failed;
    if (predicate == "unreachable(last)") return known.past.unreachable;
    std::vector<FleetTarget> targets;
    for (const auto& [name, host] : known.gathered.fleet.hosts)
        if (is_looked_at(host) && !host.addresses.empty()) targets.push_back(fleet_target(known, host));
    machine.ports().events.on(
        Notice{false, "asking " + plural(targets.size(), "host") + " for `" + std::string(predicate) + "`"});
    std::set<std::string> found;
    for (const auto& look : look_at_fleet(targets, fleet_ports(machine))) {
        // Of a host that does not answer neither is known: it is told, and not selected.
        if (!look.reached)
            machine.ports().events.on(Notice{
                true, look.name + " does not answer, so that it is not selected by `" + std::string(predicate) + "`"});
        if (predicate == "changed" ? is_changed(look) : needs_reboot(look)) found.insert(look.name);
    }
    return found;
}

int exit_unless_interrupted(Machine& machine, ExitCode otherwise) {
    const auto ports = machine.ports();
    const int signal = ports.interrupted ? ports.interrupted() : 0;
    if (signal == 0) return static_cast<int>(otherwise);
    return static_cast<int>(exit_code_of_signal(signal));
}

}  // namespace lockstep::cli
