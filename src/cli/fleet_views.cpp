// SPDX-License-Identifier: MIT
// fleet info, status, ping, diff, exec, ssh: what changes nothing on a host, or what a person does there.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/fleet_call.hpp"
#include "cli/options_check.hpp"
#include "lockstep/core/deploy_policy.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

constexpr std::size_t k_kept_output = 4U << 20U;

/// --tolerate of the command line: what the configuration says is about deploys.
Result<std::optional<std::size_t>> tolerated(const FleetCall& call, std::size_t hosts) {
    for (const auto& [key, value] : call.options.overrides) {
        if (key != "deploy.tolerate") continue;
        LOCKSTEP_TRY(const auto share, parse_deploy_share(value.scalar));
        return std::optional<std::size_t>(share_down(share, hosts));
    }
    return std::optional<std::size_t>();
}

/// Nobody's command runs on hosts that are only looked at, unless it was them who were named.
std::vector<FleetTarget> touched(const FleetCall& call, std::vector<FleetTarget> targets) {
    const auto spared = [&](const FleetTarget& target) {
        const bool named = std::find(call.selectors.begin(), call.selectors.end(), target.name) != call.selectors.end();
        if (named || target.role == HostRole::deploy) return false;
        call.machine.ports().events.on(
            Notice{false, target.name + " is " + std::string(word(target.role)) + ": left alone unless it is named"});
        return true;
    };
    std::erase_if(targets, spared);
    return targets;
}

}  // namespace

int fleet_info(FleetCall& call) {
    call.machine.console().stop();
    // Every field of a few hosts that somebody chose; else one line for each.
    const std::size_t detailed = !call.selectors.empty() && !call.options.all ? 3 : 0;
    tell_result(call.options.json ? fleet_info_json(call.fleet(), call.hosts)
                                  : fleet_info_text(call.fleet(), call.hosts, detailed));
    return 0;
}

int fleet_status(FleetCall& call) {
    const auto targets = looked_at(call);
    if (!targets.ok()) return call.machine.console().stop(), tell_error(targets.error());
    const auto looks = look_at_fleet(targets.value(), fleet_ports(call.machine));
    call.machine.console().stop();
    tell_result(call.options.json ? fleet_status_json(looks) : fleet_status_text(looks));
    return exit_unless_interrupted(call.machine, ExitCode::ok);
}

int fleet_ping(FleetCall& call) {
    const auto targets = looked_at(call);
    if (!targets.ok()) return call.machine.console().stop(), tell_error(targets.error());
    const auto pings = ping_fleet(targets.value(), fleet_ports(call.machine));
    call.machine.console().stop();
    tell_result(call.options.json ? fleet_ping_json(pings) : fleet_ping_text(pings));
    return exit_unless_interrupted(call.machine, ping_exit(pings));
}

int fleet_diff(FleetCall& call) {
    const auto targets = looked_at(call);
    if (!targets.ok()) return call.machine.console().stop(), tell_error(targets.error());
    if (!call.known.proof)
        call.machine.ports().events.on(Notice{true, "nothing was proved that hosts could be compared with"});
    const auto differences =
        compare_fleet(targets.value(), call.known.gathered.setup.bin_dir, fleet_ports(call.machine));
    call.machine.console().stop();
    tell_result(call.options.json ? fleet_diff_json(differences) : fleet_diff_text(differences));
    return exit_unless_interrupted(call.machine, ExitCode::ok);
}

int fleet_exec(FleetCall& call) {
    auto targets = looked_at(call);
    if (!targets.ok()) return call.machine.console().stop(), tell_error(targets.error());
    const auto chosen = touched(call, std::move(targets).value());
    call.machine.console().stop();
    if (chosen.empty())
        return tell_error(usage_error("there is no host to run it on", "name them: `lockstep fleet info` lists them"));
    const auto most = tolerated(call, chosen.size());
    if (!most.ok()) return tell_error(most.error());
    const bool json = call.options.json;
    const FleetOrder order{
        .argv = call.options.command_words, .tolerate = most.value(), .keep_bytes = json ? k_kept_output : 0};
    const auto results =
        exec_on_fleet(chosen, order, fleet_ports(call.machine), [&](Stream stream, std::string_view text) {
            if (json) return;
            if (stream == Stream::out)
                tell_result(text);
            else
                std::cerr << text << std::flush;
        });
    if (json) tell_result(fleet_exec_json(results));
    if (!call.options.quiet || exec_exit(results) != ExitCode::ok) std::cerr << fleet_exec_text(results);
    return exit_unless_interrupted(call.machine, exec_exit(results));
}

int fleet_ssh(FleetCall& call) {
    call.machine.console().stop();
    if (call.hosts.size() != 1)
        return tell_error(usage_error("`fleet ssh` goes to one host",
                                      "name one of them; `lockstep fleet exec` runs a command on several",
                                      "selected: " + join(call.hosts, ", ")));
    const auto target = fleet_target(call.known, call.fleet().hosts.at(call.hosts.front()));
    if (target.addresses.empty())
        return tell_error({ErrorKind::config, "nobody says how to reach " + target.name, "",
                           "set fleet.hosts." + target.name + ".addresses"});
    auto address = target.addresses.front();
    // ssh itself knows no second address.
    if (target.addresses.size() > 1) {
        const auto pings = ping_fleet({target}, fleet_ports(call.machine));
        for (const auto& each : target.addresses)
            if (each.host == pings.front().address) address = each;
    }
    const bool terminal = isatty(STDIN_FILENO) != 0 && isatty(STDOUT_FILENO) != 0;
    call.hand_over = deploy::ssh_session_argv(address, call.options.command_words, terminal);
    return 0;
}

}  // namespace lockstep::cli
