// SPDX-License-Identifier: MIT
#include "lockstep/core/evaluation_memory.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

namespace lockstep {
namespace {

constexpr std::uint64_t k_mib = 1ULL << 20;

TEST(EvaluationMemory, GuessesSoThatAllEvaluatorsCanStart) {
    const EvaluationMemory two(1024 * k_mib, 2);
    EXPECT_EQ(two.expected(0), 512 * k_mib);
    EXPECT_EQ(EvaluationMemory(64'000 * k_mib, 4).expected(0), 1024 * k_mib) << "but no more than a real host needs";
    EXPECT_EQ(EvaluationMemory(300 * k_mib, 4).expected(0), 300 * k_mib) << "and never more than there is";
}

TEST(EvaluationMemory, PrefersWhatIsKnown) {
    EvaluationMemory memory(8192 * k_mib, 2);
    EXPECT_EQ(memory.expected(800 * k_mib), 900 * k_mib);
    memory.learn(400 * k_mib);
    EXPECT_EQ(memory.expected(0), 450 * k_mib);
    EXPECT_EQ(memory.expected(9000 * k_mib), 8192 * k_mib);
}

TEST(EvaluationMemory, AdmitsWhatFits) {
    EvaluationMemory memory(1000 * k_mib, 4);
    EXPECT_TRUE(memory.admits(5000 * k_mib)) << "the first always runs";
    memory.start(1, 600 * k_mib);
    EXPECT_TRUE(memory.admits(400 * k_mib));
    EXPECT_FALSE(memory.admits(401 * k_mib));
    memory.update(1, 300 * k_mib, 350 * k_mib);
    EXPECT_TRUE(memory.admits(650 * k_mib));
    memory.end(1);
    EXPECT_TRUE(memory.admits(1000 * k_mib));
}

TEST(EvaluationMemory, SharesOutTheRest) {
    EvaluationMemory memory(1000 * k_mib, 2);
    memory.start(1, 300 * k_mib);
    EXPECT_EQ(memory.limits().at(1), 1000 * k_mib);
    memory.start(2, 300 * k_mib);
    EXPECT_EQ(memory.limits().at(1), 500 * k_mib);
    EXPECT_EQ(memory.limits().at(2), 500 * k_mib);
}

TEST(EvaluationMemory, WithoutABudgetNothingIsBounded) {
    EvaluationMemory memory(0, 2);
    memory.start(1, 300 * k_mib);
    EXPECT_EQ(memory.limits().at(1), UINT64_MAX);
    EXPECT_TRUE(memory.admits(UINT64_MAX));
}

/// Whatever processes do within their limits, all limits together never pass the budget.
TEST(EvaluationMemory, LimitsNeverPassTheBudgetTogether) {
    std::mt19937_64 random(7);  // NOLINT: the same histories each time
    for (int history = 0; history < 200; ++history) {
        const std::uint64_t budget = (500 + random() % 4000) * k_mib;
        EvaluationMemory memory(budget, 4);
        std::map<EvaluationMemory::Id, std::uint64_t> resident;
        EvaluationMemory::Id next = 1;
        for (int step = 0; step < 100; ++step) {
            const auto wanted = memory.expected(random() % 3 == 0 ? 0 : random() % (2000 * k_mib));
            if (random() % 2 == 0 && memory.admits(wanted)) {
                memory.start(next, wanted);
                resident[next++] = 0;
            }
            const auto limits = memory.limits();
            for (auto& [id, bytes] : resident) bytes = random() % (limits.at(id) + 1);
            for (const auto& [id, bytes] : resident) memory.update(id, bytes, bytes);
            if (!resident.empty() && random() % 3 == 0) {
                memory.end(resident.begin()->first);
                resident.erase(resident.begin());
            }
            std::uint64_t sum = 0;
            for (const auto& [id, limit] : memory.limits()) sum += limit;
            ASSERT_LE(sum, budget);
        }
    }
}

}  // namespace
}  // namespace lockstep
