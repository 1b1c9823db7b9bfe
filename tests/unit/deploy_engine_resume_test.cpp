// SPDX-License-Identifier: MIT
// A run that goes on after an earlier process of it: what was not watched to its end comes first, and gates stay.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy_rig.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

DeployPolicy soaking(DeployStrategy strategy) {
    auto policy = deploy_policy(strategy);
    policy.soak = {60s, 1};
    return policy;
}

/// Four hosts, of which the first is done.
DeployFleet begun_fleet(bool canary) {
    auto fleet = plain_fleet(4);
    fleet[0].done = HostOutcome::confirmed;
    fleet[0].canary = canary;
    return fleet;
}

TEST(DeployGoesOn, WhatWasNotWatchedToItsEndComesBeforeEverythingElse) {
    DeployRig rig(begun_fleet(false), soaking(DeployStrategy::rolling));
    EXPECT_THAT(all_waves(rig.plan()), ElementsAre(HostNames{"h0"}, HostNames{"h1"}, HostNames{"h2"}, HostNames{"h3"}));
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave watched", "wait 60000"));
    EXPECT_THAT(rig.at(60s), ElementsAre("check h0"));
    EXPECT_THAT(rig.health("h0", DeployHealth::pass),
                ElementsAre("end_wave watched", "begin_wave batch 1 of 3", "copy h1"));
}

TEST(DeployGoesOn, AHostThatFailsThenStopsTheRunAndGoesBack) {
    auto policy = soaking(DeployStrategy::rolling);
    policy.tolerate = {1, false};
    DeployRig rig(begun_fleet(false), policy, {.failed_in_wave = 1, .failed = 1, .ended = 1});
    rig.start();
    rig.at(60s);
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), ElementsAre("roll_back h0"));
    rig.ended("h0", HostOutcome::rolled_back);
    EXPECT_EQ(rig.verdict().reason, "wave watched: 2 failures of 2 hosts, tolerated 1");
    EXPECT_EQ(rig.outcome("h1"), "not_started");
}

TEST(DeployGoesOn, FailuresOfTheEarlierProcessCountForTheRun) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.tolerate = {1, false};
    DeployRig rig(plain_fleet(2), policy, {.failed = 1, .ended = 2});
    rig.start();
    rig.through("h0", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().reason, "the run: 2 failures of 4 hosts, tolerated 1");
}

TEST(DeployGoesOn, NothingIsWatchedWhenNothingFollows) {
    auto fleet = begun_fleet(false);
    for (std::size_t at = 1; at < 4; ++at) fleet[at].unchanged = true;
    DeployRig rig(fleet, soaking(DeployStrategy::rolling));
    EXPECT_THAT(rig.start(), ElementsAre("finish"));
    EXPECT_EQ(rig.exit(), 0);
}

TEST(DeployGoesOn, WatchingNeedsNoWindowAndNoGate) {
    auto policy = soaking(DeployStrategy::rolling);
    policy.windows.emplace();
    policy.gates.every = true;
    DeployRig rig(begun_fleet(false), policy);
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave watched", "wait 60000"));
    rig.at(60s);
    EXPECT_THAT(rig.health("h0", DeployHealth::pass), ElementsAre("end_wave watched", "finish"));
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployGoesOn, TheCanaryIsWatchedAndNoOtherIsChosen) {
    for (const auto strategy : {DeployStrategy::canary, DeployStrategy::smart}) {
        auto policy = soaking(strategy);
        policy.gates.after_canary = true;
        DeployRig rig(begun_fleet(true), policy, {.canary = true});
        EXPECT_THAT(all_waves(rig.plan()), ElementsAre(HostNames{"h0"}, HostNames{"h1", "h2", "h3"}));
        EXPECT_THAT(rig.start(), ElementsAre("begin_wave canary", "wait 60000"));
        rig.at(60s);
        EXPECT_THAT(rig.health("h0", DeployHealth::pass), ElementsAre("end_wave canary", "ask before_wave"));
    }
}

TEST(DeployGoesOn, ACanaryThatWasNotReachedYetGoesWithTheOthers) {
    auto fleet = begun_fleet(true);
    fleet[2].canary = true;
    DeployRig rig(fleet, soaking(DeployStrategy::canary), {.canary = true});
    EXPECT_THAT(all_waves(rig.plan()), ElementsAre(HostNames{"h0", "h2"}, HostNames{"h1", "h3"}));
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave canary", "copy h2"));
    EXPECT_THAT(rig.through("h2"), ElementsAre("activate h2", "wait 60000"));
    EXPECT_THAT(rig.at(60s), ElementsAre("check h0", "check h2"));
}

TEST(DeployGoesOn, AfterACanaryThatWasWatchedItsGateStays) {
    auto policy = soaking(DeployStrategy::canary);
    policy.gates.after_canary = true;
    auto fleet = plain_fleet(3);
    fleet[0].unchanged = true;
    DeployRig rig(fleet, policy, {.canary = true, .canary_ended = true, .ended = 1});
    EXPECT_THAT(all_waves(rig.plan()), ElementsAre(HostNames{"h1", "h2"}));
    EXPECT_THAT(rig.start(), ElementsAre("ask before_wave"));
    DeployRig later(fleet, policy, {.canary = true, .ended = 1});
    EXPECT_THAT(later.start(), ElementsAre("begin_wave rest", "copy h1", "copy h2")) << "somebody has agreed";
}

TEST(DeployGoesOn, ACanaryThatWaitsForItsBootIsNoEvidenceThenEither) {
    auto fleet = begun_fleet(true);
    fleet[0].done = HostOutcome::boot_pending;
    DeployRig rig(fleet, soaking(DeployStrategy::canary), {.canary = true});
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave canary", "ask no_evidence"));
}

TEST(DeployGoesOn, WhoComesAfterAHostThatIsDoneMayBegin) {
    auto fleet = begun_fleet(false);
    fleet[1].after = {"h0"};
    DeployRig rig(fleet, soaking(DeployStrategy::parallel));
    rig.start();
    rig.at(60s);
    rig.health("h0", DeployHealth::pass);
    for (const char* name : {"h2", "h3"}) rig.through(name);
    rig.at(120s);
    rig.health("h2", DeployHealth::pass);
    rig.health("h3", DeployHealth::pass);
    EXPECT_THAT(rig.through("h1"), testing::Contains("activate h1"));
}

TEST(DeployGoesOn, ARunThatStopsTakesBackWhatWasDone) {
    auto policy = soaking(DeployStrategy::rolling);
    policy.on_stop = OnStop::rollback_run;
    DeployRig rig(begun_fleet(false), policy);
    rig.start();
    rig.at(60s);
    rig.health("h0", DeployHealth::pass);
    EXPECT_THAT(rig.through("h1", HostOutcome::rolled_back), testing::Contains("roll_back h0"));
}

}  // namespace
}  // namespace lockstep
