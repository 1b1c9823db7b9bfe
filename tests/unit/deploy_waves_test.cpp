// SPDX-License-Identifier: MIT
#include "lockstep/core/deploy_waves.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy_fleets.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;
using Waves = std::vector<HostNames>;

TEST(DeployWaves, ParallelIsOneWavePerLevelOfDependencies) {
    const auto plan = planned({deploy_host("web1", {"db"}), deploy_host("db"), deploy_host("web2", {"db"}),
                               deploy_host("lb", {"web1", "web2"}), deploy_host("mail")},
                              deploy_policy(DeployStrategy::parallel));
    EXPECT_EQ(all_waves(plan), (Waves{{"db", "mail"}, {"web1", "web2"}, {"lb"}}));
    EXPECT_EQ(plan.waves[1].name, "level 2");
}

TEST(DeployWaves, RollingGoesOneByOneUnlessToldOtherwise) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    EXPECT_EQ(all_waves(planned(plain_fleet(3), policy)), (Waves{{"h0"}, {"h1"}, {"h2"}}));
    policy.batches = {{1, false}, {30, true}};
    const auto plan = planned(plain_fleet(8), policy);
    EXPECT_EQ(all_waves(plan), (Waves{{"h0"}, {"h1", "h2", "h3"}, {"h4", "h5", "h6"}, {"h7"}})) << "30% of 8 is 3";
    EXPECT_EQ(plan.waves[1].name, "batch 2 of 4");
}

TEST(DeployWaves, RollingKeepsTheOrderOfDependencies) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.batches = {{2, false}};
    const auto plan = planned({deploy_host("c", {"b"}), deploy_host("b", {"a"}), deploy_host("a")}, policy);
    EXPECT_EQ(all_waves(plan), (Waves{{"a", "b"}, {"c"}}));
}

TEST(DeployWaves, CanaryHostsAreInNoLaterBatch) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.canary_hosts = {"h2"};
    policy.batches = {{2, false}};
    policy.soak = {5min, 5};
    const auto plan = planned(plain_fleet(5), policy);
    EXPECT_EQ(all_waves(plan), (Waves{{"h2"}, {"h0", "h1"}, {"h3", "h4"}}));
    EXPECT_TRUE(plan.waves[0].canary);
    EXPECT_EQ(plan.waves[0].soak, policy.soak);
    EXPECT_EQ(plan.waves[1].soak, DeploySoak{}) << "the rest does not soak";
}

TEST(DeployWaves, CanarySizeRoundsUpAndTheRestGoesAtOnce) {
    auto policy = deploy_policy(DeployStrategy::canary);
    EXPECT_EQ(all_waves(planned(plain_fleet(3), policy)), (Waves{{"h0"}, {"h1", "h2"}}));
    policy.canary_size = DeployShare{26, true};
    EXPECT_EQ(all_waves(planned(plain_fleet(4), policy)), (Waves{{"h0", "h1"}, {"h2", "h3"}}));
}

TEST(DeployWaves, ACanaryBringsAlongWhatItComesAfter) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.canary_hosts = {"web"};
    const auto plan = planned(
        {deploy_host("web", {"proxy"}), deploy_host("proxy", {"db"}), deploy_host("db"), deploy_host("mail")}, policy);
    EXPECT_EQ(all_waves(plan), (Waves{{"db", "proxy", "web"}, {"mail"}}));
    EXPECT_THAT(plan.waves[0].reason, HasSubstr("2 more hosts because a canary comes after it"));
}

TEST(DeployWaves, AHostThatMayBeOffIsNotChosenAsCanary) {
    auto fleet = plain_fleet(3);
    fleet[0].offline_ok = true;
    fleet[1].optional = true;
    EXPECT_EQ(wave_hosts(planned(fleet, deploy_policy(DeployStrategy::canary)), 0), HostNames{"h2"});
    fleet[2].optional = true;
    EXPECT_EQ(wave_hosts(planned(fleet, deploy_policy(DeployStrategy::canary)), 0), HostNames{"h0"});
}

TEST(DeployWaves, AnUnknownCanaryIsAnErrorAndAnUnchangedOneIsReplaced) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.canary_hosts = {"h9"};
    const auto wrong = plan_waves(plain_fleet(2), policy);
    ASSERT_FALSE(wrong.ok());
    EXPECT_THAT(wrong.error().what, HasSubstr("canary h9"));
    policy.canary_hosts = {"h0"};
    auto fleet = plain_fleet(3);
    fleet[0].unchanged = true;
    const auto plan = planned(fleet, policy);
    EXPECT_EQ(all_waves(plan), (Waves{{"h1"}, {"h2"}}));
    EXPECT_THAT(plan.waves[0].reason, HasSubstr("the named canaries do not change"));
}

