// SPDX-License-Identifier: MIT
// Soaks, gates, pauses and windows: everything that waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy_rig.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

DeployPolicy canary_with(DeploySoak soak) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.soak = soak;
    return policy;
}

DeployPolicy in_pairs(DeploySoak soak) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.batches = {{2, false}};
    policy.soak = soak;
    return policy;
}

TEST(DeploySoaking, ChecksAreSpreadOverTheSoakAndTheLastIsAtItsEnd) {
    DeployRig rig(plain_fleet(2), canary_with({60s, 2}));
    rig.start();
    EXPECT_THAT(rig.through("h0"), ElementsAre("activate h0", "wait 30000"));
    EXPECT_THAT(rig.at(29s), IsEmpty());
    EXPECT_THAT(rig.at(30s), ElementsAre("check h0"));
    EXPECT_THAT(rig.health("h0", DeployHealth::pass), ElementsAre("wait 60000"));
    EXPECT_THAT(rig.at(61s), ElementsAre("check h0"));
    EXPECT_THAT(rig.health("h0", DeployHealth::pass), ElementsAre("end_wave canary", "begin_wave rest", "copy h1"));
}

TEST(DeploySoaking, AHostThatFailsGoesBackAndTheRestStaysUntouched) {
    DeployRig rig(plain_fleet(3), canary_with({60s, 2}));
    rig.start();
    rig.through("h0");
    rig.at(30s);
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), ElementsAre("roll_back h0"));
    EXPECT_THAT(rig.ended("h0", HostOutcome::rolled_back), ElementsAre("end_wave canary", "finish"));
    EXPECT_EQ(rig.verdict().stop, DeployStop::stopped);
    EXPECT_EQ(rig.outcome("h1"), "not_started");
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeploySoaking, AFailureThatIsToleratedIsCountedOnceAndNotCheckedAgain) {
    auto policy = in_pairs({60s, 2});
    policy.tolerate = {1, false};
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.at(30s);
    rig.health("h0", DeployHealth::fail);
    rig.ended("h0", HostOutcome::rolled_back);
    EXPECT_THAT(rig.health("h1", DeployHealth::pass), ElementsAre("wait 60000"));
    EXPECT_THAT(rig.at(60s), ElementsAre("check h1"));
    EXPECT_THAT(rig.health("h1", DeployHealth::pass), Contains("copy h2"));
}

TEST(DeploySoaking, AHostThatStillGoesBackIsNotCheckedAgain) {
    auto policy = in_pairs({60s, 2});
    policy.tolerate = {1, false};
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.at(30s);
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), ElementsAre("roll_back h0"));
    rig.health("h1", DeployHealth::pass);
    EXPECT_THAT(rig.at(60s), ElementsAre("check h1"));
    EXPECT_THAT(rig.health("h1", DeployHealth::pass), IsEmpty()) << "h0 is still on its way";
    EXPECT_THAT(rig.ended("h0", HostOutcome::rolled_back), Contains("copy h2"));
}

TEST(DeploySoaking, WhoComesAfterAHostThatFailedItsSoakIsNotStarted) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.soak = {10s, 1};
    policy.tolerate = {1, false};
    DeployRig rig({deploy_host("db"), deploy_host("mail"), deploy_host("web", {"db"})}, policy);
    rig.start();
    rig.through("db");
    rig.through("mail");
    rig.at(10s);
    rig.health("mail", DeployHealth::pass);
    rig.health("db", DeployHealth::fail);
    EXPECT_THAT(rig.ended("db", HostOutcome::rolled_back), Contains("finish"));
    EXPECT_EQ(rig.outcome("web"), "not_started");
}

TEST(DeploySoaking, WithoutARunningHostNothingIsAwaited) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.soak = {1h, 3};
    policy.tolerate = {1, false};
    DeployRig rig(plain_fleet(2), policy);
    rig.start();
    EXPECT_THAT(rig.through("h0", HostOutcome::rolled_back), Contains("copy h1"));
}

