// SPDX-License-Identifier: MIT
// Whole deploys of one host: each says what runs there, what the profile says, and what the report says. Numbers are
// those of the list of scenarios.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/deploy_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct DeployEndings : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(DeployEndings, S01_GoodPath) {
    DeployScene scene;
    auto& host = scene.add("web1");
    scene.deploy();
    scene.expect_new("web1");
    EXPECT_EQ(host.boot_default(), scene.v2("web1"));
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
    EXPECT_EQ(scene.host("web1").from, scene.v1("web1"));
    EXPECT_THAT(scene.host("web1").evidence, Contains(HasSubstr("new connection")));
    EXPECT_FALSE(host.exists("/run/lockstep/run-1/state")) << "nothing of the run stays on the host";
}

TEST_F(DeployEndings, S02_UnchangedIsSkippedAfterOneProbe) {
    DeployScene scene;
    auto& host = scene.add("web1");
    host.install(scene.v2("web1"));
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unchanged);
    EXPECT_EQ(host.profile(), scene.v2("web1"));
    EXPECT_THAT(host.steps(), Not(Contains(HasSubstr("v2 test"))));
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
}

TEST_F(DeployEndings, WhetherAHostIsBusyIsNotAskedAnyMoreOnceItIsTouched) {
    DeployScene scene;
    auto& host = scene.add("web1");
    scene.target("web1").busy_command = "readlink /run/current-system >>/run/asked; ! readlink /run/lockstep/holder";
    scene.deploy();
    scene.expect_new("web1");
    EXPECT_EQ(host.file("/run/asked"), scene.v1("web1") + "\n" + scene.v1("web1") + "\n") << "at first, and at last";
}

TEST_F(DeployEndings, S03_ExitFourOfAUnitThatHadFailedBeforeIsNoEvidence) {
    DeployScene scene;
    auto& host = scene.add("web1", "fail4 old.service");
    host.fail_unit("old.service");
    scene.deploy();
    scene.expect_new("web1");
    EXPECT_THAT(scene.host("web1").failed_units, IsEmpty());
}

TEST_F(DeployEndings, S04_ExitFourOfANewUnitGoesBack) {
    DeployScene scene;
    scene.add("web1", "fail4 nginx.service");
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").failed_units, ElementsAre("nginx.service"));
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("nginx.service"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployEndings, FaultRow39_ExitFourByPolicy) {
    DeployScene scene;
    scene.add("web1", "fail4 nginx.service");
    scene.target("web1").degraded_ok = {"nginx.*"};
    scene.deploy();
    scene.expect_new("web1", HostOutcome::degraded);
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("nginx.service"));
}

TEST_F(DeployEndings, S05_AnActivationThatFailsGoesBack) {
    DeployScene scene;
    scene.add("web1", "fail2");
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployEndings, S15_FaultRow41_ARollbackThatFailsNamesTheCommandAndIsNotTriedAgain) {
    DeployScene scene;
    auto& host = scene.add("web1", "fail2", "fail-from 1 3");
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::rollback_failed);
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
    EXPECT_EQ(host.profile(), scene.v1("web1"));
    EXPECT_THAT(scene.host("web1").manual, HasSubstr(scene.v1("web1") + "/bin/switch-to-configuration switch"));
    int tries = 0;
    for (const auto& step : host.steps()) tries += step == "v1 test start" ? 1 : 0;
    EXPECT_EQ(tries, 1);
}

