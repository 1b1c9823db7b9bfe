// SPDX-License-Identifier: MIT
// Time from outside, so that tests own it.
#pragma once

#include <chrono>

namespace lockstep {

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
    [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
    /// Waits, or returns early when the run is being interrupted.
    virtual void sleep_for(std::chrono::milliseconds duration) = 0;
};

}  // namespace lockstep
