// SPDX-License-Identifier: MIT
// The end of a program that does not get on any more: nothing of it survives.
#include "edges/last_resort.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/wait.h>
#include <unistd.h>

namespace lockstep::test {
namespace {

constexpr int k_code = 143;

/// A program with a child in a session of its own, which holds the pipe open for as long as it lives.
[[noreturn]] void be_stuck(int pipe) {
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        alarm(60);  // should nobody end it
        const pid_t self = getpid();
        if (write(pipe, &self, sizeof self) != sizeof self) _exit(1);
        for (;;) pause();
    }
    close(pipe);
    alarm(60);
    LastResort last;
    last.arm(k_code);
    for (;;) pause();
}

TEST(LastResort, EndsTheProgramAndEveryDescendant) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    const pid_t program = fork();
    if (program == 0) {
        close(ends[0]);
        be_stuck(ends[1]);
    }
    close(ends[1]);
    ASSERT_GT(program, 0);
    pid_t descendant = 0;
    ASSERT_EQ(read(ends[0], &descendant, sizeof descendant), static_cast<ssize_t>(sizeof descendant));
    int status = 0;
    ASSERT_EQ(waitpid(program, &status, 0), program);
    EXPECT_TRUE(WIFEXITED(status)) << "it was still there after a minute";
    EXPECT_EQ(WEXITSTATUS(status), k_code);
    // Whoever is killed closes the pipe; whoever is not would hold it for ever.
    pollfd closed{ends[0], POLLIN, 0};
    EXPECT_EQ(poll(&closed, 1, 10'000), 1) << "its descendant lives on";
    if (closed.revents == 0) kill(descendant, SIGKILL);
    close(ends[0]);
}

TEST(LastResort, IsNotArmedAnyMoreOnceTheProgramGotOn) {
    LastResort last;
    last.arm(k_code);
    last.cancel();
    last.arm(k_code);  // a signal that comes later
}

}  // namespace
}  // namespace lockstep::test
