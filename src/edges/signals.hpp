// SPDX-License-Identifier: MIT
// Signals that ask the run to stop, as callbacks on a thread of their own.
#pragma once

#include <functional>
#include <thread>

#include "edges/fd.hpp"

namespace lockstep {

/// Blocks SIGINT, SIGTERM and SIGHUP in the calling thread and in all threads that it starts later, and takes them as
/// callbacks: make it first in main, before any other thread. A SIGHUP that was ignored (nohup) stays ignored. Ignores
/// SIGPIPE and SIGXFSZ: a closed pipe or a full file is an error of a write, not an end of the program. The destructor
/// ends the thread and leaves masks and dispositions as they are.
class SignalWatch {
public:
    /// `on_signal(number, nth)` on the watch's thread, with nth = 1 for the first signal of any of the three kinds. It
    /// must not throw.
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
