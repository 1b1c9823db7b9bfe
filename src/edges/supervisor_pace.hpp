// SPDX-License-Identifier: MIT
// How often a child's output is fetched. A writer of many small pieces that wakes us for each of them pays for it with
// a change of context each time; left alone for a few milliseconds, it fills its pipe at full speed.
#pragma once

#include <chrono>
#include <cstddef>

namespace lockstep {

/// Decides after each read of one stream. A stream that was quiet is watched: its next byte is seen at once. One that
/// comes in small pieces one soon after the other rests, longer each time, up to k_longest; a pipe that gets well
/// filled meanwhile makes the rests shorter again.
class ReadPace {
public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::milliseconds k_soon{4}, k_longest{8};

    /// `capacity`: bytes that the pipe holds.
    explicit ReadPace(std::size_t capacity) : plenty_(capacity / 4) {}

    /// What lay in the pipe was read, `bytes` of it. How long to leave the stream alone now; zero: watch it.
    [[nodiscard]] std::chrono::milliseconds after_read(std::size_t bytes, Time now);

private:
    std::size_t plenty_;
    Time last_{};
    std::chrono::milliseconds rest_{0};
};

}  // namespace lockstep
