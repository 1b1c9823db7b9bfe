// SPDX-License-Identifier: MIT
#include "lockstep/core/deploy_simulate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>

#include "deploy_fleets.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

DeploySimulation simulated(const DeployPlan& plan, const std::vector<std::string>& faults, DeployScript script = {}) {
    for (const auto& text : faults) {
        auto fault = parse_deploy_fault(text);
        EXPECT_TRUE(fault.ok()) << text;
        if (fault.ok()) script.faults.push_back(*fault);
    }
    auto result = simulate_deploy(plan, script);
    EXPECT_TRUE(result.ok());
    return result.ok() ? std::move(result).value() : DeploySimulation{};
}

DeployPlan canary_plan(std::size_t hosts) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.expected_copy = 20s;
    policy.expected_activate = 30s;
    policy.soak = {60s, 2};
    policy.batches = {{2, false}};
    return planned(plain_fleet(hosts), policy);
}

TEST(DeployFaults, SayHostStageAndPossiblyTheEnding) {
    EXPECT_EQ(*parse_deploy_fault("web3@health"), (DeployFault{"web3", FaultStage::health, HostOutcome::rolled_back}));
    EXPECT_EQ(*parse_deploy_fault("web3@probe"), (DeployFault{"web3", FaultStage::probe, HostOutcome::unreachable}));
    EXPECT_EQ(*parse_deploy_fault("a@b@soak=inconclusive"),
              (DeployFault{"a@b", FaultStage::soak, HostOutcome::inconclusive}));
    EXPECT_EQ(*parse_deploy_fault("x=y@copy"), (DeployFault{"x=y", FaultStage::copy, HostOutcome::failed}));
}

TEST(DeployFaults, ThatMeanNothingAreRefusedWithWhatThereIs) {
    for (const std::string text : {"", "web3", "@health"}) {
        const auto fault = parse_deploy_fault(text);
        ASSERT_FALSE(fault.ok()) << text;
        EXPECT_EQ(fault.error().kind, ErrorKind::usage);
        EXPECT_EQ(fault.error().hint, "write HOST@STAGE, for example web3@health");
    }
    const auto stage = parse_deploy_fault("web3@heatlh");
    ASSERT_FALSE(stage.ok());
    EXPECT_EQ(stage.error().why,
              "the stages are: probe, copy, check, activate, health, confirm, soak, rollback; did you mean health?");
    const auto ending = parse_deploy_fault("web3@soak=unreachable");
    ASSERT_FALSE(ending.ok());
    EXPECT_EQ(ending.error().why, "it can end as: rolled_back, inconclusive");
    EXPECT_FALSE(parse_deploy_fault("web3@health=").ok());
}

TEST(DeployFaults, HaveALineOfHelpPerStage) {
    EXPECT_THAT(deploy_fault_help(), Contains("HOST@soak: ends as rolled_back, or =inconclusive"));
    EXPECT_EQ(deploy_fault_help().size(), 8U);
}

TEST(DeploySimulation, TellsWhatAGoodRunDoes) {
    const auto run = simulated(canary_plan(3), {});
    EXPECT_THAT(run.lines,
                ElementsAre(" 0:00:00  wave 1 of 2, canary: h0", " 0:00:20  h0 is copied", " 0:00:50  h0: confirmed",
                            " 0:00:50  waits until 0:01:20", " 0:01:20  h0 is checked", " 0:01:22  waits until 0:01:50",
                            " 0:01:50  h0 is checked", " 0:01:52  wave 2 of 2, rest: h1, h2", " 0:02:12  h1 is copied",
                            " 0:02:12  h2 is copied", " 0:02:42  h1: confirmed", " 0:02:42  h2: confirmed",
                            " 0:02:42  ends after 2 min 42 s with exit code 0: 3 confirmed"));
    EXPECT_EQ(run.took, 162s);
}

TEST(DeploySimulation, TellsWhatThePolicyDoesWhenAHostFails) {
    const auto run = simulated(canary_plan(3), {"h0@health"});
    EXPECT_THAT(run.lines,
                ElementsAre(" 0:00:00  wave 1 of 2, canary: h0", " 0:00:20  h0 is copied", " 0:01:20  h0: rolled back",
                            " 0:01:20  stopped: wave canary: 1 failure of 1 host, tolerated 0",
                            " 0:01:20  ends after 1 min 20 s with exit code 50: 1 rolled back, 2 not started",
                            "          not started: h1, h2"));
}

TEST(DeploySimulation, EveryStageFailsInItsOwnWay) {
    const std::vector<std::pair<std::string, HostOutcome>> cases = {
        {"h0@probe", HostOutcome::unreachable},
        {"h0@probe=drifted", HostOutcome::drifted},
        {"h0@copy", HostOutcome::failed},
        {"h0@check", HostOutcome::refused},
        {"h0@activate", HostOutcome::rolled_back},
        {"h0@activate=degraded", HostOutcome::degraded},
        {"h0@health=unknown", HostOutcome::unknown},
        {"h0@confirm", HostOutcome::rolled_back},
        {"h0@soak", HostOutcome::rolled_back},
        {"h0@soak=inconclusive", HostOutcome::inconclusive},
        {"h0@rollback", HostOutcome::confirmed},
    };
    for (const auto& [fault, outcome] : cases)
        EXPECT_EQ(simulated(canary_plan(2), {fault}).hosts[0].outcome, outcome) << fault;
}

