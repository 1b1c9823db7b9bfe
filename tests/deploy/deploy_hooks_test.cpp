// SPDX-License-Identifier: MIT
// Hooks around hosts and waves of a deploy (row 45), and maintenance windows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/deploy_aside.hpp"
#include "lockstep/app/hooks.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A scene with hooks that write down when and for what they were run.
struct HookedScene : DeployScene {
    HookedScene() { request.policy.strategy = DeployStrategy::rolling; }

    DeployRecord deploy_with_hooks() {
        Hooks hooks(wishes, {.run = "run-1", .command = "deploy", .commit = "c0ffee"},
                    {supervisor, store, clock, *this});
        with_hooks = &hooks;
        auto done = deploy();
        with_hooks = nullptr;
        return done;
    }
    void trace_at(HookPoint point, const std::string& then = "") {
        wishes.lines[point] = {"echo $(cut -d' ' -f1 /proc/uptime) $LOCKSTEP_HOOK $FLEET_NODE$LOCKSTEP_WAVE >> " +
                               (dir / "trace").string() + "\n" + then};
    }
    /// Of the hooks, without the time.
    [[nodiscard]] std::vector<std::string> steps() const {
        std::vector<std::string> steps;
        for (const auto& line : lines_of(read_file(dir / "trace"))) steps.push_back(line.substr(line.find(' ') + 1));
        return steps;
    }
    /// Seconds of uptime of the first line of the trace that holds `text`.
    [[nodiscard]] static double time_of(const std::vector<std::string>& trace, const std::string& text) {
        for (const auto& line : trace)
            if (line.find(text) != std::string::npos) return std::stod(line);
        ADD_FAILURE() << "no " << text;
        return 0;
    }

    TempDir dir;
    HookWishes wishes;
};

struct FaultRow45 : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(FaultRow45, HooksGoAroundWhatTheyAreFor) {
    HookedScene scene;
    auto& a = scene.add("a");
    scene.add("b");
    for (const auto point :
         {HookPoint::before_wave, HookPoint::after_wave, HookPoint::before_host, HookPoint::after_host})
        scene.trace_at(point);
    scene.deploy_with_hooks();
    scene.expect_new("a");
    scene.expect_new("b");
    EXPECT_THAT(scene.steps(),
                ElementsAre("before_wave batch 1 of 2", "before_host abatch 1 of 2", "after_host abatch 1 of 2",
                            "after_wave batch 1 of 2", "before_wave batch 2 of 2", "before_host bbatch 2 of 2",
                            "after_host bbatch 2 of 2", "after_wave batch 2 of 2"));
    const auto trace = lines_of(read_file(scene.dir / "trace"));
    EXPECT_LE(HookedScene::time_of(trace, "before_host a"), HookedScene::time_of(a.trace(), "v2 test start"));
    ASSERT_FALSE(a.trace().empty());
    EXPECT_GE(HookedScene::time_of(trace, "after_host a"), std::stod(a.trace().back()));
    EXPECT_EQ(scene.record.hooks_run, 8U);
    EXPECT_EQ(scene.record.hooks_failed, 0U);
}

TEST_F(FaultRow45, AHostWhoseHookFailsIsNotTouchedAndTheOthersGoOnAsFarAsIsTolerated) {
    HookedScene scene;
    auto& a = scene.add("a");
    scene.add("b");
    scene.request.policy.tolerate = {.amount = 1};
    scene.trace_at(HookPoint::before_host, "test $FLEET_NODE != a || { echo still in the pool; exit 7; }");
    scene.trace_at(HookPoint::after_host, "cat > " + (scene.dir / "json-").string() + "$FLEET_NODE");
    scene.deploy_with_hooks();
    scene.expect_old("a", HostOutcome::refused);
    EXPECT_THAT(a.steps(), IsEmpty());
    EXPECT_THAT(scene.host("a").detail, HasSubstr("hook before_host a exited with code 7: still in the pool"));
    scene.expect_new("b");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
    // What it had begun can be undone.
    EXPECT_THAT(read_file(scene.dir / "json-a"), HasSubstr("\"outcome\":\"refused\""));
    EXPECT_THAT(read_file(scene.dir / "json-b"), HasSubstr("\"outcome\":\"confirmed\""));
    EXPECT_EQ(scene.record.hooks_failed, 1U);
}

