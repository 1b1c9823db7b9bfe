// SPDX-License-Identifier: MIT
#include "lockstep/core/slices.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

using std::chrono::milliseconds;

EvalCosts measured(milliseconds first, milliseconds later, std::uint64_t rss) {
    return {.processes = 1,
            .hosts = 2,
            .first_host_total = first,
            .first_hosts = 1,
            .later_hosts_total = later,
            .later_hosts = 1,
            .largest_rss = rss,
            .largest_rss_hosts = 2};
}

TEST(Slices, StartSmallWithoutKnowledge) {
    EXPECT_EQ(next_slice_size({}, 0, {.evaluators = 2}), 0u);
    EXPECT_EQ(next_slice_size({}, 1, {.evaluators = 2}), 1u);
    EXPECT_EQ(next_slice_size({}, 6, {.evaluators = 2}), 3u);
    EXPECT_EQ(next_slice_size({}, 1000, {.evaluators = 2}), 4u);
}

TEST(Slices, FirstSlicesGoToIdleEvaluators) {
    EXPECT_EQ(next_slice_size({}, 5, {.evaluators = 2, .idle = 2}), 3u);
    EXPECT_EQ(next_slice_size({}, 2, {.evaluators = 2, .idle = 1}), 2u);
}

TEST(Slices, HeavyCommonPartTakesAnEqualShare) {
    EXPECT_EQ(next_slice_size(measured(milliseconds(2000), milliseconds(50), 200u << 20), 100, {.evaluators = 2}), 50u);
}

TEST(Slices, HeavyHostsGoOneByOne) {
    EXPECT_EQ(next_slice_size(measured(milliseconds(5500), milliseconds(5000), 900u << 20), 100, {.evaluators = 2}),
              1u);
}

TEST(Slices, MemoryBudgetCapsASlice) {
    // 2 hosts took 900 MiB, so about 400 MiB each: 2 GiB for two evaluators hold two hosts each.
    EXPECT_EQ(next_slice_size(measured(milliseconds(2000), milliseconds(50), 900u << 20), 100,
                              {.evaluators = 2, .memory_budget = 2ULL << 30}),
              2u);
    EXPECT_EQ(next_slice_size(measured(milliseconds(2000), milliseconds(50), 900u << 20), 100,
                              {.evaluators = 2, .memory_budget = 64u << 20}),
              1u);
}

TEST(Slices, FitOneWordOfACommandLine) {
    EXPECT_LE(next_slice_size(measured(milliseconds(2000), milliseconds(1), 50u << 20), 10'000, {.evaluators = 1}),
              300u);
}

TEST(Slices, NeverMoreThanRemainsAndNeverZero) {
    for (std::size_t remaining = 1; remaining < 40; ++remaining)
        for (int evaluators = 1; evaluators < 9; ++evaluators) {
            const auto size = next_slice_size(measured(milliseconds(100), milliseconds(10), 0), remaining,
                                              {.evaluators = evaluators});
            EXPECT_GE(size, 1u);
            EXPECT_LE(size, remaining);
        }
}

}  // namespace
}  // namespace lockstep
