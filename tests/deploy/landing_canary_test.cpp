// SPDX-License-Identifier: MIT
// land.after: canary. An update is proved on hosts before base moves, and nothing there is permanent before that.
#include <gmock/gmock.h>

#include "deploy/landing_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string k_canary = "  canary: [canary1]\nland: { after: canary }\n";
const std::string k_sick = "  health: [\"command test -e /run/healthy\"]\n";

struct LandingCanary : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(LandingCanary, TheUpdateLandsWhenItsCanaryIsWellAndTheCanaryKeepsIt) {
    WaitingUpdate scene(k_canary);
    const auto end = scene.run();
    EXPECT_EQ(end.code, 0) << end.err;
    const auto v2 = DeployProgram::proved(end, "canary1");
    EXPECT_NE(v2, scene.v1);
    EXPECT_NE(scene.program.base(), scene.before);
    EXPECT_EQ(scene.canary().running(), v2);
    EXPECT_EQ(scene.canary().profile(), v2);
    EXPECT_EQ(scene.canary().boot_default(), v2);
    EXPECT_EQ(end.state_of("canary1"), "confirmed");
    EXPECT_EQ(end.state_of("web1"), "") << "only canaries take part";
    scene.expect_old("web1");
    EXPECT_EQ(end.report["verdict"]["outcome"], "landed");
}

TEST_F(LandingCanary, ASickCanaryGoesBackAndTheUpdateBecomesAPullRequestWithTheEvidence) {
    WaitingUpdate scene(k_sick + k_canary);
    const auto end = scene.run();
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(scene.program.base(), scene.before);
    scene.expect_old("canary1");
    scene.expect_old("web1");
    EXPECT_THAT(scene.canary().steps(), Not(Contains(HasSubstr("v2 boot")))) << "nothing was permanent";
    EXPECT_THAT(scene.pull_body(), HasSubstr("canary1"));
    EXPECT_THAT(scene.pull_body(), HasSubstr("test -e /run/healthy"));
    EXPECT_THAT(scene.pull_body(), HasSubstr("Why it did not land"));
    // Nobody may take it for an update that is only to be merged.
    EXPECT_EQ(end.report["verdict"]["outcome"], "proposed");
    EXPECT_THAT(scene.pull_body(), Not(HasSubstr("merge this to land it")));
    EXPECT_THAT(scene.pull()["title"].get<std::string>(), HasSubstr("a canary is not well"));
    EXPECT_THAT(scene.pull()["labels"].dump(), HasSubstr("build-failure"));
    const auto status = scene.status(end.report["repo"]["candidate"]["commit"])["statuses"][0];
    EXPECT_EQ(status["context"], "lockstep");
    EXPECT_EQ(status["state"], "failure");
}

TEST_F(LandingCanary, ACanaryThatDoesNotAnswerIsNoEvidence) {
    WaitingUpdate scene(k_canary);
    scene.canary().cut_network();
    const auto end = scene.run();
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_EQ(scene.program.base(), scene.before);
    EXPECT_THAT(scene.pull_body(), HasSubstr("unreachable"));
}

TEST_F(LandingCanary, WhenBaseCannotMoveTheCanaryGoesBackAndIsNotBlamed) {
    WaitingUpdate scene(k_canary);
    const auto hook = scene.forbid_base();
    const auto end = scene.run();
    EXPECT_NE(end.code, 0);
    EXPECT_EQ(scene.program.base(), scene.before);
    scene.expect_old("canary1");
    EXPECT_EQ(end.state_of("canary1"), "rolled_back");

    std::filesystem::remove(hook);
    const auto again = scene.run();
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(scene.canary().profile(), DeployProgram::proved(again, "canary1"));
}

/// Whoever is asked sees that every host was proved, and that nothing is permanent.
struct Asked : WaitingHosts {
    explicit Asked(const std::vector<std::string>& names) {
        for (const auto& name : names) wait(name);
        land = [this] {
            ++asked;
            for (const auto& target : request.targets) {
                auto& host = lab.host(target.name);
                EXPECT_EQ(host.running(), v2(target.name));
                EXPECT_EQ(host.profile(), v1(target.name));
                EXPECT_EQ(host.boot_default(), v1(target.name));
            }
            return answer;
        };
    }
    int asked = 0;
    LandingAnswer answer = LandingAnswer::keep;
};

TEST_F(LandingCanary, AllWaitForOneAnswer) {
    Asked scene({"web1", "web2"});
    scene.deploy();
    EXPECT_EQ(scene.asked, 1);
    scene.expect_new("web1");
    scene.expect_new("web2");
}

TEST_F(LandingCanary, WhenOneIsNotWellNobodyIsAskedAndTheOtherGoesBackToo) {
    Asked scene({"web1"});
    scene.wait("web2", "fail1");
    scene.deploy();
    EXPECT_EQ(scene.asked, 0);
    scene.expect_old("web1");
    scene.expect_old("web2");
    EXPECT_TRUE(scene.host("web1").blameless);
    EXPECT_FALSE(scene.host("web2").blameless);
}

