// SPDX-License-Identifier: MIT
// land.after: canary, where there is no evidence, or not yet: what nobody has seen running does not land, what was seen
// failing is not forgotten, and nobody is called for hosts that are well.
#include <gmock/gmock.h>

#include "deploy/landing_scene.hpp"
#include "lockstep/core/deploy_past.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct CanaryEvidence : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(CanaryEvidence, WhatOnlyTheNextBootWouldStartIsNone) {
    WaitingUpdate update("  canary: [canary1]\nland: { after: canary }\n", {{"canary1", "inhibit"}});
    const auto end = update.run();
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(update.program.base(), update.before);
    auto& canary = update.host("canary1");
    EXPECT_EQ(canary.running(), update.v1);
    EXPECT_EQ(canary.profile(), update.v1);
    EXPECT_EQ(canary.boot_default(), update.v1) << "nothing was made permanent";
    EXPECT_EQ(end.state_of("canary1"), "refused");
    EXPECT_THAT(update.pull_body(), HasSubstr("before the update landed"));
}

TEST_F(CanaryEvidence, ACanaryThatWentBackFromThisSystemStillSaysNo) {
    WaitingUpdate update("  health: [\"command test -e /run/healthy\"]\nland: { after: canary }\n");
    update.host("web1").sh("touch /run/healthy");
    const auto first = update.run();
    ASSERT_EQ(first.code, 20) << first.err;
    ASSERT_EQ(first.state_of("canary1"), "rolled_back");
    const auto tries = times(update.host("canary1"), "v2 test start");

    const auto again = update.run();
    EXPECT_EQ(again.code, 20) << again.err;
    EXPECT_EQ(update.program.base(), update.before) << "another host that is well does not outvote it";
    EXPECT_EQ(times(update.host("canary1"), "v2 test start"), tries) << "and it is not tried again unasked";
    EXPECT_EQ(update.host("web1").running(), update.v1);
    EXPECT_THAT(update.pull_body(), HasSubstr("went back from this very system before"));

    update.host("canary1").sh("touch /run/healthy");
    const auto asked = update.run({"--retry-failed"});
    EXPECT_EQ(asked.code, 0) << asked.err;
    EXPECT_NE(update.program.base(), update.before);
    EXPECT_NE(update.host("canary1").profile(), update.v1);
}

TEST_F(CanaryEvidence, AHostThatNeedNotBuildIsNoCanaryAndInNobodysWay) {
    WaitingUpdate update("land: { after: canary }\ntargets: { optional: [aaa] }\n", {{"aaa", "ok"}},
                         {"aaa", "canary1"});
    auto text = read_file(update.program.repository / "flake.nix");
    const std::string built = "aaa.config.system.build.toplevel = top \"ok\";";
    ASSERT_NE(text.find(built), std::string::npos) << text;
    text.replace(text.find(built), built.size(), "aaa.config.system.build.toplevel = throw \"not today\";");
    write_file(update.program.repository / "flake.nix", text);
    update.program.commit("aaa does not evaluate");
    const auto end = update.run();
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.report["verdict"]["outcome"], "landed");
    EXPECT_EQ(end.state_of("canary1"), "confirmed");
    EXPECT_EQ(end.state_of("aaa"), "");
}

TEST_F(CanaryEvidence, WhenNobodyCanSayWhetherItLandedTheNextProcessTellsIt) {
    for (const bool landed : {true, false}) {
        WaitingHosts scene;
        scene.wait("web1");
        scene.land = [] { return LandingAnswer::unknown; };
        scene.deploy();
        EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown);
        const auto begun = begun_so_far(scene);
        ASSERT_EQ(begun.open.size(), 1U) << "its switch is open";
        EXPECT_TRUE(begun.ended.empty());
        scene.request.landed = landed;
        scene.request.run += ".1";
        scene.land = [] { return LandingAnswer::keep; };
        scene.deploy(begun);
        scene.expect_new("web1");
        EXPECT_EQ(times(scene.lab.host("web1"), "v2 test start"), landed ? 1 : 2)
            << "told, or brought back and tried again";
    }
}

TEST_F(CanaryEvidence, WhoWaitsForSlowerOnesLongerThanItMayGoesBackAndNobodyIsCalled) {
    WaitingHosts scene;
    scene.wait("web1", "ok", 2);
    scene.wait("web2", "slow 5");
    int asked = 0;
    scene.land = [&] {
        ++asked;
        return LandingAnswer::keep;
    };
    scene.deploy();
    EXPECT_EQ(asked, 0);
    scene.expect_old("web1");
    EXPECT_TRUE(scene.host("web1").blameless);
    EXPECT_EQ(scene.lab.host("web2").profile(), scene.v1("web2"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(CanaryEvidence, TheEndOfTheRunsTimeEndsItsWaitToo) {
    WaitingUpdate update(
        "  soak: 10m\n  canary: [canary1]\nland: { after: canary }\nrun: { deadline: 20s, publish_reserve: 1s }\n");
    const auto end = update.run();
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_EQ(update.program.base(), update.before);
    EXPECT_EQ(end.state_of("canary1"), "unknown") << "the next process looks at it";
    EXPECT_EQ(update.host("canary1").profile(), update.v1);
}

TEST_F(CanaryEvidence, ACanaryThatCannotGoBackIsToldWhateverKeptBaseFromMoving) {
    WaitingUpdate update("  canary: [canary1]\nland: { after: canary }\n");
    (void)update.forbid_base();
    update.break_old("canary1");
    const auto end = update.run();
    EXPECT_EQ(end.code, 51) << end.err;
    EXPECT_EQ(update.program.base(), update.before);
    EXPECT_EQ(end.state_of("canary1"), "rollback_failed");
    EXPECT_THAT(end.report["verdict"]["reason"].get<std::string>(), HasSubstr("needs a person"));
}

TEST_F(CanaryEvidence, ACanaryThatIsNotWellAfterTheLandingHoldsTheOthersBack) {
    WaitingUpdate update("  canary: [canary1]\nland: { after: canary }\n", {{"canary1", "bootfail"}});
    const auto end = update.run({"--deploy"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_NE(update.program.base(), update.before) << "the canary was well when base moved";
    EXPECT_EQ(end.state_of("canary1"), "rolled_back");
    EXPECT_EQ(end.report["verdict"]["outcome"], "landed");
    EXPECT_EQ(update.host("web1").running(), update.v1);
    EXPECT_THAT(update.host("web1").steps(), Not(Contains(HasSubstr("v2"))));
}

#ifdef LOCKSTEP_FAILPOINTS
TEST_F(CanaryEvidence, WithoutAPullRequestItIsToldAllTheSame) {
    WaitingUpdate update(
        "  health: [\"command test -e /run/healthy\"]\n  canary: [canary1]\nland: { after: canary }\n");
    const auto first = update.run({}, "pr-intent=errno:5");
    EXPECT_EQ(first.code, 21) << first.err;
    EXPECT_THAT(first.report["verdict"]["reason"].get<std::string>(), HasSubstr("a canary is not well"));
    update.break_old("canary1");
    const auto second = update.run({"--retry-failed"}, "branch-intent=errno:5");
    EXPECT_EQ(second.code, 51) << second.err;
    EXPECT_THAT(second.err, HasSubstr("needs a person"));
}
#endif

}  // namespace
}  // namespace lockstep::test
