// SPDX-License-Identifier: MIT
// Which hosts of a deploy go first and alone.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/deploy_waves.hpp"

namespace lockstep {

struct DeployCanary {
    std::vector<bool> hosts;  ///< by host; closed: with a host also what it comes after
    std::string reason;
};

/// Of the changed hosts, given in the order of dependencies without those that go last. An Error names a canary that
/// is not in the fleet or that goes last.
[[nodiscard]] Result<DeployCanary> choose_canary(const DeployPlan& plan, const std::vector<DeployIndex>& changed);

/// For smart: of the critical hosts, so that every critical reason is covered as far as the size allows.
[[nodiscard]] Result<DeployCanary> choose_smart_canary(const DeployPlan& plan, const std::vector<DeployIndex>& changed,
                                                       const std::vector<DeployIndex>& critical);

/// The hosts that an earlier process of the run had begun as its canary, those that are done included; may be none.
[[nodiscard]] DeployCanary begun_canary(const DeployPlan& plan);

}  // namespace lockstep
