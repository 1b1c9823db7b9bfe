// SPDX-License-Identifier: MIT
// The rests of a busy stream.
#include "edges/supervisor_pace.hpp"

#include <algorithm>

namespace lockstep {

std::chrono::milliseconds ReadPace::after_read(std::size_t bytes, Time now) {
    const bool busy = rest_.count() > 0 || now - last_ < k_soon;
    last_ = now;
    if (bytes == 0 || !busy)
        rest_ = {};
    else if (bytes >= plenty_)
        rest_ /= 2;
    else
        rest_ = std::clamp(rest_ * 2, std::chrono::milliseconds(1), k_longest);
    return rest_;
}

}  // namespace lockstep
