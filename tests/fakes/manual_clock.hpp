// SPDX-License-Identifier: MIT
// A clock that moves only when somebody sleeps, and remembers each sleep.
#pragma once

#include <chrono>
#include <vector>

#include "lockstep/ports/clock.hpp"

namespace lockstep::fakes {

class ManualClock final : public Clock {
public:
    [[nodiscard]] std::chrono::system_clock::time_point now() const override { return start + passed_; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(passed_);
    }
    void sleep_for(std::chrono::milliseconds duration) override {
        sleeps.push_back(duration);
        if (!interrupted) passed_ += duration;
    }

    std::chrono::system_clock::time_point start{std::chrono::seconds(1'795'000'000)};  ///< 2026-11-18
    std::vector<std::chrono::milliseconds> sleeps;
    bool interrupted = false;  ///< sleeps return at once

private:
    std::chrono::milliseconds passed_{0};
};

}  // namespace lockstep::fakes
