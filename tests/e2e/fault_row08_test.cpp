// SPDX-License-Identifier: MIT
// Row 8: killed at a step, and nobody resumes: the next plain run gets to the same end. Row 10, in part: a step that
// fails for want of room.
#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class FaultRow08 : public AtSteps<Step> {};

TEST_P(FaultRow08, AfterAKillThePlainNextRunGetsToTheEnd) {
    const auto& step = GetParam();
    ResumeScene scene(step.green);
    ASSERT_EQ(scene.start(step.name + "=kill").code, k_killed);
    const auto end = scene.start();
    EXPECT_EQ(end.code, step.green ? 0 : 20) << end.err;
    // What had landed leaves nothing to do, and so nobody who needs the lock: it is freed by hand, or expires.
    if (step.name == "base-pushed") {
        const auto freed = scene.run({"unlock"});
        EXPECT_EQ(freed.code, 0) << freed.err;
        EXPECT_THAT(freed.out, HasSubstr("freed the lock for main"));
    }
    step.green ? scene.expect_landed() : scene.expect_proposed();
    ASSERT_TRUE(end.report.is_object());
    // Nothing is left to do for the run that was killed either.
    const auto world = scene.world();
    const auto resumed = scene.resume();
    EXPECT_THAT(resumed.code, AnyOf(0, 20)) << resumed.err;
    EXPECT_EQ(scene.world(), world);
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, FaultRow08, ::testing::ValuesIn(all_steps()), step_name);

class FaultRow10Steps : public FaultRow08 {};

TEST_P(FaultRow10Steps, NoSpaceLeftEndsTheRunWithAReportAndResumeGoesOn) {
    const auto& step = GetParam();
    ResumeScene scene(step.green);
    const auto end = scene.start(step.name + "=errno:28");
    ASSERT_TRUE(end.report.is_object()) << end.err;
    EXPECT_EQ(end.report["verdict"]["exit_code"], end.code);
    const auto outcome = end.report["verdict"]["outcome"].get<std::string>();
    const bool moved = scene.on_remote({"rev-parse", "main"}) != scene.before;
    if (end.code == (step.green ? 0 : 20)) {
        EXPECT_EQ(outcome, step.green ? "landed" : "proposed");
    } else {
        EXPECT_THAT(end.code, AnyOf(40, 21)) << end.err;
        EXPECT_THAT(end.report["verdict"]["reason"].get<std::string>(), HasSubstr("No space left"));
        EXPECT_NE(end.report["verdict"]["next_action"], "");
    }
    scene.expect_allowed();
    if (moved) {
        const auto reason = end.report["verdict"]["reason"].get<std::string>();
        EXPECT_THAT(reason, HasSubstr("main")) << "base moved unsaid";
    }
    const auto resumed = scene.resume();
    EXPECT_EQ(resumed.code, step.green ? 0 : 20) << resumed.err;
    step.green ? scene.expect_landed() : scene.expect_proposed();
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, FaultRow10Steps, ::testing::ValuesIn(all_steps()), step_name);

}  // namespace
}  // namespace lockstep::test
