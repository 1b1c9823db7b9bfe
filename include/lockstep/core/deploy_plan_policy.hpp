// SPDX-License-Identifier: MIT
// The part of the configuration that a plan depends on.
#pragma once

#include <map>
#include <string>

#include "lockstep/core/config.hpp"

namespace lockstep {

/// Keys below `deploy` that are not at their default, as YAML flow text, and always deploy.strategy. Who may approve,
/// and for how long, is no part of a plan.
[[nodiscard]] std::map<std::string, std::string> plan_policy(const Config& config);

}  // namespace lockstep
