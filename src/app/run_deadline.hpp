// SPDX-License-Identifier: MIT
// The time of a whole run: what is known shall be published before it is up, and then the run ends.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace lockstep {

/// Counts from its making, on the steady clock, whatever the wall clock does. The callbacks come on a thread of its
/// own, each once at most, and must not block.
class RunDeadline {
public:
    /// `on_reserve`: no further proving. `on_end`: nothing at all any more.
    RunDeadline(std::function<void()> on_reserve, std::function<void()> on_end);
    ~RunDeadline();
    RunDeadline(const RunDeadline&) = delete;
    RunDeadline& operator=(const RunDeadline&) = delete;

    /// Sets or changes both moments: the end, and `reserve` (at most half of it) before. Zero: never.
    void set(std::chrono::milliseconds deadline, std::chrono::milliseconds reserve);
    /// No callback runs after this or comes any more.
    void end();
    /// "the run's time was up (run.deadline is 10m, 2m of it for publishing)"
    [[nodiscard]] std::string words() const;

private:
    void watch();

    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
    std::function<void()> on_reserve_, on_end_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::chrono::milliseconds deadline_{0}, reserve_{0};
    bool over_ = false;
    std::thread thread_;  ///< only when there is a deadline
};

}  // namespace lockstep