TEST_F(FaultRow45, AHostGoesOnWhenItsHookOnlyWarns) {
    HookedScene scene;
    scene.add("a");
    scene.wishes.stop = false;
    scene.trace_at(HookPoint::before_host, "false");
    scene.deploy_with_hooks();
    scene.expect_new("a");
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
    EXPECT_EQ(scene.record.hooks_failed, 1U);
}

TEST_F(FaultRow45, AWaveWhoseHookFailsIsNotBegunAndThoseBeforeItStay) {
    HookedScene scene;
    scene.add("a");
    scene.add("b");
    scene.trace_at(HookPoint::before_wave, "case $LOCKSTEP_WAVE in 'batch 2'*) echo not now; exit 1;; esac");
    scene.trace_at(HookPoint::after_wave);
    scene.deploy_with_hooks();
    scene.expect_new("a");
    scene.expect_old("b", HostOutcome::not_started);
    EXPECT_EQ(scene.record.exit, ExitCode::approval_missing);
    EXPECT_THAT(scene.record.reason, HasSubstr("wave batch 2 of 2 is not begun: hook before_wave batch 2 of 2 exited"));
    EXPECT_THAT(scene.record.reason, HasSubstr("not now"));
    EXPECT_THAT(scene.steps(), ElementsAre("before_wave batch 1 of 2", "after_wave batch 1 of 2",
                                           "before_wave batch 2 of 2", "after_wave batch 2 of 2"));
}

TEST_F(FaultRow45, WhatAHookAfterAHostDoesChangesNothingThatWasProved) {
    HookedScene scene;
    scene.add("a");
    scene.trace_at(HookPoint::after_host, "exit 1");
    scene.trace_at(HookPoint::after_wave, "exit 1");
    scene.deploy_with_hooks();
    scene.expect_new("a");
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
    EXPECT_EQ(scene.record.hooks_failed, 2U);
}

struct DeployWindows : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
    static Millis now() {
        return std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch());
    }
};

TEST_F(DeployWindows, OutsideNothingIsBegunAndTheNextOneIsTold) {
    DeployScene scene;
    auto& a = scene.add("a");
    scene.request.calendar.emplace();
    scene.request.calendar->push_back({now() + std::chrono::hours(2), now() + std::chrono::hours(3)});
    scene.deploy();
    scene.expect_old("a", HostOutcome::not_started);
    EXPECT_THAT(a.steps(), IsEmpty());
    EXPECT_EQ(scene.record.exit, ExitCode::approval_missing);
    EXPECT_THAT(scene.record.reason, HasSubstr("fits into no window; the next window opens at 20"));
    EXPECT_THAT(scene.record.reason, HasSubstr(", in 2 h"));
    EXPECT_THAT(join(scene.record.plan, "\n"), HasSubstr("no maintenance window is open: nothing is begun"));
}

TEST_F(DeployWindows, AWaveThatWouldNotBeDoneInsideIsNotBegun) {
    DeployScene scene;
    scene.add("a");
    scene.add("b");
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.target("b").expected_activate = std::chrono::minutes(20);
    scene.request.calendar.emplace();
    scene.request.calendar->push_back({now() - std::chrono::hours(1), now() + std::chrono::minutes(10)});
    scene.deploy();
    scene.expect_new("a");
    scene.expect_old("b", HostOutcome::not_started);
    EXPECT_EQ(scene.record.exit, ExitCode::approval_missing);
    EXPECT_THAT(join(scene.record.plan, "\n"),
                HasSubstr("wave batch 2 of 2 would not be done before the window closes"));
}

TEST_F(DeployWindows, ADryRunTellsOfThem) {
    DeployScene scene;
    scene.add("a");
    scene.request.dry_run = true;
    scene.request.calendar.emplace();
    scene.deploy();
    EXPECT_THAT(join(scene.record.plan, "\n"),
                HasSubstr("no maintenance window is open: nothing is begun; no window opens within two weeks"));
}

}  // namespace
}  // namespace lockstep::test
