// SPDX-License-Identifier: MIT
// Named steps at which test programs die, fail or stall. Compiled into test builds only (LOCKSTEP_FAILPOINTS).
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// Made from "STEP=kill", "STEP=errno:NUMBER" or "STEP=stall", several separated by commas. `kill` ends the process by
/// SIGKILL when the step is reached; `errno` makes the step fail once; `stall` waits in `wait` (which an interruption
/// ends). Unknown steps are never reached. Thread-safe.
class Failpoints {
public:
    Failpoints(std::string_view plan, std::function<void()> wait);
    [[nodiscard]] Result<void> reach(std::string_view step);

private:
    std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> plan_;
    std::function<void()> wait_;
};

}  // namespace lockstep
