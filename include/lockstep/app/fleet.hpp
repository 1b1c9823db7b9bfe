// SPDX-License-Identifier: MIT
// The fleet of a repository: everything that knows hosts is asked, at the tip of the base branch.
#pragma once

#include <string>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/app/run.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/fleet.hpp"

namespace lockstep {

/// The fleet, and what it was read from.
struct GatheredFleet {
    Fleet fleet;
    Config config;
    nix::Setup setup;
    std::string repository;   ///< the checkout's root
    std::string home;         ///< of the user, who fills it in
    std::string base_commit;  ///< what was read
};

/// Reads configuration and flake at the base commit, and asks Nix, Colmena and deploy-rs as the configuration says.
/// `fleet_nodes`: the variable FLEET_NODES, or "".
[[nodiscard]] Result<GatheredFleet> gather_fleet(const RunSettings& settings, const RunPorts& ports,
                                                 std::string fleet_nodes);

}  // namespace lockstep
