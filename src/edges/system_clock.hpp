// SPDX-License-Identifier: MIT
// The machine's clock, whose sleeps an interruption cuts short.
#pragma once

#include <condition_variable>
#include <mutex>

#include "lockstep/ports/clock.hpp"

namespace lockstep {

class SystemClock final : public Clock {
public:
    [[nodiscard]] std::chrono::system_clock::time_point now() const override {
        return std::chrono::system_clock::now();
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::now();
    }
    void sleep_for(std::chrono::milliseconds duration) override;
    /// Ends present and later sleeps at once. Thread-safe.
    void interrupt();
    /// Tests that wait for what would take minutes: every later sleep takes that many times less. Not thread-safe.
    void hurry(int times) { times_ = times < 1 ? 1 : times; }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool interrupted_ = false;
    int times_ = 1;
};

}  // namespace lockstep