TEST(DeployWaves, BlueGreenStagesEverywhereAndAsksOnce) {
    auto fleet = plain_fleet(3);
    fleet[0].last = true;
    const auto plan = planned(fleet, deploy_policy(DeployStrategy::blue_green));
    EXPECT_TRUE(plan.stage_first);
    EXPECT_EQ(all_waves(plan), (Waves{{"h1", "h2"}, {"h0"}}));
    EXPECT_EQ(plan.waves[0].gate, "everything is staged");
    EXPECT_EQ(plan.waves[1].gate, "");
}

TEST(DeployWaves, SmartSkipsTheUnchangedAndDeploysLeavesTogether) {
    auto fleet = plain_fleet(4);
    fleet[1].unchanged = true;
    const auto plan = planned(fleet, deploy_policy(DeployStrategy::smart));
    EXPECT_EQ(all_waves(plan), (Waves{{"h0", "h2", "h3"}}));
    EXPECT_EQ(plan.skipped, std::vector<DeployIndex>{1});
    EXPECT_THAT(plan_lines(plan), Contains("unchanged: h1"));
    EXPECT_THAT(plan_lines(plan), Contains("  h0: leaf packages only"));
}

TEST(DeployWaves, SmartPutsCriticalChangesBehindACanary) {
    auto fleet = plain_fleet(5);
    for (const auto at : {1U, 2U, 4U}) fleet[at].critical = {"restarts sshd.service"};
    const auto plan = planned(fleet, deploy_policy(DeployStrategy::smart));
    EXPECT_EQ(all_waves(plan), (Waves{{"h1"}, {"h0", "h3"}, {"h2", "h4"}}));
    EXPECT_TRUE(plan.waves[0].canary);
    EXPECT_THAT(plan_lines(plan), Contains("  h2: critical: restarts sshd.service"));
}

TEST(DeployWaves, SmartCoversEveryCriticalChangeAsFarAsTheSizeAllows) {
    auto policy = deploy_policy(DeployStrategy::smart);
    auto fleet = plain_fleet(5);
    fleet[0].critical = fleet[1].critical = {"kernel"};
    fleet[2].critical = {"kernel", "network"};
    fleet[3].critical = {"boot loader"};
    EXPECT_EQ(wave_hosts(planned(fleet, policy), 0), HostNames{"h0"}) << "a tenth of 5 is 1";
    policy.canary_size = DeployShare{3, false};
    EXPECT_EQ(wave_hosts(planned(fleet, policy), 0), (HostNames{"h0", "h2", "h3"}));
}

TEST(DeployWaves, SmartKeepsLeavesBehindTheCriticalHostsTheyComeAfter) {
    DeployFleet fleet = {deploy_host("a"), deploy_host("b"), deploy_host("leaf"), deploy_host("app", {"b"})};
    fleet[0].critical = fleet[1].critical = {"kernel"};
    EXPECT_EQ(all_waves(planned(fleet, deploy_policy(DeployStrategy::smart))), (Waves{{"a"}, {"leaf"}, {"b", "app"}}));
}

TEST(DeployWaves, SmartCanBeOverruledPerHost) {
    auto fleet = plain_fleet(3);
    fleet[0].critical = {"kernel"};
    fleet[0].risk = DeployRisk::leaf;
    fleet[2].risk = DeployRisk::critical;
    const auto plan = planned(fleet, deploy_policy(DeployStrategy::smart));
    EXPECT_EQ(all_waves(plan), (Waves{{"h2"}, {"h0", "h1"}}));
    EXPECT_THAT(plan_lines(plan), Contains("  h0: leaf, said by hand"));
    EXPECT_THAT(plan_lines(plan), Contains("  h2: critical, said by hand"));
}

TEST(DeployWaves, TheMachineThatLockstepRunsOnGoesLast) {
    auto fleet = plain_fleet(3);
    fleet[0].last = true;
    for (const auto strategy : {DeployStrategy::parallel, DeployStrategy::canary, DeployStrategy::smart}) {
        const auto plan = planned(fleet, deploy_policy(strategy));
        EXPECT_EQ(all_waves(plan).back(), HostNames{"h0"}) << word(strategy);
    }
    fleet[1].after = {"h0"};
    const auto wrong = plan_waves(fleet, deploy_policy(DeployStrategy::parallel));
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().what, "h1 comes after h0, which goes last");
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.canary_hosts = {"h0"};
    fleet[1].after = {};
    EXPECT_FALSE(plan_waves(fleet, policy).ok());
}

