// SPDX-License-Identifier: MIT
// Where canaries wait that were proved before the update landed: all of them get the same answer, given once.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

#include "lockstep/core/deploy_outcome.hpp"

namespace lockstep {

class LandingGate {
public:
    /// Every host that comes from now on gets this answer.
    void answer(LandingAnswer given) {
        const std::lock_guard lock(mutex_);
        answer_ = given;
        news_.notify_all();
    }
    /// Blocks until there is an answer; nothing: `stopped` became true before.
    [[nodiscard]] std::optional<LandingAnswer> wait(const std::function<bool()>& stopped) {
        std::unique_lock lock(mutex_);
        ++waiting_;
        while (!answer_ && !stopped()) news_.wait_for(lock, std::chrono::milliseconds(100));
        --waiting_;
        return answer_;
    }
    [[nodiscard]] std::size_t waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }
    [[nodiscard]] bool answered() {
        const std::lock_guard lock(mutex_);
        return answer_.has_value();
    }

private:
    std::mutex mutex_;
    std::condition_variable news_;
    std::size_t waiting_ = 0;
    std::optional<LandingAnswer> answer_;
};

}  // namespace lockstep
