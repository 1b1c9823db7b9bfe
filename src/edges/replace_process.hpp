// SPDX-License-Identifier: MIT
// Giving way to another program: for what a person sits in front of, which is no child of ours.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// Signals are as a shell would hand them on. Returns only when the program cannot be started.
[[nodiscard]] Error replace_process(const std::vector<std::string>& argv);

}  // namespace lockstep
