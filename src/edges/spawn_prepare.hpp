// SPDX-License-Identifier: MIT
// What a child is started with: its environment, its program, and words for a start that fails.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep {

using Environment = std::map<std::string, std::string>;

/// `base` ("K=V") with the command's edits: unset first, then set.
[[nodiscard]] Environment environment_of(const Command& command, const std::vector<std::string>& base);

/// argv[0] as it is when it holds a '/', else the first executable file of that name on the child's own PATH, else "".
/// Relative folders of PATH are passed over: a working directory is foreign content and must not choose our programs.
[[nodiscard]] std::string find_program(const std::string& name, const Environment& environment);

/// Why the command cannot be started at all; "" when nothing is wrong with it.
[[nodiscard]] std::string fault_of(const Command& command, const Environment& environment, const std::string& program);

/// What an errno of posix_spawn means for this command.
[[nodiscard]] std::string spawn_reason(int code, const Command& command, const Environment& environment,
                                       const std::string& program);

}  // namespace lockstep
