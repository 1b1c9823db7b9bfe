// SPDX-License-Identifier: MIT
#include "lockstep/core/eta.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace lockstep {
namespace {

using namespace std::chrono_literals;

Recollection history() {
    Recollection known;
    known.take(DerivationBuilt{"linux-6.6.8", 20min});
    known.take(DerivationBuilt{"curl-8.1", 60s});
    known.take(DerivationBuilt{"etc", 1s});
    known.take(HostEvaluated{"web1", 8s, 0});
    known.take(HostEvaluated{"web2", 4s, 0});
    return known;
}

TEST(Eta, OfNothingIsZero) {
    EXPECT_EQ(remaining_time(history(), {}), 0ms);
    EXPECT_EQ(remaining_time({}, {}), 0ms);
}

TEST(Eta, IsAtLeastTheLongestPiece) {
    EXPECT_EQ(remaining_time(history(), {.builds = {"linux-6.6.9", "curl-8.1", "etc"}, .slots = 4}), 20min);
}

TEST(Eta, SharesTheSumAmongTheSlots) {
    RemainingWork work{.builds = {"curl-8.1", "curl-8.1", "curl-8.1", "curl-8.1"}, .slots = 2};
    EXPECT_EQ(remaining_time(history(), work), 120s);
    work.slots = 0;  // nobody said
    EXPECT_EQ(remaining_time(history(), work), 240s);
}

TEST(Eta, CountsWhatIsLeftOfWhatRuns) {
    EXPECT_EQ(remaining_time(history(), {.building = {{"linux-6.6.8", 15min}}}), 5min);
    EXPECT_EQ(remaining_time(history(), {.building = {{"curl-8.1", 100s}}}), 10s);  // overdue
    EXPECT_EQ(remaining_time(history(), {.evaluating = {{"web1", 6s}}}), 2s);
}

TEST(Eta, EvaluationComesOnTop) {
    EXPECT_EQ(remaining_time(history(),
                             {.builds = {"curl-8.1"}, .slots = 2, .evaluations = {"web1", "web2"}, .evaluators = 1}),
              72s);
    EXPECT_EQ(remaining_time(history(), {.evaluations = {"web1", "web2"}, .evaluators = 2}), 8s);
}

TEST(Eta, UnseenPiecesCountLikeTheMedian) {
    EXPECT_EQ(remaining_time(history(), {.builds = {"etc", "curl-8.1", "linux-6.6.8", "new", "newer"}}),
              1s + 60s + 20min + 2 * 60s);
}

TEST(Eta, IsUnknownWhenMostWasNeverSeen) {
    EXPECT_EQ(remaining_time(history(), {.builds = {"curl-8.1", "a", "b"}}), std::nullopt);
    EXPECT_EQ(remaining_time(history(), {.builds = {"curl-8.1", "a"}}), 120s);
    EXPECT_EQ(remaining_time(history(), {.builds = {"a"}, .evaluations = {"web1"}}), 8s);
    EXPECT_EQ(remaining_time(history(), {.builds = {"a"}, .evaluations = {"h"}, .evaluating = {{"web1", 0s}}}),
              std::nullopt);
    EXPECT_EQ(remaining_time({}, {.building = {{"linux-6.6.8", 5min}}}), std::nullopt);
}

TEST(EtaProperty, IsALowerBoundOfAnyScheduleAndWithinTwiceOfAGreedyOne) {
    for (std::uint32_t seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        Recollection known;
        RemainingWork work;
        work.slots = 1 + static_cast<int>(random() % 5);
        std::vector<Millis> ends(static_cast<std::size_t>(work.slots), Millis(0));
        for (auto n = 1 + random() % 30; n > 0; --n) {
            const auto name = "n" + std::to_string(n) + "x";
            const Millis duration(random() % 10'000);
            known.take(DerivationBuilt{name, duration});
            work.builds.push_back(name);
            *std::min_element(ends.begin(), ends.end()) += duration;
        }
        const auto greedy = *std::max_element(ends.begin(), ends.end());
        const auto eta = remaining_time(known, work);
        ASSERT_TRUE(eta);
        EXPECT_LE(*eta, greedy) << seed;
        EXPECT_LE(greedy, 2 * *eta + Millis(work.slots)) << seed;
    }
}

}  // namespace
}  // namespace lockstep
