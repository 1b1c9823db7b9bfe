// SPDX-License-Identifier: MIT
// One run at a time: who is refused, what they are told, and when the lock goes.
#include "edges/run_lock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/wait.h>

#include <condition_variable>
#include <mutex>

#include "edges/supervisor.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

const std::string k_since = "2026-11-21T02:00:00Z";

struct RunLockTest : ::testing::Test {
    TempDir dir;
    std::filesystem::path file = dir / "state/lock-main";
};

TEST_F(RunLockTest, TheSecondIsToldWhoHoldsIt) {
    const auto first = RunLock::acquire(file, holder_json("20261121T020000Z-1a2b3c", k_since));
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(read_file(file), "{\"pid\":" + std::to_string(getpid()) +
                                   ",\"run\":\"20261121T020000Z-1a2b3c\",\"since\":\"2026-11-21T02:00:00Z\"}\n");
    const auto second = RunLock::acquire(file, holder_json("other", k_since));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().kind, ErrorKind::locked);
    EXPECT_EQ(second.error().why, "the lock " + file.string() + " is held by process " + std::to_string(getpid()) +
                                      ", run 20261121T020000Z-1a2b3c, since 2026-11-21T02:00:00Z");
    EXPECT_NE(second.error().hint, "");
    EXPECT_THAT(read_file(file), HasSubstr("1a2b3c"));
}

TEST_F(RunLockTest, OtherLinesAreShownClean) {
    const auto first = RunLock::acquire(file, "run 7\x1b[2J\nfor ever");
    EXPECT_THAT(RunLock::acquire(file, "").error().why, ::testing::EndsWith("held by run 7 for ever"));
    const auto silent = RunLock::acquire(dir / "silent", "");
    EXPECT_THAT(RunLock::acquire(dir / "silent", "").error().why, ::testing::EndsWith("held by another process"));
}

TEST_F(RunLockTest, GoesWithItsHolder) {
    { ASSERT_TRUE(RunLock::acquire(file, "first").ok()); }
    EXPECT_EQ(read_file(file), "");
    EXPECT_TRUE(RunLock::acquire(file, "second").ok());
}

TEST_F(RunLockTest, GoesWhenItsHolderIsKilled) {
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t holder = fork();
    if (holder == 0) {
        const auto lock = RunLock::acquire(file, holder_json("doomed", k_since));
        (void)!write(ready[1], lock.ok() ? "y" : "n", 1);
        for (;;) pause();
    }
    char answer = 0;
    ASSERT_EQ(read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    const auto refused = RunLock::acquire(file, "");
    kill(holder, SIGKILL);
    waitpid(holder, nullptr, 0);
    close(ready[0]);
    close(ready[1]);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().why, HasSubstr("process " + std::to_string(holder) + ", run doomed"));
    EXPECT_TRUE(RunLock::acquire(file, "").ok());
}

TEST_F(RunLockTest, IsNotInheritedByChildren) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    std::mutex mutex;
    std::condition_variable changed;
    bool stands = false;
    {
        const auto lock = RunLock::acquire(file, "");
        ASSERT_TRUE(lock.ok());
        Command wish;
        wish.argv = {std::string(LOCKSTEP_CHILDREN_DIR) + "/waits"};
        supervisor.submit(
            wish,
            [&](Stream, std::string_view) {
                const std::lock_guard guard(mutex);
                stands = true;
                changed.notify_all();
            },
            nullptr);
        std::unique_lock guard(mutex);
        changed.wait(guard, [&] { return stands; });
    }
    EXPECT_TRUE(RunLock::acquire(file, "").ok());
}

TEST_F(RunLockTest, AFileThatCannotBeOneIsAnError) {
    std::filesystem::create_symlink(dir / "elsewhere", dir / "link");
    const auto link = RunLock::acquire(dir / "link", "");
    ASSERT_FALSE(link.ok());
    EXPECT_EQ(link.error().kind, ErrorKind::infrastructure);
    EXPECT_FALSE(std::filesystem::exists(dir / "elsewhere"));
    write_file(dir / "file", "");
    EXPECT_EQ(RunLock::acquire(dir / "file/lock", "").error().kind, ErrorKind::infrastructure);
}

}  // namespace
}  // namespace lockstep::test
