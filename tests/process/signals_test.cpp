// SPDX-License-Identifier: MIT
// Signals as callbacks.
#include "edges/signals.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

/// Puts mask and dispositions back, so that later tests of this program start as they should.
struct SignalState {
    SignalState() {
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        for (const int number : numbers) {
            before.emplace_back();
            sigaction(number, nullptr, &before.back());
        }
    }
    ~SignalState() {
        for (std::size_t i = 0; i < numbers.size(); ++i) sigaction(numbers[i], &before[i], nullptr);
        pthread_sigmask(SIG_SETMASK, &mask, nullptr);
    }
    SignalState(const SignalState&) = delete;
    SignalState& operator=(const SignalState&) = delete;
    std::vector<int> numbers{SIGPIPE, SIGXFSZ, SIGHUP};
    std::vector<struct sigaction> before;
    sigset_t mask{};
};

struct Heard {
    void operator()(int number, int nth) {
        const std::lock_guard lock(mutex);
        signals.emplace_back(number, nth);
        changed.notify_all();
    }
    void await(std::size_t count) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return signals.size() >= count; });
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<std::pair<int, int>> signals;
};

TEST(SignalWatch, CountsEverySignalThatAsksToStop) {
    const SignalState state;
    Heard heard;
    {
        const SignalWatch watch([&](int number, int nth) { heard(number, nth); });
        std::size_t sent = 0;
        for (const int number : {SIGINT, SIGTERM, SIGINT, SIGHUP}) {
            kill(getpid(), number);
            heard.await(++sent);
        }
    }
    EXPECT_EQ(heard.signals, (std::vector<std::pair<int, int>>{{SIGINT, 1}, {SIGTERM, 2}, {SIGINT, 3}, {SIGHUP, 4}}));
}

TEST(SignalWatch, MakesABrokenPipeAnErrorOfTheWrite) {
    const SignalState state;
    const SignalWatch watch([](int, int) {});
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    close(ends[0]);
    EXPECT_EQ(write(ends[1], "x", 1), -1);  // SIGPIPE would end this program
    EXPECT_EQ(errno, EPIPE);
    close(ends[1]);
}

TEST(SignalWatch, MakesAFileThatMayNotGrowAnErrorOfTheWrite) {
    const SignalState state;
    const SignalWatch watch([](int, int) {});
    TempDir dir;
    const auto file = (dir / "log").string();
    const pid_t child = fork();  // the limit is for a whole process
    if (child == 0) {
        const rlimit none{0, 0};
        const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        const bool refused = setrlimit(RLIMIT_FSIZE, &none) == 0 && write(fd, "x", 1) == -1 && errno == EFBIG;
        _exit(refused ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status)) << "SIGXFSZ ended it";
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SignalWatch, LeavesAnIgnoredHangUpIgnored) {
    const SignalState state;
    signal(SIGHUP, SIG_IGN);  // as nohup does
    Heard heard;
    {
        const SignalWatch watch([&](int number, int nth) { heard(number, nth); });
        kill(getpid(), SIGHUP);
        kill(getpid(), SIGTERM);
        heard.await(1);
    }
    EXPECT_EQ(heard.signals, (std::vector<std::pair<int, int>>{{SIGTERM, 1}}));
}

}  // namespace
}  // namespace lockstep::test
