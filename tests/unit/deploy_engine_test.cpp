// SPDX-License-Identifier: MIT
// Order, limits, thresholds and what follows when a run stops.
#include "lockstep/core/deploy_engine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy_rig.hpp"

namespace lockstep {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// One wave of `count` hosts.
DeployRig one_wave(std::size_t count, DeployPolicy policy) {
    policy.strategy = DeployStrategy::parallel;
    return {plain_fleet(count), policy};
}

DeployPolicy batches_of(std::size_t size) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.batches = {{size, false}};
    return policy;
}

TEST(DeployEngine, BringsAHostThroughCopyAndActivation) {
    auto rig = one_wave(1, {});
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave level 1", "copy h0"));
    EXPECT_THAT(rig.copied("h0"), ElementsAre("activate h0"));
    EXPECT_THAT(rig.ended("h0"), ElementsAre("end_wave level 1", "finish"));
    EXPECT_EQ(rig.exit(), 0);
    EXPECT_EQ(rig.verdict().count(HostOutcome::confirmed), 1U);
}

TEST(DeployEngine, HasNothingToDoWhenNothingChanges) {
    auto fleet = plain_fleet(2);
    fleet[0].unchanged = fleet[1].unchanged = true;
    DeployRig rig(fleet, {});
    EXPECT_THAT(rig.start(), ElementsAre("finish"));
    EXPECT_EQ(rig.verdict().count(HostOutcome::unchanged), 2U);
    EXPECT_EQ(rig.exit(), 0);
}

TEST(DeployEngine, BeginsTheNextWaveWhenEveryHostOfThisOneHasEnded) {
    DeployRig rig(plain_fleet(4), batches_of(2));
    rig.start();
    EXPECT_THAT(rig.through("h0"), ElementsAre("activate h0"));
    EXPECT_THAT(rig.through("h1"),
                ElementsAre("activate h1", "end_wave batch 1 of 2", "begin_wave batch 2 of 2", "copy h2", "copy h3"));
}

TEST(DeployEngine, KeepsToTheLimitsOfCopiesAndOfActivations) {
    DeployPolicy policy;
    policy.copies = 2;
    policy.activations = 1;
    auto rig = one_wave(3, policy);
    EXPECT_THAT(rig.start(), ElementsAre("begin_wave level 1", "copy h0", "copy h1"));
    EXPECT_THAT(rig.copied("h1"), ElementsAre("copy h2", "activate h1"));
    EXPECT_THAT(rig.copied("h0"), IsEmpty());
    EXPECT_THAT(rig.ended("h1"), ElementsAre("activate h0"));
}

TEST(DeployEngine, InsideAWaveAHostWaitsForThoseItComesAfter) {
    DeployRig rig({deploy_host("db"), deploy_host("web", {"db"})}, batches_of(2));
    rig.start();
    EXPECT_THAT(rig.copied("web"), IsEmpty()) << "copying is harmless, activating has to wait";
    EXPECT_THAT(rig.copied("db"), ElementsAre("activate db"));
    EXPECT_THAT(rig.ended("db"), ElementsAre("activate web"));
}

TEST(DeployEngine, WhoComesAfterAFailureIsNotStartedAndKnowsWhy) {
    DeployPolicy policy;
    policy.strategy = DeployStrategy::parallel;
    policy.tolerate = {1, false};
    DeployFleet fleet = {deploy_host("db"), deploy_host("proxy", {"db"}), deploy_host("web", {"proxy"}),
                         deploy_host("mail")};
    fleet[1].unchanged = true;
    DeployRig rig(fleet, policy);
    rig.start();
    rig.through("db", HostOutcome::failed);
    EXPECT_EQ(rig.outcome("web"), "not_started");
    EXPECT_EQ(rig.outcome("proxy"), "unchanged");
    EXPECT_EQ(rig.engine().hosts()[index_of(rig.plan(), "web")].because, index_of(rig.plan(), "db"));
    EXPECT_THAT(rig.through("mail"), Contains("finish")) << "no wave is left that has hosts to start";
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeployEngine, AHostThatIsNotStartedIsNoFailure) {
    auto policy = batches_of(2);
    policy.tolerate = {1, false};
    DeployRig rig({deploy_host("db"), deploy_host("web", {"db"}), deploy_host("mail")}, policy);
    rig.start();
    rig.copied("web");
    rig.through("db", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none) << "one failure, two hosts that are not there";
    EXPECT_EQ(rig.outcome("web"), "not_started");
}