TEST(DeploySoaking, WhatWaitsForItsBootIsNotChecked) {
    DeployRig rig(plain_fleet(3), in_pairs({60s, 1}));
    rig.start();
    rig.through("h0", HostOutcome::boot_pending);
    rig.through("h1");
    EXPECT_THAT(rig.at(60s), ElementsAre("check h1"));
    EXPECT_THAT(rig.health("h1", DeployHealth::pass), Contains("copy h2"));
}

TEST(DeploySoaking, AfterACancellationNoRollbackBegins) {
    auto policy = in_pairs({10s, 1});
    policy.activations = 1;
    policy.tolerate = {2, false};
    DeployRig rig(plain_fleet(4), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.at(10s);
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), ElementsAre("roll_back h0"));
    EXPECT_THAT(rig.health("h1", DeployHealth::fail), IsEmpty()) << "one at a time";
    EXPECT_THAT(rig.cancel(), IsEmpty());
    EXPECT_THAT(rig.ended("h0", HostOutcome::rolled_back), ElementsAre("end_wave batch 1 of 2", "finish"));
    EXPECT_EQ(rig.outcome("h0"), "rolled_back");
    EXPECT_EQ(rig.outcome("h1"), "unhealthy");
    EXPECT_EQ(rig.exit(), 51);
}

TEST(DeploySoaking, AfterAFreezeAFailingHostIsLeftToAPerson) {
    auto policy = canary_with({10s, 1});
    policy.canary_size = DeployShare{2, false};
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.at(10s);
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), ElementsAre("roll_back h0"));
    EXPECT_THAT(rig.ended("h0", HostOutcome::rollback_failed), IsEmpty());
    EXPECT_THAT(rig.health("h1", DeployHealth::fail), Contains("finish"));
    EXPECT_EQ(rig.outcome("h1"), "unhealthy");
    EXPECT_EQ(rig.exit(), 51);
}

TEST(DeployInconclusive, PausesAndIsNoFailure) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.batches = {{2, false}};
    policy.activations = 1;
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.copied("h0");
    rig.copied("h1");
    EXPECT_THAT(rig.ended("h0", HostOutcome::inconclusive), ElementsAre("ask inconclusive")) << "h1 is not begun";
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    EXPECT_THAT(rig.answer(GateAnswer::approved), ElementsAre("activate h1"));
    EXPECT_THAT(rig.ended("h1"), Contains("copy h2"));
    rig.through("h2");
    EXPECT_EQ(rig.outcome("h0"), "inconclusive");
    EXPECT_EQ(rig.exit(), 0);
}

TEST(DeployInconclusive, WaitsForTheHostsInFlightBeforeItAsks) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    DeployRig rig(plain_fleet(2), policy);
    rig.start();
    rig.copied("h1");
    EXPECT_THAT(rig.through("h0", HostOutcome::inconclusive), ElementsAre("activate h0"));
    EXPECT_THAT(rig.ended("h1"), ElementsAre("ask inconclusive"));
}

TEST(DeployInconclusive, InTheSoakAsksAtItsEndAndOncePerHost) {
    DeployRig rig({deploy_host("h0"), deploy_host("h1", {"h0"})}, canary_with({20s, 2}));
    rig.start();
    rig.through("h0");
    rig.at(10s);
    EXPECT_THAT(rig.health("h0", DeployHealth::inconclusive), ElementsAre("wait 20000"));
    rig.at(20s);
    EXPECT_THAT(rig.health("h0", DeployHealth::inconclusive), ElementsAre("ask inconclusive"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), Contains("copy h1"));
    EXPECT_THAT(rig.through("h1"), Contains("finish"));
}

TEST(DeployInconclusive, RefusedStopsTheRunAndOnStopDecides) {
    auto policy = canary_with({});
    policy.on_stop = OnStop::rollback_wave;
    DeployRig rig(plain_fleet(2), policy);
    rig.start();
    rig.through("h0", HostOutcome::inconclusive);
    EXPECT_THAT(rig.answer(GateAnswer::refused), ElementsAre("roll_back h0"));
    rig.ended("h0", HostOutcome::rolled_back);
    EXPECT_EQ(rig.exit(), 50);
    EXPECT_EQ(rig.outcome("h1"), "not_started");
}

