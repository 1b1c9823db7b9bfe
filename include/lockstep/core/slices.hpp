// SPDX-License-Identifier: MIT
// How many targets the next evaluation process should take. Real nixpkgs hosts share little and each makes the heap
// grow, so small slices win; flakes whose common part is all there is want few large ones. The size follows what this
// very run has measured, never a constant.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace lockstep {

/// What evaluation processes have cost so far in this run.
struct EvalCosts {
    std::size_t processes = 0;                      ///< ended
    std::size_t hosts = 0;                          ///< evaluated by them
    std::chrono::milliseconds first_host_total{0};  ///< sum over processes: start until the first host was done
    std::size_t first_hosts = 0;
    std::chrono::milliseconds later_hosts_total{0};  ///< sum of the further hosts' own times
    std::size_t later_hosts = 0;
    std::uint64_t largest_rss = 0;      ///< bytes, of a process
    std::size_t largest_rss_hosts = 0;  ///< hosts that this process had evaluated
};

struct SliceLimits {
    int evaluators = 1;
    std::uint64_t memory_budget = 0;  ///< bytes for all evaluators together; 0 = unknown
    int idle = 0;                     ///< evaluators without work, the asking one included; 0 = all of them
};

/// Size of the next slice, 1 … `remaining` (0 only when nothing remains). Pure.
/// - Nothing measured yet: an equal share for each idle evaluator, but at most 4.
/// - Then: large (an equal share) when starting over costs more than half of a host's own time and the memory allows
/// it,
///   otherwise 1.
[[nodiscard]] std::size_t next_slice_size(const EvalCosts& costs, std::size_t remaining, const SliceLimits& limits);

}  // namespace lockstep
