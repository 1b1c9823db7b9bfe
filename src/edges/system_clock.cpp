// SPDX-License-Identifier: MIT
// Sleeping until time or interruption.
#include "edges/system_clock.hpp"

namespace lockstep {

void SystemClock::sleep_for(std::chrono::milliseconds duration) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, duration / times_, [this] { return interrupted_; });
}

void SystemClock::interrupt() {
    {
        const std::lock_guard lock(mutex_);
        interrupted_ = true;
    }
    changed_.notify_all();
}

}  // namespace lockstep
