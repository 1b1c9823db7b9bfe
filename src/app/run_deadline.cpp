// SPDX-License-Identifier: MIT
// A thread that waits for two moments.
#include "app/run_deadline.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/units.hpp"

namespace lockstep {

RunDeadline::RunDeadline(std::function<void()> on_reserve, std::function<void()> on_end)
    : on_reserve_(std::move(on_reserve)), on_end_(std::move(on_end)) {}

RunDeadline::~RunDeadline() {
    end();
}

void RunDeadline::set(std::chrono::milliseconds deadline, std::chrono::milliseconds reserve) {
    const std::lock_guard lock(mutex_);
    if (over_) return;
    deadline_ = deadline;
    reserve_ = std::min(reserve, deadline / 2);
    if (deadline.count() > 0 && !thread_.joinable()) thread_ = std::thread([this] { watch(); });
    changed_.notify_all();
}

void RunDeadline::end() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

std::string RunDeadline::words() const {
    const std::lock_guard lock(mutex_);
    return fmt::format("the run's time was up (run.deadline is {}, {} of it for publishing)",
                       format_duration(deadline_), format_duration(reserve_));
}

void RunDeadline::watch() {
    bool proving = true;
    std::unique_lock lock(mutex_);
    while (!over_) {
        if (deadline_.count() == 0) {
            changed_.wait(lock);
            continue;
        }
        const auto due = began_ + deadline_ - (proving ? reserve_ : std::chrono::milliseconds(0));
        if (std::chrono::steady_clock::now() < due) {
            changed_.wait_until(lock, due);
            continue;
        }
        lock.unlock();
        proving ? on_reserve_() : on_end_();
        lock.lock();
        if (!proving) return;
        proving = false;
    }
}

}  // namespace lockstep