TEST_F(DeployEndings, S16_FaultRow42_ADriftedHostIsLeftAlone) {
    DeployScene scene;
    auto& host = scene.add("web1");
    scene.request.expected["web1"] = scene.v1("web1");
    const auto other = scene.lab.system({.name = "other"});
    host.receive(other);
    host.drift(other);
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::drifted);
    EXPECT_EQ(host.running(), other);
    EXPECT_EQ(host.profile(), scene.v1("web1"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployEndings, AHostThatWasRebootedAsIntendedHasNotDrifted) {
    DeployScene scene;
    auto& host = scene.add("web1");
    const auto booted = scene.lab.system({.name = "booted"});
    host.install(booted);
    scene.request.expected["web1"] = scene.v1("web1");
    scene.request.expected_after_boot["web1"] = booted;
    scene.deploy();
    scene.expect_new("web1");
}

TEST_F(DeployEndings, FaultRow42_SwitchedByOthersBetweenTheLookAndTheStart) {
    DeployScene scene;
    auto& host = scene.add("web1");
    const auto other = scene.lab.system({.name = "other"});
    host.receive(other);
    scene.failpoint = [&](std::string_view step) -> Result<void> {
        if (step == "deploy-intent") host.drift(other);
        return {};
    };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::drifted);
    EXPECT_EQ(host.running(), other);
    EXPECT_EQ(host.profile(), scene.v1("web1"));
}

TEST_F(DeployEndings, S17_ALockedHostIsLeftAlone) {
    DeployScene scene;
    auto& host = scene.add("web1");
    host.hold_switch_lock();
    scene.deploy();
    scene.expect_old("web1", HostOutcome::refused);
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("somebody else"));
    host.release_switch_lock();
}

TEST_F(DeployEndings, S19_AnInhibitedSwitchBecomesABootPlan) {
    DeployScene scene;
    auto& host = scene.add("web1", "inhibit");
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::boot_pending) << scene.host("web1").detail;
    EXPECT_EQ(host.running(), scene.v1("web1"));
    EXPECT_EQ(host.profile(), scene.v2("web1"));
    EXPECT_EQ(host.boot_default(), scene.v2("web1"));
}

/// web1 waits for its next boot when web2 fails.
void stop_after_a_boot_plan(DeployScene& scene, OnStop on_stop) {
    scene.add("web1", "inhibit");
    scene.add("web2", "fail1");
    scene.target("web2").after = {"web1"};
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.batches = {{1, false}};
    scene.request.policy.on_stop = on_stop;
    scene.deploy();
}

TEST_F(DeployEndings, WhatWaitsForItsBootGoesBackWithTheRun) {
    DeployScene scene;
    stop_after_a_boot_plan(scene, OnStop::rollback_run);
    scene.expect_old("web1");
    EXPECT_EQ(scene.lab.host("web1").boot_default(), scene.v1("web1"));
    EXPECT_THAT(scene.lab.host("web1").steps(), Not(Contains(HasSubstr("test start")))) << "it was never switched";
    scene.expect_old("web2");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployEndings, WhatWaitsForItsBootIsNotJudgedInTheSoak) {
    DeployScene scene;
    auto& host = scene.add("web1", "inhibit");
    scene.add("web2");
    scene.target("web2").after = {"web1"};
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.batches = {{1, false}};
    scene.request.policy.soak = {Millis(200), 2};
    scene.deploy();
    scene.expect_new("web2");
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::boot_pending) << scene.host("web1").detail;
    EXPECT_EQ(host.running(), scene.v1("web1"));
    EXPECT_EQ(host.profile(), scene.v2("web1"));
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
}

TEST_F(DeployEndings, S20_ARebootThatIsNeededIsDoneAndProved) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .kernel = "6.2"});
    scene.target("web1").reboot = RebootWish::if_needed;
    scene.target("web1").reboot_within = Millis(20'000);
    const auto before = host.boot_id();
    scene.deploy();
    ASSERT_TRUE(host.await_reboot(before));
    scene.expect_new("web1");
    EXPECT_EQ(host.booted(), scene.v2("web1"));
    EXPECT_THAT(scene.host("web1").reboot_reasons, Contains("kernel"));
    EXPECT_NE(scene.host("web1").boot_after, scene.host("web1").boot_before);
}

TEST_F(DeployEndings, S21_ARebootThatNeverReturnsIsNamed) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .kernel = "6.2"});
    host.reboot_behaviour("never");
    scene.target("web1").reboot = RebootWish::always;
    scene.target("web1").reboot_within = Millis(1'500);
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown);
    EXPECT_NE(scene.host("web1").manual, "");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