TEST_F(LandingCanary, TheMachineThatLockstepRunsOnIsNoCanary) {
    Asked scene({"web1", "web2"});
    scene.request.machine_id = scene.lab.host("web2").machine_id();
    scene.deploy();
    EXPECT_EQ(scene.asked, 0);
    EXPECT_EQ(scene.outcome("web2"), HostOutcome::refused);
    EXPECT_THAT(scene.host("web2").detail, HasSubstr("lockstep runs on it"));
    EXPECT_THAT(scene.host("web2").detail, HasSubstr("deploy.canary"));
    EXPECT_THAT(scene.lab.host("web2").steps(), ::testing::IsEmpty()) << "it was not touched";
    scene.expect_old("web2", HostOutcome::refused);
    // Not begun, or brought back, as it came.
    EXPECT_EQ(scene.lab.host("web1").running(), scene.v1("web1"));
    EXPECT_EQ(scene.lab.host("web1").profile(), scene.v1("web1"));
}

TEST_F(LandingCanary, WhenNobodyKnowsWhetherItLandedHostsAreToldNothing) {
    Asked scene({"web1"});
    scene.target("web1").limits.hold = 2;
    scene.answer = LandingAnswer::unknown;
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown);
    EXPECT_TRUE(eventually([&] { return scene.lab.host("web1").running() == scene.v1("web1"); }));
    EXPECT_EQ(scene.lab.host("web1").profile(), scene.v1("web1"));
}

TEST_F(LandingCanary, ACanaryThatFallsIllWhileItIsWatchedGoesBack) {
    Asked scene({"web1"});
    auto& target = scene.target("web1");
    target.health.checks = {parse_health_check("command test ! -e /run/ill").value()};
    target.health.passes = 1;
    target.soak = {Millis(400), 2};
    auto& host = scene.lab.host("web1");
    scene.failpoint = [&](std::string_view at) -> Result<void> {
        if (at == "deploy-acked") host.sh("touch /run/ill");
        return {};
    };
    scene.deploy();
    EXPECT_EQ(scene.asked, 0);
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("/run/ill"));
    EXPECT_FALSE(scene.host("web1").blameless);
}

#ifdef LOCKSTEP_FAILPOINTS
TEST_F(LandingCanary, KilledBeforeBaseMovedItIsTriedAgainAndLands) {
    WaitingUpdate scene("  hold_timeout: 60s\n" + k_canary);
    const auto cut = scene.run({}, "base-intent=kill");
    ASSERT_EQ(cut.code, 137) << cut.err;
    EXPECT_EQ(scene.canary().profile(), scene.v1) << "nothing is permanent yet";
    const auto end = scene.program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_NE(scene.program.base(), scene.before);
    EXPECT_EQ(scene.canary().running(), scene.canary().profile());
    EXPECT_NE(scene.canary().profile(), scene.v1);
}

TEST_F(LandingCanary, KilledAfterBaseMovedTheCanaryIsToldThatItLanded) {
    WaitingUpdate scene("  hold_timeout: 60s\n" + k_canary);
    const auto cut = scene.run({}, "base-pushed=kill");
    ASSERT_EQ(cut.code, 137) << cut.err;
    const auto end = scene.program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_NE(scene.program.base(), scene.before);
    EXPECT_NE(scene.canary().profile(), scene.v1);
    EXPECT_EQ(times(scene.canary(), "v2 test start"), 1) << "it was told, and not switched again";
}

TEST_F(LandingCanary, TerminatedAfterBaseMovedItSaysSoAndTheNextProcessTellsTheCanary) {
    WaitingUpdate scene("  hold_timeout: 60s\n" + k_canary);
    scene.program.terminated_at_failpoint = true;
    const auto cut = scene.run({}, "base-pushed=stall");
    scene.program.terminated_at_failpoint = false;
    EXPECT_EQ(cut.code, 143) << cut.err;
    EXPECT_NE(scene.program.base(), scene.before);
    EXPECT_EQ(cut.report["repo"]["base"]["after"], scene.program.base()) << "what is done is told";
    EXPECT_EQ(scene.canary().profile(), scene.v1);
    const auto end = scene.program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_NE(scene.canary().profile(), scene.v1);
    EXPECT_EQ(scene.canary().running(), scene.canary().profile());
    EXPECT_EQ(times(scene.canary(), "v2 test start"), 1) << "it was told, and not switched again";
}

TEST_F(LandingCanary, LeftAloneTheCanaryGoesBackByItself) {
    WaitingUpdate scene("  hold_timeout: 2s\n" + k_canary);
    const auto cut = scene.run({}, "base-intent=kill");
    ASSERT_EQ(cut.code, 137) << cut.err;
    ASSERT_TRUE(eventually([&] { return scene.canary().running() == scene.v1; }));
    scene.expect_old("canary1");
    EXPECT_EQ(scene.program.base(), scene.before);
}
#endif

}  // namespace
}  // namespace lockstep::test
