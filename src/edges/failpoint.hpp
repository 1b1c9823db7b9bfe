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

/// Made from "STEP=kill", "STEP=errno:NUMBER", "STEP=stall", "STEP=stuck" or "STEP=pause", several separated by commas.
/// `kill` ends the process by SIGKILL when the step is reached; `errno` makes the step fail once; `stall` waits in
/// `wait` (which an interruption ends), `stuck` for ever, `pause` until somebody opens `fifo` for writing; these three
/// write a line to `fifo` first (when it is not empty) as soon as somebody reads there. Unknown steps are never
/// reached. Thread-safe.
class Failpoints {
public:
    Failpoints(std::string_view plan, std::string fifo, std::function<void()> wait);
    [[nodiscard]] Result<void> reach(std::string_view step);

private:
    void tell_reached() const;

    std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> plan_;
    std::string fifo_;
    std::function<void()> wait_;
};

}  // namespace lockstep
