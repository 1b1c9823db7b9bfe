// SPDX-License-Identifier: MIT
// The fleet of a repository: everything that knows hosts is asked, at the tip of the base branch.
#pragma once

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/fleet.hpp"

namespace lockstep::cli {

/// The fleet, and what it was read from.
struct GatheredFleet {
    Fleet fleet;
    Config config;
    nix::Setup setup;
    std::string repository;  ///< the checkout's root
    std::string home;        ///< of the user
};

/// Reads configuration and flake at the base commit, asks Nix, Colmena and deploy-rs as the configuration says, and
/// takes FLEET_NODES out of the environment. Precondition: the machine is open.
[[nodiscard]] Result<GatheredFleet> gather_fleet(Machine& machine);

/// The hosts that operands and --all mean; all of them when there is neither. `predicate` as in SelectorWorld.
[[nodiscard]] Result<std::vector<std::string>> chosen_hosts(
    const Fleet& fleet, const Options& options, std::vector<std::string> expressions,
    std::function<Result<std::set<std::string>>(std::string_view)> predicate);

}  // namespace lockstep::cli
