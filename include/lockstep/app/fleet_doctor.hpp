// SPDX-License-Identifier: MIT
// Examining the hosts of a fleet: what would be in the way of a deploy, before it is. Changes nothing on any host.
#pragma once

#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/app/doctor.hpp"
#include "lockstep/app/fleet_commands.hpp"
#include "lockstep/ports/files.hpp"

namespace lockstep {

struct FleetExamination {
    nix::Setup setup;
    bool check_signatures = true;  ///< deploy.check_signatures
    std::string known_hosts;       ///< where keys are pinned, for people
};

/// One probe and one question about rights to each host, many at the same time; findings in the order of the hosts.
[[nodiscard]] std::vector<Finding> examine_fleet(const std::vector<FleetTarget>& targets,
                                                 const FleetExamination& examination, const FleetPorts& ports);

/// What hosts show as their keys, and whether that is what is pinned for them.
struct LearnedKeys {
    std::string known_hosts;  ///< the text of a known_hosts file, for somebody to review
    std::vector<Finding> findings;
};
/// Connects to each host and takes the key that it shows; nothing is trusted by that. `folder`: an empty one of ours,
/// for ssh to write to.
[[nodiscard]] LearnedKeys learn_host_keys(const std::vector<FleetTarget>& targets, const std::string& folder,
                                          Files& files, const FleetPorts& ports);

}  // namespace lockstep
