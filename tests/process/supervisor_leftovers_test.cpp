// SPDX-License-Identifier: MIT
// What is told about processes that outlive the children that made them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/wait.h>
#include <unistd.h>

#include "edges/supervisor.hpp"

namespace lockstep {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(SupervisorLeftovers, ADaemonIsEndedAndNamed) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    // Only once it is the daemon that it is to be.
    const auto done = run_to_end(supervisor, {.argv = {"sh", "-c",
                                                       "setsid sleep 1000 >/dev/null 2>&1 </dev/null & "
                                                       "until [ \"$(cat /proc/$!/comm)\" = sleep ]; do :; done"}});
    ASSERT_TRUE(done.status.ok());
    const auto left = supervisor.end_leftovers();
    EXPECT_THAT(left.ended, ElementsAre(HasSubstr("sleep")));
    EXPECT_THAT(left.living, Not(Contains(HasSubstr("sleep"))));
    EXPECT_THAT(supervisor.end_leftovers().ended, IsEmpty());
}

TEST(SupervisorLeftovers, WhatIsNotOursToEndIsNamed) {
    const pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    ASSERT_GT(pid, 0);
    {
        Supervisor supervisor({"PATH=/usr/bin:/bin"});
        EXPECT_THAT(supervisor.end_leftovers().living, Contains(HasSubstr(std::to_string(pid) + " (")));
        EXPECT_EQ(kill(pid, 0), 0);
    }
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
}

TEST(SupervisorLeftovers, RunningChildrenAreNone) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    const auto child = supervisor.submit({.argv = {"sleep", "1000"}}, nullptr, nullptr);
    const auto left = supervisor.end_leftovers();
    EXPECT_THAT(left.living, Not(Contains(HasSubstr("sleep"))));
    supervisor.stop(child);
}

}  // namespace
}  // namespace lockstep
