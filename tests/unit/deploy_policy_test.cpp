// SPDX-License-Identifier: MIT
#include "lockstep/core/deploy_policy.hpp"

#include <gtest/gtest.h>

#include "lockstep/core/deploy_outcome.hpp"

namespace lockstep {
namespace {

TEST(DeployShares, OfABatchRoundUpAndAreAtLeastOne) {
    EXPECT_EQ(share_up({25, true}, 9), 3U);
    EXPECT_EQ(share_up({25, true}, 8), 2U);
    EXPECT_EQ(share_up({1, true}, 3), 1U);
    EXPECT_EQ(share_up({25, true}, 0), 1U);
    EXPECT_EQ(share_up({5, false}, 3), 5U);
}

TEST(DeployShares, OfToleratedFailuresRoundDown) {
    EXPECT_EQ(share_down({25, true}, 9), 2U);
    EXPECT_EQ(share_down({10, true}, 9), 0U);
    EXPECT_EQ(share_down({100, true}, 9), 9U);
    EXPECT_EQ(share_down({2, false}, 1), 2U);
    EXPECT_EQ(share_down({}, 200), 0U);
}

TEST(DeployShares, AreReadBackAsTheyAreWritten) {
    for (const std::string text : {"0", "3", "25%", "100%"}) {
        const auto share = parse_deploy_share(text);
        ASSERT_TRUE(share.ok()) << text;
        EXPECT_EQ(to_string(*share), text);
    }
    for (const std::string text : {"", "%", "-1", "1.5", "101%", "3 hosts", "99999999999999999999"})
        EXPECT_FALSE(parse_deploy_share(text).ok()) << text;
}

TEST(DeployWords, AreReadBackAndTheErrorListsThem) {
    for (const auto strategy : {DeployStrategy::parallel, DeployStrategy::rolling, DeployStrategy::canary,
                                DeployStrategy::blue_green, DeployStrategy::smart})
        EXPECT_EQ(*parse_deploy_strategy(word(strategy)), strategy);
    for (const auto on_stop : {OnStop::keep, OnStop::rollback_wave, OnStop::rollback_run})
        EXPECT_EQ(*parse_on_stop(word(on_stop)), on_stop);
    const auto wrong = parse_deploy_strategy("canaries");
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().hint, "use one of: parallel, rolling, canary, blue-green, smart");
    EXPECT_FALSE(parse_on_stop("stop").ok());
}

TEST(DeployPolicies, ThatCannotBeMeantAreRefused) {
    DeployPolicy policy;
    EXPECT_TRUE(check_deploy_policy(policy).ok());
    policy.batches = {{1, false}, {0, true}};
    EXPECT_FALSE(check_deploy_policy(policy).ok());
    policy = {};
    policy.canary_size = DeployShare{0, false};
    EXPECT_FALSE(check_deploy_policy(policy).ok());
    policy = {};
    policy.tolerate_total = DeployShare{101, true};
    EXPECT_FALSE(check_deploy_policy(policy).ok());
    policy = {};
    policy.windows = {{Millis{10}, Millis{20}}, {Millis{15}, Millis{30}}};
    EXPECT_FALSE(check_deploy_policy(policy).ok());
    policy.windows = {{Millis{20}, Millis{20}}};
    EXPECT_FALSE(check_deploy_policy(policy).ok());
}

TEST(HostOutcomes, AreAClosedSetWithOneWordEach) {
    std::vector<std::string_view> words;
    for (const auto outcome : k_all_host_outcomes) {
        EXPECT_EQ(static_cast<std::size_t>(outcome), words.size()) << "the list follows the enumeration";
        EXPECT_EQ(host_outcome_from(word(outcome)), outcome);
        EXPECT_FALSE(is_success(outcome) && is_failure(outcome)) << word(outcome);
        words.push_back(word(outcome));
    }
    EXPECT_EQ(words.size(), k_host_outcomes);
    EXPECT_EQ(host_outcome_from("fine"), std::nullopt);
}

TEST(HostOutcomes, InconclusiveAndDeferredAreNeitherGoodNorBad) {
    for (const auto outcome :
         {HostOutcome::inconclusive, HostOutcome::deferred, HostOutcome::not_started, HostOutcome::cancelled}) {
        EXPECT_FALSE(is_success(outcome)) << word(outcome);
        EXPECT_FALSE(is_failure(outcome)) << word(outcome);
    }
}

}  // namespace
}  // namespace lockstep
