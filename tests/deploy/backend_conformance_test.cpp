// SPDX-License-Identifier: MIT
// One meaning for all backends: whoever activates, what is on the host, what the profile says and what the report says
// are the same. Each test runs for every row of the registry that can do what it needs.
#include <gmock/gmock.h>

#include <algorithm>

#include "deploy/backend_scene.hpp"

namespace lockstep::test {
namespace {

using deploy::Ability;
using deploy::SwitchAction;
using ::testing::Contains;
using ::testing::HasSubstr;

std::string name_of(const ::testing::TestParamInfo<std::string>& each) {
    auto name = each.param;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
}

std::vector<std::string> names(bool foreign_only) {
    std::vector<std::string> result;
    for (const auto& row : deploy::backends())
        if (row.foreign() || !foreign_only) result.emplace_back(row.name);
    return result;
}

/// What all have in common.
struct EveryBackend : ::testing::TestWithParam<std::string> {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
    [[nodiscard]] static bool can(Ability ability) {
        return deploy::find_backend(GetParam())->can(ability, deploy::parse_tool("--boot --store-path"));
    }
};
INSTANTIATE_TEST_SUITE_P(All, EveryBackend, ::testing::ValuesIn(names(false)), name_of);

/// What only a program that is believed nothing can do to us.
struct ForeignBackend : EveryBackend {};
INSTANTIATE_TEST_SUITE_P(All, ForeignBackend, ::testing::ValuesIn(names(true)), name_of);

TEST_P(EveryBackend, WhatWasProvedRunsAndIsPermanent) {
    BackendScene scene(GetParam());
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.new_system());
    EXPECT_EQ(scene.host.boot_default(), scene.new_system());
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
    // Nothing of the run stays there.
    EXPECT_EQ(scene.host.run({"find", "/run/lockstep", "/nix/var/nix/gcroots/lockstep", "-mindepth", "1"}).out, "");
}

TEST_P(EveryBackend, UnchangedIsSkipped) {
    BackendScene scene(GetParam());
    ASSERT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    const auto steps = scene.host.steps();
    const auto calls = scene.calls();
    EXPECT_EQ(word(scene.outcome_of_deploy()), "unchanged");
    EXPECT_EQ(scene.host.steps(), steps);
    // Only the questions for version and help.
    EXPECT_EQ(scene.calls().substr(calls.size()).find("apply --on"), std::string::npos);
}

TEST_P(EveryBackend, AUnitThatFailsNewlyTakesItBackToTheRecordedPath) {
    BackendScene scene(GetParam(), "fail4 web.service");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rolled_back") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.old_system());
    EXPECT_EQ(scene.host.boot_default(), scene.old_system());
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("web.service"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_P(EveryBackend, AUnitThatHadFailedBeforeIsNoEvidence) {
    BackendScene scene(GetParam(), "fail4 web.service");
    scene.host.fail_unit("web.service");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.new_system());
}

TEST_P(EveryBackend, AUnitWhoseFailureIsAcceptedMeansDegraded) {
    BackendScene scene(GetParam(), "fail4 web.service");
    scene.target("web1").degraded_ok = {"web.*"};
    EXPECT_EQ(word(scene.outcome_of_deploy()), "degraded") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.new_system());
}

TEST_P(EveryBackend, WhatFailsItsHealthGoesBack) {
    BackendScene scene(GetParam());
    scene.target("web1").health.checks = {
        parse_health_check("command readlink /run/current-system | grep -q lab-v1").value()};
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rolled_back") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.old_system());
    EXPECT_EQ(scene.host.boot_default(), scene.old_system());
}

TEST_P(EveryBackend, AHostThatDriftedIsLeftAlone) {
    BackendScene scene(GetParam());
    scene.request.expected["web1"] = scene.lab.system({.name = "left-there"});
    EXPECT_EQ(word(scene.outcome_of_deploy()), "drifted");
    EXPECT_TRUE(scene.host.steps().empty());
    scene.expect_on_host(scene.old_system(), scene.old_system());
}

TEST_P(EveryBackend, AHostThatIsOffIsUntouched) {
    BackendScene scene(GetParam());
    scene.host.cut_network();
    EXPECT_EQ(word(scene.outcome_of_deploy()), "unreachable");
    EXPECT_TRUE(scene.host.steps().empty());
    EXPECT_EQ(scene.calls().find("10.77"), std::string::npos);
}

TEST_P(EveryBackend, ASwitchOfSomebodyElseIsNotDisturbed) {
    BackendScene scene(GetParam());
    scene.host.hold_switch_lock();
    EXPECT_EQ(word(scene.outcome_of_deploy()), "refused");
    EXPECT_TRUE(scene.host.steps().empty());
    scene.host.release_switch_lock();
}

TEST_P(EveryBackend, TestRunsUntilTheNextBoot) {
    if (!can(Ability::test)) GTEST_SKIP() << "refused in the plan: see BackendRefusals";
    BackendScene scene(GetParam());
    scene.target("web1").action = SwitchAction::test;
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.old_system());
    EXPECT_EQ(scene.host.boot_default(), scene.old_system());
    EXPECT_EQ(scene.DeployScene::host("web1").next_boot, scene.old_system()) << "what a reboot would start is no drift";
}

