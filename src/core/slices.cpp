// SPDX-License-Identifier: MIT
// Slice sizes from measured costs.
#include "lockstep/core/slices.hpp"

#include <algorithm>

namespace lockstep {

namespace {

constexpr std::size_t k_first_slice = 4;
/// The expression of a slice is one word of a command line, which Linux bounds to 128 KiB.
constexpr std::size_t k_most_per_process = 300;

std::size_t share(std::size_t remaining, int evaluators) {
    const auto workers = static_cast<std::size_t>(std::max(1, evaluators));
    return (remaining + workers - 1) / workers;
}

/// How many hosts one process may hold within its part of the budget, by linear growth from what was seen.
std::size_t memory_cap(const EvalCosts& costs, const SliceLimits& limits) {
    if (limits.memory_budget == 0 || costs.largest_rss == 0 || costs.largest_rss_hosts == 0) return SIZE_MAX;
    constexpr std::uint64_t base = 100ULL << 20;  // an evaluator before it has done anything, generously
    const std::uint64_t grown = costs.largest_rss > base ? costs.largest_rss - base : 0;
    const std::uint64_t per_host = std::max<std::uint64_t>(grown / costs.largest_rss_hosts, 1ULL << 20);
    const std::uint64_t each = limits.memory_budget / static_cast<std::uint64_t>(std::max(1, limits.evaluators));
    if (each <= base) return 1;
    return std::max<std::size_t>(1, static_cast<std::size_t>((each - base) / per_host));
}

}  // namespace

std::size_t next_slice_size(const EvalCosts& costs, std::size_t remaining, const SliceLimits& limits) {
    if (remaining == 0) return 0;
    const std::size_t equal = std::clamp<std::size_t>(share(remaining, limits.evaluators), 1, k_most_per_process);
    const std::size_t cap = memory_cap(costs, limits);
    if (costs.first_hosts == 0) {
        const std::size_t first = limits.idle > 0 ? share(remaining, limits.idle) : equal;
        return std::min({std::max<std::size_t>(1, first), k_first_slice, cap});
    }
    if (costs.later_hosts == 0) return std::min({equal, std::size_t{2}, cap});  // learn what a second host costs
    const auto first = costs.first_host_total / static_cast<long>(costs.first_hosts);
    const auto later = costs.later_hosts_total / static_cast<long>(costs.later_hosts);
    const auto starting_over = first > later ? first - later : std::chrono::milliseconds(0);
    if (2 * starting_over >= later) return std::min(equal, cap);
    return 1;
}

}  // namespace lockstep