TEST(DeployInconclusive, WhoWentBackWhileSomebodyWasAskedIsAFailureWhateverTheAnswer) {
    DeployRig rig(plain_fleet(2), canary_with({}));
    rig.start();
    EXPECT_THAT(rig.through("h0", HostOutcome::inconclusive), Contains("ask inconclusive"));
    EXPECT_THAT(rig.ended("h0", HostOutcome::rolled_back), ElementsAre("end_wave canary", "finish"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), IsEmpty());
    EXPECT_EQ(rig.verdict().stop, DeployStop::stopped);
    EXPECT_EQ(rig.outcome("h1"), "not_started");
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeployInconclusive, WhoWentBackAndIsToleratedIsNoBaseForWhoComesAfterIt) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.tolerate = {1, false};
    DeployRig rig({deploy_host("db"), deploy_host("mail"), deploy_host("web", {"db"})}, policy);
    rig.start();
    rig.copied("db");
    rig.copied("mail");
    rig.ended("mail");
    rig.ended("db", HostOutcome::inconclusive);
    rig.ended("db", HostOutcome::rolled_back);
    rig.answer(GateAnswer::approved);
    EXPECT_EQ(rig.outcome("db"), "rolled_back");
    EXPECT_EQ(rig.outcome("web"), "not_started");
}

TEST(DeployInconclusive, UnansweredEndsTheRunAsWaiting) {
    DeployRig rig(plain_fleet(2), canary_with({}));
    rig.start();
    rig.through("h0", HostOutcome::inconclusive);
    EXPECT_THAT(rig.answer(GateAnswer::unanswered), ElementsAre("end_wave canary", "finish"));
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployEvidence, ACanaryThatProvedNothingAsks) {
    auto fleet = plain_fleet(2);
    for (auto& host : fleet) host.offline_ok = true;
    DeployRig rig(fleet, canary_with({10s, 1}));
    rig.start();
    EXPECT_THAT(rig.ended("h0", HostOutcome::unreachable), ElementsAre("ask no_evidence"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), ElementsAre("end_wave canary", "begin_wave rest", "copy h1"));
}

TEST(DeployEvidence, ASystemThatWaitsForItsBootIsNoProof) {
    DeployRig rig(plain_fleet(2), canary_with({}));
    rig.start();
    EXPECT_THAT(rig.through("h0", HostOutcome::boot_pending), Contains("ask no_evidence"));
}

TEST(DeployGate, ApprovedGoesOnRefusedKeepsWhatIsDone) {
    auto policy = canary_with({});
    policy.gates.after_canary = true;
    policy.on_stop = OnStop::rollback_run;
    DeployRig rig(plain_fleet(2), policy);
    rig.start();
    EXPECT_THAT(rig.through("h0"), ElementsAre("activate h0", "end_wave canary", "ask before_wave"));
    EXPECT_THAT(rig.answer(GateAnswer::refused), ElementsAre("finish"));
    EXPECT_EQ(rig.outcome("h0"), "confirmed") << "a gate that is not passed is no failure";
    EXPECT_EQ(rig.verdict().reason, "wave rest was refused");
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployGate, AsksForEachWaveAnew) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.gates.every = true;
    DeployRig rig(plain_fleet(2), policy);
    EXPECT_THAT(rig.start(), ElementsAre("ask before_wave"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), Contains("copy h0"));
    EXPECT_THAT(rig.through("h0"), Contains("ask before_wave"));
    EXPECT_THAT(rig.answer(GateAnswer::unanswered), ElementsAre("finish"));
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployBlueGreen, StagesEverywhereAsksOnceAndFlipsAll) {
    auto fleet = plain_fleet(3);
    fleet[2].last = true;
    DeployRig rig(fleet, deploy_policy(DeployStrategy::blue_green));
    EXPECT_THAT(rig.start(), ElementsAre("copy h0", "copy h1", "copy h2"));
    rig.copied("h0");
    rig.copied("h1");
    EXPECT_THAT(rig.copied("h2"), ElementsAre("ask before_wave"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), ElementsAre("begin_wave flip", "activate h0", "activate h1"));
    rig.ended("h0");
    EXPECT_THAT(rig.ended("h1"), ElementsAre("end_wave flip", "begin_wave last", "activate h2"));
}

