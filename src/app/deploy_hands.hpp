// SPDX-License-Identifier: MIT
// The foreign programs that a deploy activates by: looked for, asked for their versions, and refused where they cannot
// do what is wanted, before any host is touched.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/deploy_host.hpp"

namespace lockstep {

/// By name of the backend; embedded is none of them.
using DeployHandsByName = std::map<std::string, DeployHands>;

/// Errors (config): a backend that there is not, a program that is missing or too old, a host that asks for what its
/// backend cannot do.
[[nodiscard]] Result<DeployHandsByName> find_hands(const DeployRequest& request, const DeployPorts& ports);
/// What only a look at the host tells: that it is this very machine. Error (config).
[[nodiscard]] Result<void> check_own_machine(const DeployHandsByName& hands, const DeployTarget& target);
/// For the plan: what is different from an embedded deploy.
[[nodiscard]] std::vector<std::string> hands_notices(const DeployHandsByName& hands, const DeployRequest& request);

}  // namespace lockstep
