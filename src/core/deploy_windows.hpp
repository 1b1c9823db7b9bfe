// SPDX-License-Identifier: MIT
// When a wave of a deploy may be begun.
#pragma once

#include <optional>
#include <vector>

#include "lockstep/core/deploy_policy.hpp"

namespace lockstep {

/// The earliest time from `now` on at which something that takes `expected` fits into one window; none if there is
/// none.
[[nodiscard]] std::optional<Millis> window_for(const std::optional<std::vector<DeployWindow>>& windows, Millis now,
                                               Millis expected);

}  // namespace lockstep