TEST(DeployEngine, AHostThatIsBlockedWhileItIsCopiedStaysNotStartedHoweverTheCopyEnds) {
    auto policy = batches_of(3);
    policy.tolerate = {1, false};
    DeployRig rig({deploy_host("db"), deploy_host("mail", {"db"}), deploy_host("web", {"db"})}, policy);
    rig.start();
    EXPECT_THAT(rig.ended("db", HostOutcome::failed), IsEmpty()) << "two copies are in flight";
    EXPECT_THAT(rig.ended("mail", HostOutcome::failed), IsEmpty());
    EXPECT_EQ(rig.verdict().stop, DeployStop::none) << "only one of them failed";
    EXPECT_THAT(rig.copied("web"), ElementsAre("end_wave batch", "finish"));
    EXPECT_EQ(rig.outcome("mail"), "not_started");
}

TEST(DeployThreshold, EqualGoesOnAndExceededStops) {
    DeployPolicy policy;
    policy.tolerate = {2, false};
    auto rig = one_wave(5, policy);
    rig.start();
    rig.through("h0", HostOutcome::rolled_back);
    rig.through("h1", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    rig.through("h2", HostOutcome::unknown);
    EXPECT_EQ(rig.verdict().stop, DeployStop::stopped);
    EXPECT_EQ(rig.verdict().reason, "wave level 1: 3 failures of 5 hosts, tolerated 2");
}

TEST(DeployThreshold, PercentRoundsDownAndIsOfTheHostsAtTheStart) {
    DeployPolicy policy;
    policy.strategy = DeployStrategy::parallel;
    policy.tolerate = {25, true};
    auto fleet = plain_fleet(10);
    fleet[7].unchanged = fleet[8].unchanged = fleet[9].unchanged = true;  // 25% of 7 is 1, of 10 it would be 2
    DeployRig rig(fleet, policy);
    rig.start();
    rig.through("h0", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    rig.through("h1", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().reason, "wave level 1: 2 failures of 7 hosts, tolerated 1");
}

TEST(DeployThreshold, TheDenominatorDoesNotShrinkWhileHostsEnd) {
    DeployPolicy policy;
    policy.tolerate = {50, true};
    auto rig = one_wave(4, policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.through("h2", HostOutcome::failed);
    rig.through("h3", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none) << "2 of 4, although 2 of the last 2";
}

TEST(DeployThreshold, HostsThatCannotBeStartedAreNotInTheDenominator) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.tolerate = {50, true};
    policy.tolerate_total = DeployShare{100, true};
    DeployRig rig({deploy_host("db"), deploy_host("mail"), deploy_host("web1", {"db"}), deploy_host("web2", {"db"}),
                   deploy_host("imap1", {"mail"}), deploy_host("imap2", {"mail"})},
                  policy);
    rig.start();
    rig.through("db", HostOutcome::failed);
    rig.through("mail");
    rig.through("imap1", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    rig.through("imap2", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().reason, "wave level 2: 2 failures of 2 hosts, tolerated 1");
}

TEST(DeployThreshold, FailuresAddUpOverTheRun) {
    auto policy = batches_of(2);
    policy.tolerate = {1, false};
    policy.tolerate_total = DeployShare{2, false};
    DeployRig rig(plain_fleet(6), policy);
    rig.start();
    for (const auto* host : {"h0", "h2"}) {
        rig.through(host, HostOutcome::failed);
        rig.through(host == std::string("h0") ? "h1" : "h3");
        EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    }
    rig.through("h4", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().reason, "the run: 3 failures of 6 hosts, tolerated 2");
}

TEST(DeployThreshold, WithoutATotalTheRunToleratesWhatAWaveDoes) {
    auto policy = batches_of(1);
    policy.tolerate = {1, false};
    DeployRig rig(plain_fleet(4), policy);
    rig.start();
    rig.through("h0", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    rig.through("h1", HostOutcome::failed);
    EXPECT_EQ(rig.verdict().stop, DeployStop::stopped) << "else batches of one host would never stop";
}

TEST(DeployThreshold, ACanaryToleratesNothing) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.tolerate = {3, false};
    DeployRig rig(plain_fleet(5), policy);
    rig.start();
    EXPECT_THAT(rig.through("h0", HostOutcome::rolled_back), Contains("finish"));
    EXPECT_EQ(rig.outcome("h1"), "not_started");
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeployThreshold, UnreachableCountsUnlessTheHostMayBeOff) {
    auto fleet = plain_fleet(3);
    fleet[0].optional = true;
    fleet[1].offline_ok = true;
    DeployRig rig(fleet, batches_of(3));
    rig.start();
    rig.ended("h0", HostOutcome::unreachable);
    rig.ended("h1", HostOutcome::unreachable);
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    rig.ended("h2", HostOutcome::unreachable);
    EXPECT_EQ(rig.verdict().stop, DeployStop::stopped);
}

TEST(DeployThreshold, AnOptionalHostThatFailsIsAFailureAllTheSame) {
    auto fleet = plain_fleet(1);
    fleet[0].optional = true;
    DeployRig rig(fleet, batches_of(1));
    rig.start();
    rig.through("h0", HostOutcome::rolled_back);
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeployThreshold, NobodyWaitsForAHostThatMayBeOffAndIs) {
    DeployFleet fleet = {deploy_host("laptop"), deploy_host("web", {"laptop"})};
    fleet[0].offline_ok = true;
    DeployRig rig(fleet, deploy_policy(DeployStrategy::parallel));
    rig.start();
    EXPECT_THAT(rig.ended("laptop", HostOutcome::unreachable), Contains("copy web"));
    rig.through("web");
    EXPECT_EQ(rig.exit(), 0);
}

TEST(DeployThreshold, ToleratedFailuresAreStillFailuresInTheEnd) {
    DeployPolicy policy;
    policy.tolerate = {1, false};
    auto rig = one_wave(2, policy);
    rig.start();
    rig.through("h0", HostOutcome::rolled_back);
    rig.through("h1");
    EXPECT_TRUE(rig.engine().finished());
    EXPECT_EQ(rig.verdict().stop, DeployStop::none);
    EXPECT_EQ(rig.exit(), 50);
}

TEST(DeployStopped, HostsInFlightFinishAndTheOthersAreNotStarted) {
    DeployPolicy policy;
    policy.activations = 2;
    policy.copies = 3;
    auto rig = one_wave(5, policy);
    rig.start();
    for (const auto* host : {"h0", "h1", "h2"}) rig.copied(host);
    EXPECT_THAT(rig.ended("h0", HostOutcome::failed), IsEmpty()) << "h1 is in flight, h3 and h4 are copied";
    EXPECT_FALSE(rig.engine().finished());
    rig.copied("h3");
    rig.copied("h4");
    EXPECT_THAT(rig.ended("h1"), ElementsAre("end_wave level 1", "finish"));
    EXPECT_EQ(rig.outcome("h1"), "confirmed") << "on_stop: keep";
    for (const auto* host : {"h2", "h3", "h4"}) EXPECT_EQ(rig.outcome(host), "not_started") << host;
}

TEST(DeployStopped, RollbackWaveTakesBackTheHostsOfThatWave) {
    auto policy = batches_of(2);
    policy.on_stop = OnStop::rollback_wave;
    DeployRig rig(plain_fleet(5), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.through("h2");
    EXPECT_THAT(rig.through("h3", HostOutcome::rolled_back), ElementsAre("activate h3", "roll_back h2"));
    EXPECT_THAT(rig.ended("h2", HostOutcome::rolled_back), ElementsAre("end_wave batch 2 of 3", "finish"));
    EXPECT_EQ(rig.outcome("h0"), "confirmed");
    EXPECT_EQ(rig.outcome("h2"), "rolled_back");
    EXPECT_EQ(rig.outcome("h4"), "not_started");
}

TEST(DeployStopped, RollbackRunTakesBackEverythingDependentsFirst) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.on_stop = OnStop::rollback_run;
    DeployFleet fleet = {deploy_host("db"), deploy_host("web", {"db"}), deploy_host("lb", {"web"})};
    DeployRig rig(fleet, policy);
    rig.start();
    rig.through("db", HostOutcome::degraded);
    rig.through("web");
    EXPECT_THAT(rig.through("lb", HostOutcome::failed), ElementsAre("activate lb", "roll_back web"));
    EXPECT_THAT(rig.ended("web", HostOutcome::rolled_back), ElementsAre("roll_back db"));
    EXPECT_THAT(rig.ended("db", HostOutcome::rolled_back), ElementsAre("end_wave level 3", "finish"));
    EXPECT_EQ(rig.outcome("lb"), "failed");
}

TEST(DeployStopped, RollbacksKeepToTheLimitOfActivations) {
    auto policy = batches_of(4);
    policy.on_stop = OnStop::rollback_run;
    policy.activations = 2;
    DeployRig rig(plain_fleet(4), policy);
    rig.start();
    for (const auto* host : {"h0", "h1", "h2"}) rig.through(host);
    EXPECT_THAT(rig.through("h3", HostOutcome::failed), ElementsAre("activate h3", "roll_back h0", "roll_back h1"));
    EXPECT_THAT(rig.ended("h1", HostOutcome::rolled_back), ElementsAre("roll_back h2"));
}

TEST(DeployFrozen, ARollbackThatFailsEndsEverythingWithoutASecondTry) {
    auto policy = batches_of(3);
    policy.tolerate = {100, true};
    policy.on_stop = OnStop::rollback_run;
    DeployRig rig(plain_fleet(6), policy);
    rig.start();
    rig.through("h0");
    rig.copied("h1");
    EXPECT_THAT(rig.through("h2", HostOutcome::rollback_failed), ElementsAre("activate h2"));
    EXPECT_THAT(rig.ended("h1"), ElementsAre("end_wave batch 1 of 2", "finish"))
        << "in flight ends; no rollback, no next wave";
    EXPECT_EQ(rig.verdict().stop, DeployStop::frozen);
    EXPECT_EQ(rig.verdict().reason, "h2 could not be rolled back");
    EXPECT_EQ(rig.outcome("h0"), "confirmed");
    EXPECT_EQ(rig.outcome("h3"), "not_started");
    EXPECT_EQ(rig.exit(), 51);
}

TEST(DeployFrozen, ARollbackOnStopThatFailsFreezesToo) {
    auto policy = batches_of(3);
    policy.on_stop = OnStop::rollback_run;
    policy.activations = 1;
    DeployRig rig(plain_fleet(3), policy);
    rig.start();
    rig.through("h0");
    rig.through("h1");
    rig.through("h2", HostOutcome::failed);
    EXPECT_THAT(rig.ended("h0", HostOutcome::unreachable), ElementsAre("end_wave batch", "finish"));
    EXPECT_EQ(rig.outcome("h0"), "unknown");
    EXPECT_EQ(rig.outcome("h1"), "confirmed");
    EXPECT_EQ(rig.exit(), 51);
}

TEST(DeployCancel, EndsAfterTheHostsInFlight) {
    DeployRig rig(plain_fleet(4), batches_of(2));
    rig.start();
    rig.copied("h0");
    EXPECT_THAT(rig.cancel(), IsEmpty());
    EXPECT_THAT(rig.copied("h1"), IsEmpty()) << "copied, but not begun any more";
    EXPECT_THAT(rig.ended("h0"), ElementsAre("end_wave batch 1 of 2", "finish"));
    EXPECT_EQ(rig.outcome("h0"), "confirmed");
    EXPECT_EQ(rig.outcome("h1"), "cancelled");
    EXPECT_EQ(rig.outcome("h2"), "cancelled");
    EXPECT_EQ(rig.exit(), 130);
}

TEST(DeployCancel, BeforeTheStartEndsAtOnce) {
    DeployRig rig(plain_fleet(1), batches_of(1));
    EXPECT_THAT(rig.cancel(), ElementsAre("finish"));
    EXPECT_THAT(rig.start(), IsEmpty());
}

TEST(DeployEngine, ADeferredHostWaitsAndIsNoFailure) {
    DeployRig rig({deploy_host("db"), deploy_host("web", {"db"})}, deploy_policy(DeployStrategy::parallel));
    rig.start();
    EXPECT_THAT(rig.ended("db", HostOutcome::deferred), Contains("finish"));
    EXPECT_EQ(rig.outcome("web"), "not_started");
    EXPECT_EQ(rig.exit(), 52);
}

TEST(DeployEngine, IgnoresWhatAnswersNothing) {
    auto rig = one_wave(2, {});
    EXPECT_THAT(rig.copied("h0"), IsEmpty()) << "not started";
    rig.start();
    EXPECT_THAT(rig.start(), IsEmpty());
    rig.copied("h0");
    EXPECT_THAT(rig.copied("h0"), IsEmpty());
    rig.ended("h0");
    EXPECT_THAT(rig.ended("h0", HostOutcome::failed), IsEmpty());
    EXPECT_THAT(rig.health("h0", DeployHealth::fail), IsEmpty());
    EXPECT_THAT(rig.answer(GateAnswer::refused), IsEmpty());
    EXPECT_EQ(rig.outcome("h0"), "confirmed");
}

TEST(DeployEngine, AHostFoundConfirmedNeedsNoActivation) {
    auto rig = one_wave(1, {});
    rig.start();
    EXPECT_THAT(rig.ended("h0"), ElementsAre("end_wave level 1", "finish"));
}

}  // namespace
}  // namespace lockstep
