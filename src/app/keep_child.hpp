// SPDX-License-Identifier: MIT
// Children whose output matters only when they fail.
#pragma once

#include <functional>
#include <string>

#include "lockstep/ports/process.hpp"

namespace lockstep {

/// Submits a command and hands over its status and the beginning of its error output, on the runner's thread.
ChildId submit_captured(ProcessRunner& processes, Command command,
                        std::function<void(const ExitStatus&, const std::string& errors)> done);

/// The line of a Nix command's error output that says what is wrong, else how it ended; one cleaned line.
[[nodiscard]] std::string why_it_failed(const ExitStatus& status, const std::string& errors);

}  // namespace lockstep
