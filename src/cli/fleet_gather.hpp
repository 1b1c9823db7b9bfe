// SPDX-License-Identifier: MIT
// The fleet, and which of its hosts the command line means.
#pragma once

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/fleet.hpp"

namespace lockstep::cli {

/// As lockstep::gather_fleet says. Precondition: the machine is open.
[[nodiscard]] Result<GatheredFleet> gather_fleet(Machine& machine);

/// The hosts that operands and --all mean; all of them when there is neither. `predicate` as in SelectorWorld.
[[nodiscard]] Result<std::vector<std::string>> chosen_hosts(
    const Fleet& fleet, const Options& options, std::vector<std::string> expressions,
    std::function<Result<std::set<std::string>>(std::string_view)> predicate);

}  // namespace lockstep::cli
