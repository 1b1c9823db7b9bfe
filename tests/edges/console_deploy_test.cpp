// SPDX-License-Identifier: MIT
// A deploy as it is shown: who is at which stage, and how long it may take.
#include <gmock/gmock.h>

#include "edges/console_scene.hpp"

namespace lockstep {
namespace {

using namespace test;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct ConsoleDeploy : ::testing::Test {
    [[nodiscard]] DeployView::Time at(std::chrono::seconds time) const { return DeployView::Time(1h) + time; }
    [[nodiscard]] DeployView view() const {
        DeployView view{.hosts = 12, .ended = 3, .failed = 1, .wave = "canary (1 of 3)", .since = at(0s)};
        view.busy = {{"web1", "copy", at(0s), 40s}, {"web2", "activate", at(50s), {}}};
        view.end = at(10min);
        return view;
    }
    ConsoleProgress progress;
};

TEST_F(ConsoleDeploy, TellsHostsWaveAndTheTimeThatIsLeft) {
    progress.show(view());
    EXPECT_EQ(progress.header(at(1min)), "3/12 hosts, 1 failed · wave canary (1 of 3) · 1 min · about 9 min left");
    EXPECT_THAT(progress.running(at(1min), 6),
                ElementsAre("  copy web1  1 min, usually 40 s", "  activate web2  10 s"));
    EXPECT_EQ(progress.heartbeat(at(1min)),
              "… copy web1 (1 min), activate web2 (10 s) · 3/12 hosts, 1 failed · wave canary (1 of 3) · 1 min · "
              "about 9 min left");
}

TEST_F(ConsoleDeploy, TellsNoTimeThatNobodyKnowsOrThatHasPassed) {
    auto now = view();
    now.end.reset();
    progress.show(now);
    EXPECT_THAT(progress.header(at(1min)), Not(HasSubstr("left")));
    now.end = at(30s);
    progress.show(now);
    EXPECT_THAT(progress.header(at(1min)), Not(HasSubstr("left")));
}

TEST_F(ConsoleDeploy, LeavesOutWhatHasNoRoomAndSaysSo) {
    auto now = view();
    for (int n = 0; n < 10; ++n) now.busy.push_back({"db" + std::to_string(n), "prove", at(0s), {}});
    progress.show(now);
    EXPECT_THAT(progress.running(at(1min), 3),
                ElementsAre("  copy web1  1 min, usually 40 s", "  activate web2  10 s", "  and 10 more"));
    EXPECT_THAT(progress.running(at(1min), 0), IsEmpty());
    EXPECT_THAT(progress.heartbeat(at(1min)), HasSubstr("prove db0 (1 min), … ·"));
}

TEST_F(ConsoleDeploy, IsGoneWhenTheDeployIsOver) {
    progress.show(view());
    progress.show({});
    EXPECT_EQ(progress.header(at(1min)), "");
    EXPECT_EQ(progress.heartbeat(at(1min)), "");
}

TEST_F(ConsoleDeploy, ShowsNoControlCharactersOfHosts) {
    auto now = view();
    now.busy = {{"we\x1b[2Jb1\n", "copy", at(0s), {}}};
    progress.show(now);
    EXPECT_THAT(progress.running(at(1min), 6).front(), Not(HasSubstr("\x1b")));
    EXPECT_THAT(progress.running(at(1min), 6).front(), Not(HasSubstr("\n")));
}

TEST_F(ConsoleDeploy, IsASignOfLifeInALog) {
    Pipe pipe;
    StillClock clock;
    {
        Console console({.fd = pipe.fd, .heartbeat = 0ms}, clock);
        console.show(view());
        clock.passed += 31s;
        console.tick();
    }
    EXPECT_THAT(pipe.all(), HasSubstr("… copy web1 ("));
}

}  // namespace
}  // namespace lockstep