TEST_F(DeployEndings, S22_FaultRow43_AHostThatComesBackWithTheOldSystemIsPutBackWhole) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .kernel = "6.2"});
    host.reboot_behaviour("old");
    scene.target("web1").reboot = RebootWish::always;
    scene.target("web1").reboot_within = Millis(20'000);
    const auto before = host.boot_id();
    scene.deploy();
    ASSERT_TRUE(host.await_reboot(before));
    scene.expect_old("web1");
    EXPECT_EQ(host.boot_default(), scene.v1("web1"));
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("came back with"));
}

TEST_F(DeployEndings, AUnitThatFailsLateInTheBootIsSeen) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .kernel = "6.2"});
    host.slow_start(3, "late.service");
    scene.target("web1").reboot = RebootWish::always;
    scene.target("web1").reboot_within = Millis(20'000);
    const auto before = host.boot_id();
    scene.deploy();
    ASSERT_TRUE(host.await_reboot(before));
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("late.service"));
}

TEST_F(DeployEndings, AHostThatGoesOnStartingAfterItsRebootIsAskedAbout) {
    for (const bool accepted : {true, false}) {
        DeployScene scene;
        auto& host = scene.add("web1", LabSystem{.name = "v2", .kernel = "6.2"});
        host.slow_start(10'000);
        scene.target("web1").reboot = RebootWish::always;
        scene.target("web1").reboot_within = Millis(3'000);
        scene.ask = [&](const std::string&) { return accepted ? GateAnswer::approved : GateAnswer::refused; };
        const auto before = host.boot_id();
        scene.deploy();
        ASSERT_TRUE(host.await_reboot(before));
        if (accepted) {
            scene.expect_new("web1");
            EXPECT_THAT(scene.host("web1").evidence, Contains(HasSubstr("still starting")));
        } else {
            scene.expect_old("web1");
            EXPECT_THAT(scene.host("web1").detail, HasSubstr("still starting"));
        }
    }
}

TEST_F(DeployEndings, ARebootAloneThatGoesOnStartingNeedsAPersonAndSwitchesNothing) {
    DeployScene scene;
    auto& host = scene.add("web1");
    host.slow_start(10'000);
    scene.request.purpose = DeployPurpose::restart;
    scene.target("web1").path = scene.v1("web1");
    scene.target("web1").reboot_within = Millis(3'000);
    const auto before = host.boot_id();
    scene.deploy();
    ASSERT_TRUE(host.await_reboot(before));
    scene.expect_old("web1", HostOutcome::unhealthy);
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("still starting"));
    EXPECT_THAT(host.steps(), Not(Contains(HasSubstr("v1 "))));
}

TEST_F(DeployEndings, S23_AFullBootPartitionGoesBack) {
    DeployScene scene;
    auto& host = scene.add("web1");
    host.fill_boot();
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("boot"));
}

TEST_F(DeployEndings, S24_AFullStoreFailsTheCopyAndTouchesNothing) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .megabytes = 8});
    host.fill_store();
    scene.deploy();
    scene.expect_old("web1", HostOutcome::failed);
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("copied"));
    EXPECT_THAT(host.steps(), Not(Contains(HasSubstr("v2"))));
}

TEST_F(DeployEndings, SmartPutsAChangeOfTheKernelBehindACanaryBeforeAnythingIsCopied) {
    DeployScene scene;
    for (const char* name : {"web1", "web2", "web3"}) {
        scene.add(name, LabSystem{.name = "v2", .kernel = "6.2"});
        scene.target(name).parts = {{"kernel", "/nix/store/00000000000000000000000000000000-another"}};
    }
    scene.request.policy.strategy = DeployStrategy::smart;
    scene.request.dry_run = true;
    scene.deploy();
    EXPECT_THAT(scene.record.plan, Contains(HasSubstr("canary")));
    EXPECT_THAT(scene.host("web1").reboot_reasons, Contains("kernel"));
    EXPECT_THAT(scene.children.labels(), Not(Contains(HasSubstr("nix copy"))));
}

}  // namespace
}  // namespace lockstep::test
