// SPDX-License-Identifier: MIT
// How much longer a proof will take, judged by how long the same things took before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/memory.hpp"

namespace lockstep {

struct RemainingWork {
    struct Running {
        std::string name;
        Millis elapsed{0};
    };
    std::vector<std::string> builds;  ///< names of derivations that wait to be built
    std::vector<Running> building;    ///< by derivation name
    int slots = 1;
    std::vector<std::string> evaluations;  ///< hosts that wait
    std::vector<Running> evaluating;       ///< by host
    int evaluators = 1;
};

/// A bound of list scheduling: what waits and runs, spread over slots, but never less than the longest piece;
/// evaluation and building one after the other. What was never seen counts like the median of what was. nullopt when
/// less than half of the pieces were ever seen; 0 when nothing is left.
[[nodiscard]] std::optional<Millis> remaining_time(const Recollection& known, const RemainingWork& work);

}  // namespace lockstep