TEST(DeploySimulation, AFailedRollbackNeedsAFailureFirst) {
    for (const std::string first : {"h0@activate", "h0@soak"}) {
        const auto run = simulated(canary_plan(2), {first, "h0@rollback"});
        EXPECT_EQ(run.hosts[0].outcome, HostOutcome::rollback_failed) << first;
        EXPECT_EQ(run.verdict.exit, ExitCode::deploy_unknown) << first;
        EXPECT_THAT(run.lines, Contains(HasSubstr("frozen: h0 could not be rolled back"))) << first;
    }
}

TEST(DeploySimulation, NamesWhoWasNotStartedAndWhy) {
    auto policy = deploy_policy(DeployStrategy::parallel);
    policy.tolerate = {1, false};
    const auto plan = planned({deploy_host("db"), deploy_host("web", {"db"})}, policy);
    EXPECT_THAT(simulated(plan, {"db@copy"}).lines, Contains("          not started: web (after db)"));
}

TEST(DeploySimulation, GatesAreAnsweredAsTheScriptSays) {
    auto policy = deploy_policy(DeployStrategy::blue_green);
    const auto plan = planned(plain_fleet(2), policy);
    DeployScript script;
    script.answer = GateAnswer::refused;
    const auto run = simulated(plan, {}, script);
    EXPECT_EQ(run.verdict.exit, ExitCode::approval_missing);
    EXPECT_THAT(run.lines, Contains(" 0:00:20  asks before wave 1 of 1: everything is staged"));
    EXPECT_THAT(run.lines, Contains(" 0:00:20  refused: wave flip was refused"));
    EXPECT_EQ(simulated(plan, {}).verdict.exit, ExitCode::ok);
}

TEST(DeploySimulation, CanBeCancelledAndWaitsForWindows) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.windows = {{1000s, 2000s}};
    const auto plan = planned(plain_fleet(2), policy);
    DeployScript script;
    script.start = 900s;
    EXPECT_THAT(simulated(plan, {}, script).lines, Contains(" 0:00:00  waits until 0:01:40"));
    script.cancel_after = 110s;
    const auto run = simulated(plan, {}, script);
    EXPECT_EQ(run.verdict.stop, DeployStop::cancelled);
    EXPECT_EQ(run.hosts[1].outcome, HostOutcome::cancelled);
}

TEST(DeploySimulation, AFaultOfAHostThatIsNotDeployedIsAnError) {
    auto fleet = plain_fleet(2);
    fleet[1].unchanged = true;
    const auto plan = planned(fleet, deploy_policy(DeployStrategy::parallel));
    for (const std::string host : {"h1", "nobody"}) {
        const auto run = simulate_deploy(plan, {.faults = {{host, FaultStage::copy, HostOutcome::failed}}});
        ASSERT_FALSE(run.ok()) << host;
        EXPECT_EQ(run.error().what, host + " cannot fail: this deploy does not touch it");
    }
}

TEST(DeploySimulation, NoLongerThanThePlanExpects) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.batches = {{7, false}, {30, true}};
    policy.copies = 3;
    policy.activations = 2;
    auto fleet = plain_fleet(40);
    for (std::size_t at = 0; at < fleet.size(); ++at) {
        fleet[at].expected_copy = Millis{1000 * (at * 7 % 13 + 1)};
        fleet[at].expected_activate = Millis{1000 * (at * 5 % 11 + 1)};
        if (at % 3 == 2) fleet[at].after = {fleet[at - 1].name, fleet[at / 2].name};
    }
    const auto plan = planned(fleet, policy);
    Millis expected{0};
    for (const auto& wave : plan.waves) expected += wave.expected;
    const auto run = simulated(plan, {});
    EXPECT_EQ(run.verdict.exit, ExitCode::ok);
    EXPECT_LE(run.took, expected);
}

TEST(DeploySimulation, OfTwoHundredHostsEndsAsItShould) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.batches = {{1, false}, {5, true}, {25, true}};
    policy.tolerate = {10, true};
    policy.tolerate_total = DeployShare{5, false};
    policy.soak = {10min, 5};
    policy.copies = 8;
    policy.activations = 20;
    auto fleet = plain_fleet(200);
    for (std::size_t at = 1; at < fleet.size(); ++at) fleet[at].after = {fleet[at / 2].name};
    const auto start = std::clock();
    const auto plan = planned(fleet, policy);
    const auto run = simulated(plan, {"h199@health", "h150@soak"});
    const auto took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("200 hosts, %zu events in %.3f s of the processor\n", run.events.size(), took);
    EXPECT_EQ(run.verdict.count(HostOutcome::confirmed), 199U);
    EXPECT_EQ(run.hosts[199].outcome, HostOutcome::rolled_back);
}

}  // namespace
}  // namespace lockstep
