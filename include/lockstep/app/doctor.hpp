// SPDX-License-Identifier: MIT
// `doctor` and the fact-finding of `init`: look at everything before it matters, change nothing.
#pragma once

#include <string>
#include <vector>

#include "lockstep/app/run.hpp"

namespace lockstep {

struct Finding {
    enum class Level { good, note, warning, failure } level = Level::good;
    std::string subject;  ///< "nix", "remote", …
    std::string text;
    std::string fix;               ///< what to do; "" when good
    ExitCode exit = ExitCode::ok;  ///< for a failure
};

/// Checks in the order in which a run needs things; a failed one skips only what depends on it.
[[nodiscard]] std::vector<Finding> examine(const RunSettings& settings, const RunPorts& ports);

/// One line each, with a mark and the fix below.
[[nodiscard]] std::string findings_text(const std::vector<Finding>& findings, bool color);
[[nodiscard]] std::string findings_json(const std::vector<Finding>& findings);
/// 0, or the code of the first failure.
[[nodiscard]] ExitCode findings_exit(const std::vector<Finding>& findings);

}  // namespace lockstep
