// SPDX-License-Identifier: MIT
// Row 7: a signal at every step of a run, two signals, and a runner that does not wait for the end.
#include <sys/inotify.h>
#include <sys/stat.h>

#include <csignal>

#include "e2e/resume_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::IsEmpty;

class FaultRow07 : public AtSteps<Step> {};

TEST_P(FaultRow07, OneSignalEndsTheRunWithAReportAndResumeGoesOn) {
    const auto& step = GetParam();
    const int signal = step.green ? SIGTERM : SIGINT;
    ResumeScene scene(step.green);
    auto run = scene.start_and_reach(step.name + "=stall");
    ASSERT_TRUE(run);
    run->signal(signal);
    const auto end = run->wait();
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    scene.expect_allowed();
    ASSERT_TRUE(end.report.is_object()) << end.err;
    EXPECT_EQ(end.report["verdict"]["exit_code"], end.code);
    // What was done when the signal came is done, and said so; everything else is an interruption.
    const auto outcome = end.report["verdict"]["outcome"].get<std::string>();
    const int expected = outcome == "landed" ? 0 : outcome == "proposed" ? 20 : 128 + signal;
    EXPECT_EQ(end.code, expected) << end.err;
    const bool moved = scene.on_remote({"rev-parse", "main"}) != scene.before;
    EXPECT_EQ(moved, outcome == "landed") << "base moved, and the report does not say so";

    const auto resumed = scene.resume();
    EXPECT_EQ(resumed.code, step.green ? 0 : 20) << resumed.err;
    step.green ? scene.expect_landed() : scene.expect_proposed();
}

INSTANTIATE_TEST_SUITE_P(AtEveryStep, FaultRow07, ::testing::ValuesIn(all_steps()), step_name);

/// A program that does not get on at all: in the run's own thread, and in the one that owns the children.
class FaultRow07Stuck : public ::testing::TestWithParam<const char*> {};

TEST_P(FaultRow07Stuck, TheSecondSignalEndsIt) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    auto run = scene.start_and_reach(std::string(GetParam()) + "=stuck");
    ASSERT_TRUE(run);
    run->signal(SIGTERM);
    run->signal(SIGINT);
    const auto end = run->wait();
    EXPECT_THAT(end.code, AnyOf(143, 130)) << end.err;
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    EXPECT_EQ(scene.on_remote({"rev-parse", "main"}), scene.before);
    ASSERT_TRUE(end.report.is_object());
    EXPECT_EQ(end.report["verdict"]["outcome"], "stopped");
    EXPECT_EQ(scene.resume().code, 0);
    scene.expect_landed();
}

INSTANTIATE_TEST_SUITE_P(Threads, FaultRow07Stuck, ::testing::Values("all-built", "host-done:1"),
                         [](const auto& one) { return std::string(one.index == 0 ? "Run" : "Children"); });

TEST(FaultRow07, ARunnerThatKillsAMomentAfterTheSignalStillHasAReport) {
    LOCKSTEP_NEEDS_FAILPOINTS();
    LOCKSTEP_NEEDS_NIX();
    ResumeScene scene(true);
    const auto directory = scene.lab / "run";
    auto run = scene.start_and_reach("all-built=stuck", {"--run-dir", directory.string()});
    ASSERT_TRUE(run);
    const int watch = inotify_init1(IN_CLOEXEC);
    ASSERT_GE(inotify_add_watch(watch, directory.c_str(), IN_MOVED_TO), 0);
    run->signal(SIGTERM);
    char event[4096];
    ASSERT_GT(read(watch, event, sizeof event), 0);  // the report appears although nothing else goes on
    close(watch);
    run->signal(SIGKILL);
    EXPECT_EQ(run->wait().code, k_killed);
    const auto report = nlohmann::json::parse(read_file(directory / "report.json"), nullptr, false);
    ASSERT_TRUE(report.is_object());
    EXPECT_EQ(report["verdict"]["outcome"], "stopped");
    EXPECT_EQ(report["verdict"]["exit_code"], 143);
    EXPECT_EQ(report["hosts"].size(), 2U) << "what was proved is in it";
    EXPECT_EQ(report["hosts"][0]["state"], "built");
}

}  // namespace
}  // namespace lockstep::test