TEST(DeployBlueGreen, WithTooManyHostsThatCannotBeStagedNothingIsFlipped) {
    auto policy = deploy_policy(DeployStrategy::blue_green);
    policy.tolerate = {50, true};
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.ended("h0", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none) << "50% of 3 is 1";
    rig.ended("h1", HostOutcome::refused);
    EXPECT_THAT(rig.copied("h2"), ElementsAre("finish"));
    EXPECT_EQ(rig.outcome("h2"), "not_started");
}

TEST(DeployBlueGreen, TheDenominatorIsThatOfTheStaging) {
    auto policy = deploy_policy(DeployStrategy::blue_green);
    policy.tolerate = {50, true};
    DeployRig rig(plain_fleet(4), policy);
    rig.start();
    rig.ended("h0", HostOutcome::failed);
    for (const auto* host : {"h1", "h2", "h3"}) rig.copied(host);
    rig.answer(GateAnswer::approved);
    rig.ended("h1", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none) << "2 of 4, not 2 of the 3 that are flipped";
    rig.ended("h2", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().reason, "wave flip: 3 failures of 4 hosts, tolerated 2");
}

TEST(DeployBlueGreen, WhoComesAfterAHostThatCannotBeStagedIsNotFlipped) {
    auto policy = deploy_policy(DeployStrategy::blue_green);
    policy.tolerate = {1, false};
    DeployRig rig({deploy_host("db"), deploy_host("web", {"db"}), deploy_host("mail")}, policy);
    rig.start();
    rig.copied("web");
    rig.ended("db", HostOutcome::failed);
    EXPECT_THAT(rig.copied("mail"), ElementsAre("ask before_wave"));
    EXPECT_THAT(rig.answer(GateAnswer::approved), ElementsAre("begin_wave flip", "activate mail"));
    EXPECT_EQ(rig.outcome("web"), "not_started");
}

DeployPolicy open_at(std::vector<DeployWindow> windows) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.expected_copy = 10s;
    policy.expected_activate = 20s;
    policy.windows = std::move(windows);
    return policy;
}

TEST(DeployWindows, AWaveIsBegunWhenTheWindowOpens) {
    DeployRig rig(plain_fleet(1), open_at({{100s, 200s}}));
    EXPECT_THAT(rig.start(), ElementsAre("wait 100000"));
    EXPECT_THAT(rig.at(99s), IsEmpty());
    EXPECT_THAT(rig.at(100s), ElementsAre("begin_wave batch", "copy h0"));
}

TEST(DeployWindows, AWaveThatCannotFinishInsideIsNotBegun) {
    DeployRig rig(plain_fleet(2), open_at({{0s, 50s}, {100s, 129s}, {200s, 230s}}));
    rig.start();
    rig.at(21s);
    EXPECT_THAT(rig.through("h0"), ElementsAre("activate h0", "end_wave batch 1 of 2", "wait 200000"))
        << "30 s do not fit into what is left, nor into the second window";
    EXPECT_THAT(rig.at(200s), Contains("copy h1")) << "exactly";
}

TEST(DeployWindows, WithoutAWindowThatIsLongEnoughTheRunEndsAsWaiting) {
    DeployRig rig(plain_fleet(1), open_at({{100s, 129s}}));
    EXPECT_THAT(rig.start(), ElementsAre("finish"));
    EXPECT_EQ(rig.verdict().stop, DeployStop::no_window);
    EXPECT_EQ(rig.verdict().reason, "wave batch fits into no window");
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployWindows, CanBeCancelledWhileTheyAreShut) {
    DeployRig rig(plain_fleet(1), open_at({{100s, 200s}}));
    rig.start();
    EXPECT_THAT(rig.cancel(), ElementsAre("finish"));
    EXPECT_THAT(rig.engine().open(), IsEmpty());
}

}  // namespace
}  // namespace lockstep
