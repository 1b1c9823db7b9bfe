// SPDX-License-Identifier: MIT
// Who activates on which host, and what a foreign program needs for it: a flake of the proved commit, and our ssh
// options as files.
#pragma once

#include <string>

#include "cli/options.hpp"
#include "lockstep/app/deploy.hpp"
#include "lockstep/app/fleet.hpp"

namespace lockstep::cli {

/// `--backend` before what the host says before `deploy.backend`.
void choose_backend(DeployTarget& target, const FleetHost& host, const Config& config, const Options& options);

/// Once all targets and the commit are known. Writes into `folder`, which is private and goes with the process; "" = no
/// host is going to be touched.
[[nodiscard]] Result<void> equip_foreign(DeployRequest& request, const GatheredFleet& gathered,
                                         const std::string& folder);

}  // namespace lockstep::cli
