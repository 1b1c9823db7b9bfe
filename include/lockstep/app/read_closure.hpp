// SPDX-License-Identifier: MIT
// The question for a closure, asked.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

/// Runs a command of deploy::closure_command and reads its answer. Blocks until it ended. nullopt: nobody answered, or
/// the path is not valid there.
[[nodiscard]] std::optional<std::vector<ClosurePath>> read_closure(ProcessRunner& processes, const Command& command,
                                                                   const std::string& nonce);

}  // namespace lockstep
