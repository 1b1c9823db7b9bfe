// SPDX-License-Identifier: MIT
// The end of a program that does not end although it was asked twice.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace lockstep {

/// Thread-safe.
class LastResort {
public:
    LastResort() = default;
    ~LastResort() { cancel(); }
    LastResort(const LastResort&) = delete;
    LastResort& operator=(const LastResort&) = delete;

    /// Two seconds from now kills every descendant and ends the process with this code, unless cancelled before. Only
    /// the first call counts.
    void arm(int code);
    void cancel();

private:
    void wait(int code);

    std::mutex mutex_;
    std::condition_variable changed_;
    bool cancelled_ = false;
    std::thread thread_;
};

}  // namespace lockstep