TEST_P(EveryBackend, BootIsPendingWithoutLeaveToReboot) {
    BackendScene scene(GetParam());
    scene.target("web1").action = SwitchAction::boot;
    EXPECT_EQ(word(scene.outcome_of_deploy()), "boot_pending") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.new_system());
    EXPECT_EQ(scene.host.boot_default(), scene.new_system());
}

TEST_P(EveryBackend, TheRebootIsOursAndProved) {
    BackendScene scene(GetParam());
    auto& target = scene.target("web1");
    target.action = SwitchAction::boot;
    target.reboot = RebootWish::always;
    target.reboot_within = Millis(20'000);
    const auto before = scene.host.boot_id();
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    EXPECT_NE(scene.DeployScene::host("web1").boot_before, scene.DeployScene::host("web1").boot_after);
    ASSERT_TRUE(scene.host.await_reboot(before));
    EXPECT_EQ(scene.host.running(), scene.new_system());
}

TEST_P(EveryBackend, AHostThatRefusesALiveSwitchBootsIt) {
    BackendScene scene(GetParam(), "inhibit");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "boot_pending") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.new_system());
}

TEST_P(ForeignBackend, AnEndWithoutDeedsIsNoSuccess) {
    BackendScene scene(GetParam());
    scene.behave("nothing");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "failed");
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("code 0; nothing changed"));
    scene.expect_on_host(scene.old_system(), scene.old_system());
    EXPECT_TRUE(scene.untouched());
}

TEST_P(ForeignBackend, ADeedWithAComplaintIsASuccessThatTellsOfIt) {
    BackendScene scene(GetParam());
    scene.behave("complains");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.new_system());
    EXPECT_THAT(scene.DeployScene::host("web1").evidence, Contains(HasSubstr(GetParam() + " exited with code")));
}

TEST_P(ForeignBackend, OneThatHangsIsEnded) {
    BackendScene scene(GetParam());
    scene.target("web1").copy_timeout = Millis(6'000);
    scene.target("web1").limits.activate = 2;
    scene.behave("hangs");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "failed") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("was ended; nothing changed"));
    scene.expect_on_host(scene.old_system(), scene.old_system());
}

TEST_P(ForeignBackend, WhatOneThatHangsHasDoneCounts) {
    BackendScene scene(GetParam());
    scene.target("web1").copy_timeout = Millis(6'000);
    scene.target("web1").limits.activate = 10;
    scene.behave("hangs-after");
    // However far it came until it was ended, everything agrees.
    const bool done = scene.outcome_of_deploy() == HostOutcome::confirmed;
    const auto& runs = done ? scene.new_system() : scene.old_system();
    EXPECT_EQ(is_success(scene.outcome("web1")), done) << scene.DeployScene::host("web1").detail;
    EXPECT_FALSE(needs_person(scene.outcome("web1"))) << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(runs, runs);
}

TEST_P(ForeignBackend, AProfileThatWasSetAndNotActivatedIsPutBack) {
    BackendScene scene(GetParam());
    scene.behave("half");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rolled_back") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.old_system());
    EXPECT_EQ(scene.host.boot_default(), scene.old_system());
}

TEST_P(ForeignBackend, AnotherPathThanTheProvedOneGoesBack) {
    BackendScene scene(GetParam());
    const auto other = scene.lab.system({.name = "other"});
    scene.activates(other);
    scene.behave("other");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rolled_back") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr(other));
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("not what was proved"));
    scene.expect_on_host(scene.old_system(), scene.old_system());
}

