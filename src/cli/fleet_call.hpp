// SPDX-License-Identifier: MIT
// What the commands over a fleet have in common: the hosts that were chosen, how to reach them, and what they are
// compared with.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/fleet_gather.hpp"
#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/fleet_commands.hpp"
#include "lockstep/core/deploy_past.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::cli {

/// A fleet with what runs and deploys have written down about it.
struct KnownFleet {
    GatheredFleet gathered;
    std::optional<RunReport> proof;  ///< the newest run whose systems can be deployed
    DeployPast past;
};

/// What a sub-command gets.
struct FleetCall {
    const Options& options;
    Machine& machine;
    const KnownFleet& known;
    std::vector<std::string> selectors;
    std::vector<std::string> hosts;           ///< chosen by them, sorted
    std::vector<std::string> hand_over = {};  ///< out: the program that this process gives way to; empty = none

    [[nodiscard]] const Fleet& fleet() const { return known.gathered.fleet; }
    /// Each host was named as it is called: no glob, no tag, no --all.
    [[nodiscard]] bool exactly_named() const;
};

[[nodiscard]] FleetTarget fleet_target(const KnownFleet& known, const FleetHost& host);
[[nodiscard]] FleetPorts fleet_ports(Machine& machine);

/// Targets of the chosen hosts that can be looked at; those that nobody deploys to or looks at are told as left out.
/// Error (usage): none of them.
[[nodiscard]] Result<std::vector<FleetTarget>> looked_at(const FleetCall& call);

/// Answers predicates of selectors, with a look at the hosts where that is needed.
[[nodiscard]] Result<std::set<std::string>> answer_predicate(Machine& machine, const KnownFleet& known,
                                                             std::string_view predicate);

/// 130 or 143 when somebody ended the command, else `otherwise`.
[[nodiscard]] int exit_unless_interrupted(Machine& machine, ExitCode otherwise);

// The sub-commands, each to an exit code.
[[nodiscard]] int fleet_info(FleetCall& call);
[[nodiscard]] int fleet_status(FleetCall& call);
[[nodiscard]] int fleet_ping(FleetCall& call);
[[nodiscard]] int fleet_diff(FleetCall& call);
[[nodiscard]] int fleet_exec(FleetCall& call);
[[nodiscard]] int fleet_ssh(FleetCall& call);
[[nodiscard]] int fleet_reboot(FleetCall& call);
[[nodiscard]] int fleet_rollback(FleetCall& call);

}  // namespace lockstep::cli