TEST(DeployWaves, ACycleIsAnErrorThatNamesItAndNothingElse) {
    const auto wrong = plan_waves({deploy_host("x", {"a"}), deploy_host("a", {"b"}), deploy_host("b", {"c"}),
                                   deploy_host("c", {"a"}), deploy_host("d")},
                                  deploy_policy(DeployStrategy::parallel));
    ASSERT_FALSE(wrong.ok());
    EXPECT_EQ(wrong.error().kind, ErrorKind::config);
    EXPECT_EQ(wrong.error().why, "a after b after c after a");
    const auto self = plan_waves({deploy_host("a", {"a"})}, deploy_policy(DeployStrategy::parallel));
    ASSERT_FALSE(self.ok());
    EXPECT_EQ(self.error().why, "a after a");
}

TEST(DeployWaves, TwoHostsOfOneNameAreAnError) {
    EXPECT_FALSE(plan_waves({deploy_host("a"), deploy_host("a")}, deploy_policy(DeployStrategy::parallel)).ok());
}

TEST(DeployWaves, UnchangedHostsAndStrangersHoldNobodyUp) {
    DeployFleet fleet = {deploy_host("web", {"db", "elsewhere"}), deploy_host("db")};
    fleet[1].unchanged = true;
    EXPECT_EQ(all_waves(planned(fleet, deploy_policy(DeployStrategy::parallel))), Waves{{"web"}});
}

TEST(DeployWaves, ADependencyThatIsSaidTwiceIsOne) {
    const auto plan = planned({deploy_host("web", {"db", "db"}), deploy_host("db")}, {});
    EXPECT_EQ(plan.after[0], std::vector<DeployIndex>{1});
    EXPECT_EQ(plan.dependents[1], std::vector<DeployIndex>{0});
}

TEST(DeployWaves, OrderReachesThroughUnchangedHosts) {
    DeployFleet fleet = {deploy_host("web", {"proxy"}), deploy_host("proxy", {"db"}), deploy_host("db")};
    fleet[1].unchanged = true;
    EXPECT_EQ(all_waves(planned(fleet, deploy_policy(DeployStrategy::parallel))), (Waves{{"db"}, {"web"}}));
}

TEST(DeployWaves, GatesAreWhereThePolicyOrAHostWantsThem) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.gates = {true, true, false};
    policy.batches = {{1, false}};
    auto fleet = plain_fleet(4);
    fleet[3].approval = "the kernel changes";
    const auto plan = planned(fleet, policy);
    EXPECT_EQ(plan.waves[0].gate, "the policy asks before this wave");
    EXPECT_EQ(plan.waves[1].gate, "the policy asks after the canary");
    EXPECT_EQ(plan.waves[2].gate, "");
    EXPECT_EQ(plan.waves[3].gate, "h3: the kernel changes");
}

TEST(DeployWaves, ASoakHasAtLeastOneCheckAndNoneAfterTheLastBatch) {
    auto policy = deploy_policy(DeployStrategy::rolling);
    policy.soak = {1min, 0};
    const auto plan = planned(plain_fleet(2), policy);
    EXPECT_EQ(plan.waves[0].soak, (DeploySoak{1min, 1}));
    EXPECT_EQ(plan.waves[1].soak, DeploySoak{});
}

TEST(DeployWaves, AWaveKnowsHowLongItTakesAtMost) {
    auto policy = deploy_policy(DeployStrategy::canary);
    policy.canary_size = DeployShare{4, false};
    policy.expected_copy = 10s;
    policy.expected_activate = 20s;
    policy.soak = {60s, 1};
    auto fleet = plain_fleet(4);
    EXPECT_EQ(planned(fleet, policy).waves[0].expected, 10s + 20s + 60s);
    fleet[3].after = {"h2"};
    EXPECT_EQ(planned(fleet, policy).waves[0].expected, 10s + 40s + 60s) << "one after the other";
    fleet[3].after = {};
    policy.copies = 2;
    EXPECT_EQ(planned(fleet, policy).waves[0].expected, 10s + 20s + 20s + 60s);
    fleet[0].expected_activate = 50s;
    EXPECT_EQ(planned(fleet, policy).waves[0].expected, 10s + 20s + 50s + 60s);
}

TEST(DeployWaves, OfNothingAreNone) {
    EXPECT_TRUE(planned({}, deploy_policy(DeployStrategy::smart)).waves.empty());
    auto fleet = plain_fleet(2);
    fleet[0].unchanged = fleet[1].unchanged = true;
    for (const auto strategy : {DeployStrategy::canary, DeployStrategy::blue_green, DeployStrategy::smart})
        EXPECT_TRUE(planned(fleet, deploy_policy(strategy)).waves.empty()) << word(strategy);
}

}  // namespace
}  // namespace lockstep