TEST_P(ForeignBackend, AnActivationThatFailsAfterTheProfileWasSetGoesBack) {
    BackendScene scene(GetParam(), "fail1");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rolled_back") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.old_system(), scene.old_system());
    EXPECT_EQ(scene.host.boot_default(), scene.old_system());
}

TEST_P(ForeignBackend, ARollbackThatFailsIsNotTriedAgain) {
    BackendScene scene(GetParam(), "fail4 web.service");
    // The old system cannot be activated any more.
    const auto stc = scene.old_system() + "/bin/switch-to-configuration";
    scene.host.sh("chmod u+w " + scene.old_system() + "/bin " + stc + "; echo '#!/bin/sh\nexit 2' >" + stc);
    EXPECT_EQ(word(scene.outcome_of_deploy()), "rollback_failed") << scene.DeployScene::host("web1").detail;
    EXPECT_FALSE(scene.DeployScene::host("web1").manual.empty());
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

TEST_P(ForeignBackend, AHostThatIsLostMeanwhileIsNamedWithNobodyToBringItBack) {
    BackendScene scene(GetParam(), "cutnet");
    scene.target("web1").limits.activate = 2;
    scene.target("web1").health.patience = Millis(1'000);
    EXPECT_EQ(word(scene.outcome_of_deploy()), "unknown") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("nothing there brings"));
    EXPECT_THAT(scene.DeployScene::host("web1").manual, HasSubstr("readlink"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

TEST_P(ForeignBackend, ThePlanSaysThatNobodyBringsAHostBack) {
    BackendScene scene(GetParam());
    scene.request.dry_run = true;
    scene.deploy();
    EXPECT_THAT(scene.record.plan, Contains(HasSubstr("nothing brings a host back")));
    EXPECT_TRUE(scene.host.steps().empty());
}

TEST_P(ForeignBackend, AProgramThatIsMissingIsToldBeforeAnyHostIsTouched) {
    BackendScene scene(GetParam());
    scene.children.extra = {{"PATH", "/usr/bin:/bin:/usr/sbin:/sbin"}};
    const auto error = scene.refusal();
    EXPECT_THAT(error.what, HasSubstr("cannot be started"));
    EXPECT_THAT(error.hint, HasSubstr("PATH"));
    EXPECT_TRUE(scene.host.steps().empty());
}

/// A deploy whose process died while the program was at work.
TEST_P(ForeignBackend, AfterACutOffTheHostIsLookedAtAndNothingIsTriedBlindly) {
    for (const bool activated : {true, false}) {
        BackendScene scene(GetParam());
        const auto& path = scene.new_system();
        scene.host.receive(path);
        scene.host.sh("nix-env -p /nix/var/nix/profiles/system --set " + path);
        if (activated) scene.host.sh(path + "/bin/switch-to-configuration switch 2>/dev/null");
        const OpenSwitch open{.host = "web1",
                              .run = "run-1-foreign",
                              .token = "token",
                              .from = scene.old_system(),
                              .to = path,
                              .boot_id = scene.host.boot_id(),
                              .failed_units = std::vector<std::string>{},
                              .clock = 0};
        scene.deploy({open});
        EXPECT_EQ(word(scene.outcome("web1")), activated ? "confirmed" : "rolled_back")
            << scene.DeployScene::host("web1").detail;
        const auto& runs = activated ? path : scene.old_system();
        scene.expect_on_host(runs, runs);
        EXPECT_EQ(scene.calls().find(" switch"), std::string::npos) << "the program is not called again";
    }
}

/// Programs that evaluate again.
struct Foreseen : EveryBackend {};
INSTANTIATE_TEST_SUITE_P(All, Foreseen, ::testing::Values(std::string("colmena"), std::string("nixos-rebuild")),
                         name_of);

TEST_P(Foreseen, AnotherPathIsSeenBeforeTheHostIsTouched) {
    BackendScene scene(GetParam(), "ok", GetParam() == "colmena" ? "colmena-0.5.0-pre" : "nixos-rebuild-25.05");
    const auto other = scene.lab.system({.name = "other"});
    scene.foresee(other);
    EXPECT_EQ(word(scene.outcome_of_deploy()), "failed");
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("would activate " + other));
    EXPECT_TRUE(scene.untouched());
    scene.expect_on_host(scene.old_system(), scene.old_system());
}

TEST_P(Foreseen, TheSamePathIsActivated) {
    BackendScene scene(GetParam(), "ok", GetParam() == "colmena" ? "colmena-0.5.0-pre" : "nixos-rebuild-25.05");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    scene.expect_on_host(scene.new_system(), scene.new_system());
}

struct DeployRs : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(DeployRs, IsRefusedWhenItsWrapperIsTheNewestGenerationAlready) {
    BackendScene scene("deploy-rs");
    ASSERT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    // Somebody went back by hand, as people do: the newest generation is not the one that runs.
    scene.host.drift(scene.old_system());
    scene.host.sh("nix-env -p /nix/var/nix/profiles/system --rollback 2>/dev/null");
    const auto steps = scene.host.steps();
    scene.target("web1").accept_drift = true;
    EXPECT_EQ(word(scene.outcome_of_deploy()), "refused") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.DeployScene::host("web1").detail, HasSubstr("newest generation"));
    EXPECT_EQ(scene.host.running(), scene.old_system());
}

TEST_F(DeployRs, GoesBackByItselfOnlyWhereTheNewestGenerationIsTheRecordedSystem) {
    BackendScene scene("deploy-rs");
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.calls(), HasSubstr("--magic-rollback true --auto-rollback true"));
    BackendScene other("deploy-rs");
    const auto stranger = other.lab.system({.name = "stranger"});
    other.host.receive(stranger);
    // A newer generation, left by somebody who went back to the one that runs.
    other.host.sh("nix-env -p /nix/var/nix/profiles/system --set " + stranger +
                  " && nix-env -p /nix/var/nix/profiles/system --rollback 2>/dev/null");
    EXPECT_EQ(word(other.outcome_of_deploy()), "confirmed") << other.DeployScene::host("web1").detail;
    EXPECT_THAT(other.calls(), HasSubstr("--magic-rollback false --auto-rollback false"));
}

TEST_F(DeployRs, AStaleCanaryOfAnEarlierTryConfirmsNothing) {
    BackendScene scene("deploy-rs");
    const auto wrapper = scene.wrapper();
    const auto hash = wrapper.substr(std::string("/nix/store/").size(), 32);
    scene.host.sh("mkdir -p /run/lockstep/run-1-foreign; touch /run/lockstep/run-1-foreign/deploy-rs-canary-" + hash);
    EXPECT_EQ(word(scene.outcome_of_deploy()), "confirmed") << scene.DeployScene::host("web1").detail;
    EXPECT_THAT(scene.DeployScene::host("web1").evidence, Contains("deploy-rs exited with code 0"));
    EXPECT_THAT(scene.host.steps(), Contains("v2 switch rc=0")) << "it does not begin beside somebody else's canary";
    EXPECT_THAT(scene.calls(), HasSubstr("--temp-path /run/lockstep/run-1-foreign"));
}

/// Rows of the table that say no.
struct BackendRefusals : EveryBackend {};
INSTANTIATE_TEST_SUITE_P(All, BackendRefusals, ::testing::ValuesIn(names(true)), name_of);

TEST_P(BackendRefusals, AreMadeInThePlanBeforeAnyHostIsTouched) {
    for (const bool dry_run : {true, false}) {
        BackendScene scene(GetParam());
        scene.request.dry_run = dry_run;
        scene.target("web1").until_landed = true;
        auto error = scene.refusal();
        EXPECT_THAT(error.what, HasSubstr(GetParam() + " cannot deploy web1"));
        EXPECT_THAT(error.why, HasSubstr("before it is proved"));
        EXPECT_THAT(error.hint, HasSubstr("land.after"));
        scene.target("web1").until_landed = false;
        scene.request.machine_id = scene.host.machine_id();
        error = scene.refusal();
        EXPECT_THAT(error.why, HasSubstr("child of this process"));
        EXPECT_TRUE(scene.host.steps().empty());
        if (can(Ability::test)) continue;
        scene.request.machine_id.clear();
        scene.target("web1").action = SwitchAction::test;
        EXPECT_THAT(scene.refusal().why, HasSubstr("until the next boot only"));
        EXPECT_TRUE(scene.host.steps().empty());
    }
}

}  // namespace
}  // namespace lockstep::test
