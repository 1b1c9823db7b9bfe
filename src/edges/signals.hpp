// SPDX-License-Identifier: MIT
// Signals that ask the run to stop, as callbacks on a thread of their own.
#pragma once

#include <functional>
#include <thread>

#include "edges/spawn.hpp"

namespace lockstep {

/// Blocks SIGINT, SIGTERM and SIGHUP in the whole process (make it before any other thread) and ignores SIGPIPE and
/// SIGXFSZ: a closed pipe or a full file is an error of a write, not an end of the program.
class SignalWatch {
public:
    /// `on_signal(number, nth)` with nth = 1 for the first signal of any kind.
    explicit SignalWatch(std::function<void(int number, int nth)> on_signal);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    void loop();

    std::function<void(int, int)> on_signal_;
    Fd signals_, end_;
    std::thread thread_;
};

}  // namespace lockstep
