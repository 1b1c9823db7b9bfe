// SPDX-License-Identifier: MIT
// Where lessons are kept between runs.
#pragma once

#include <vector>

#include "lockstep/core/memory.hpp"

namespace lockstep {

class Memory {
public:
    virtual ~Memory() = default;
    /// Everything known when the run began and learned since. Belongs to the memory; only the spine's thread asks.
    [[nodiscard]] virtual const Recollection& recall() const = 0;
    /// Keeps lessons for later runs, at once. What cannot be written is lost, never an error: a run does not depend on
    /// it.
    virtual void learn(const std::vector<Lesson>& lessons) noexcept = 0;
};

}  // namespace lockstep
