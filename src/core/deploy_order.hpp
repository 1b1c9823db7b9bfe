// SPDX-License-Identifier: MIT
// Who comes after whom in a deploy, and the order that follows from it.
#pragma once

#include <vector>

#include "lockstep/core/deploy_waves.hpp"

namespace lockstep {

/// Fills in after, dependents and level of the plan from its hosts. Returns all hosts, each behind everything that it
/// comes after. An Error names two hosts of one name, a cycle, or who would have to wait for the host that goes last.
[[nodiscard]] Result<std::vector<DeployIndex>> order_hosts(DeployPlan& plan);

}  // namespace lockstep
