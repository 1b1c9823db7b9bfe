// SPDX-License-Identifier: MIT
// The time of a whole run: what is known is published, nothing is believed that was not seen, and the run ends.
#include <sys/stat.h>

#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Recipe::Kind;

TEST(RunDeadline, WhatIsNotProvedInTimeDoesNotLandAndIsNobodysFault) {
    LOCKSTEP_NEEDS_NIX();
    BadInputScene scene;
    scene.publish_small_fleet();
    const auto gate = scene.lab / "gate";
    ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
    scene.fleet.part("catalogue", "tls", {Kind::hangs, gate.string()});
    const Witness witness(scene);
    const auto end = scene.run({"run", "--deadline", "10s"});  // building ends after half of it
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    witness.expect_unchanged();
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(end.report["verdict"]["reason"].get<std::string>(), HasSubstr("the run's time was up"));
    EXPECT_THAT(end.host("web1").value("state", ""), AnyOf("interrupted", "not_started"));
    EXPECT_THAT(end.host("web1").value("detail", ""), HasSubstr("run.deadline is 10s"));
    EXPECT_NE(end.report["verdict"]["next_action"], "");
}

TEST(RunDeadline, AHostKnownToBeBrokenStillGetsItsPullRequest) {
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(false);
    const auto gate = scene.lab / "gate";
    ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
    scene.fleet.host("slow", {.parts = {"catalogue.slow"}});
    scene.fleet.part("catalogue", "tls", {.text = "1"});
    scene.fleet.part("catalogue", "slow", {});
    scene.fleet.commit("slow");
    scene.lab.git(scene.fleet.repository(), {"push", "-q", scene.bare.string(), "HEAD:main"});
    scene.before = scene.on_remote({"rev-parse", "main"});
    scene.fleet.part("catalogue", "tls", {Kind::fails, "2"});
    scene.fleet.part("catalogue", "slow", {Kind::hangs, gate.string()});
    auto arguments = scene.forge_flags;
    arguments.insert(arguments.begin(), {"run", "--deadline", "24s", "--slots", "2"});
    const auto end = scene.run(arguments);
    EXPECT_EQ(end.code, 20) << end.err;
    scene.expect_proposed();
    ASSERT_TRUE(end.report.is_object());
    EXPECT_EQ(end.host("web1").value("state", ""), "dependency_failed");
    EXPECT_EQ(end.host("slow").value("state", ""), "interrupted");
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
}

class RunDeadlineAtStep : public ::testing::TestWithParam<const char*> {};

TEST_P(RunDeadlineAtStep, EverythingEndsWhenItIsUp) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const auto end =
        scene.run({"run", "--deadline", "12s"}, {"LOCKSTEP_TEST_FAILPOINT=" + std::string(GetParam()) + "=stall"});
    EXPECT_EQ(end.code, 40) << end.err;
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
    ASSERT_TRUE(end.report.is_object());
    EXPECT_THAT(end.report["verdict"]["reason"].get<std::string>(), HasSubstr("the run's time was up"));
    EXPECT_EQ(scene.start().code, 0);
    scene.expect_landed();
}

INSTANTIATE_TEST_SUITE_P(Steps, RunDeadlineAtStep, ::testing::Values("commit", "eval", "base-intent"),
                         [](const auto& one) { return "N" + std::to_string(one.index); });

TEST(RunDeadline, IsRefusedWhenItIsNoDuration) {
    LOCKSTEP_NEEDS_NIX();
    BadInputScene scene;
    scene.publish_small_fleet();
    const auto end = scene.run({"run", "--deadline", "soon"});
    EXPECT_THAT(end.code, AnyOf(64, 78)) << end.err;
    EXPECT_EQ(scene.run({"build", "--deadline", "0s"}).code, 0);
}

}  // namespace
}  // namespace lockstep::test
