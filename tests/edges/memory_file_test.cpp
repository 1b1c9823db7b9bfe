// SPDX-License-Identifier: MIT
// Lessons on disk: shared, damaged, rewritten, refused.
#include "edges/memory_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using ::testing::HasSubstr;

DerivationBuilt built(const std::string& name, Millis duration = 1s) {
    return {name, duration};
}

struct MemoryFileTest : ::testing::Test {
    TempDir dir;
    fs::path file = dir / "state/fleet/memory.jsonl";

    std::unique_ptr<Memory> open() {
        auto memory = MemoryFile::open(file);
        EXPECT_TRUE(memory.ok()) << memory.error().why;
        return std::move(memory).value();
    }
    std::string refusal() {
        const auto memory = MemoryFile::open(file);
        EXPECT_FALSE(memory.ok());
        return memory.ok() ? "" : memory.error().why;
    }
    std::size_t lines() { return lines_of(read_file(file)).size(); }
};

TEST_F(MemoryFileTest, RemembersForTheNextRun) {
    const auto first = open();
    EXPECT_TRUE(first->recall().lessons().empty());
    first->learn({built("linux-6.6.8", 20min), HostEvaluated{"web1", 5s, 7}});
    first->learn({});
    EXPECT_EQ(first->recall().build_time("linux-6.6.8"), 20min);
    const auto second = open();
    EXPECT_EQ(second->recall().lessons(), first->recall().lessons());
    EXPECT_EQ(second->recall().evaluation_memory("web1"), 7U);
    EXPECT_EQ(lines(), 2U);
}

TEST_F(MemoryFileTest, IsOurOwnAlone) {
    open()->learn({built("x")});
    struct stat info {};
    ASSERT_EQ(stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    ASSERT_EQ(stat(file.parent_path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST_F(MemoryFileTest, DamagedLinesCostThemselvesOnly) {
    open()->learn({built("a"), built("b"), built("c")});
    auto text = read_file(file);
    text.replace(text.find("\"b\""), 3, std::string("\0\xff\"", 3));
    write_file(file, text + "\n\n{\"lesson\":\"built\",\"name\":\"d\",\"m");
    const auto second = open();
    second->learn({built("e")});
    const auto third = open();
    for (const auto* memory : {second.get(), third.get()}) {
        EXPECT_EQ(memory->recall().build_time("a"), 1s);
        EXPECT_EQ(memory->recall().build_time("b"), std::nullopt);
        EXPECT_EQ(memory->recall().build_time("c"), 1s);
        EXPECT_EQ(memory->recall().build_time("d"), std::nullopt);
        EXPECT_EQ(memory->recall().build_time("e"), 1s);
    }
}

TEST_F(MemoryFileTest, RefusesWhatIsNotItsOwn) {
    const auto other = dir / "other.jsonl";
    write_file(other, lesson_line(built("planted")) + "\n");
    fs::create_directories(file.parent_path());
    fs::create_symlink(other, file);
    EXPECT_EQ(refusal(), "it is a symbolic link");
    fs::remove(file);
    fs::create_directory(file);
    EXPECT_EQ(refusal(), "it is not a regular file");
    fs::remove(file);
    ASSERT_EQ(mkfifo(file.c_str(), 0600), 0);
    EXPECT_EQ(refusal(), "it is not a regular file");
    fs::remove(file);
    write_file(file, "");
    ASSERT_EQ(chmod(file.c_str(), 0622), 0);
    EXPECT_EQ(refusal(), "others may write to it");
    ASSERT_EQ(chmod(file.c_str(), 0644), 0);
    EXPECT_TRUE(MemoryFile::open(file).ok());
    if (geteuid() == 0) {
        ASSERT_EQ(chown(file.c_str(), 4242, static_cast<gid_t>(-1)), 0);
        EXPECT_EQ(refusal(), "it belongs to another user");
    }
    EXPECT_EQ(read_file(other), lesson_line(built("planted")) + "\n");
}

TEST_F(MemoryFileTest, RefusesADirectoryThatCannotBeMade) {
    write_file(dir / "state", "a file");
    const auto memory = MemoryFile::open(file);
    ASSERT_FALSE(memory.ok());
    EXPECT_EQ(memory.error().kind, ErrorKind::config);
    EXPECT_THAT(memory.error().what, HasSubstr(file.string()));
}

TEST_F(MemoryFileTest, ALinkPutThereLaterIsNotFollowed) {
    const auto memory = open();
    const auto other = dir / "other";
    write_file(other, "theirs");
    fs::create_symlink(other, file);
    memory->learn({built("x")});
    EXPECT_EQ(read_file(other), "theirs");
    EXPECT_EQ(memory->recall().build_time("x"), 1s);
}

TEST_F(MemoryFileTest, AFullDiskLeavesWholeLines) {
    open()->learn({built("kept")});
    const auto before = read_file(file);
    const pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{before.size() + 10, before.size() + 10};
        if (setrlimit(RLIMIT_FSIZE, &limit) != 0) _exit(2);
        const auto memory = MemoryFile::open(file);
        if (!memory.ok()) _exit(3);
        memory.value()->learn({built("lost")});
        _exit(memory.value()->recall().build_time("lost") ? 0 : 4);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(read_file(file), before);
}

/// One fact again and again, about 50 KiB each time: all but the last is out of date.
void fill(Memory& memory, int times) {
    CommitEvaluated lesson{"", "3f78", {}};
    for (int i = 0; i < 500; ++i) lesson.drvs["host" + std::to_string(i)] = std::string(90, 'x');
    for (int i = 0; i < times; ++i) memory.learn({lesson});
}

TEST_F(MemoryFileTest, IsRewrittenWhenMostOfItIsOutOfDate) {
    const auto first = open();
    first->learn({built("once", 7s), HostEvaluated{"web1", 5s, 7}});
    fill(*first, 30);
    ASSERT_GT(fs::file_size(file), 1U << 20U);
    const auto second = open();
    EXPECT_EQ(second->recall().lessons(), first->recall().lessons());
    EXPECT_EQ(lines(), 3U);
    EXPECT_EQ(open()->recall().lessons(), first->recall().lessons());
    struct stat info {};
    ASSERT_EQ(stat(file.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    first->learn({built("later")});  // opened before the rewrite
    EXPECT_EQ(open()->recall().build_time("later"), 1s);
    for (const auto& entry : fs::directory_iterator(file.parent_path())) EXPECT_EQ(entry.path(), file);
}

TEST_F(MemoryFileTest, IsLeftAloneWhenItHoldsWhatItNeeds) {
    std::vector<Lesson> batch;
    for (int i = 0; i < 300; ++i) {
        const auto name = std::to_string(i);
        batch.emplace_back(DerivationFailed{.drv = name,
                                            .cls = CauseClass::builder_failed,
                                            .tail = std::vector<std::string>(40, std::string(100, 'x'))});
    }
    open()->learn(batch);
    ASSERT_GT(fs::file_size(file), 1U << 20U);
    struct stat before {
    }, after{};
    ASSERT_EQ(stat(file.c_str(), &before), 0);
    open();
    ASSERT_EQ(stat(file.c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(MemoryFileTest, ProcessesLoseNothingOfEachOtherWhileOthersRewrite) {
    fill(*open(), 30);
    constexpr int processes = 3, rounds = 100;
    std::vector<pid_t> children;
    for (int p = 0; p < processes; ++p) {
        const pid_t child = fork();
        if (child == 0) {
            const auto memory = MemoryFile::open(file);
            if (!memory.ok()) _exit(3);
            for (int i = 0; i < rounds; ++i)
                memory.value()->learn({built("p" + std::to_string(p) + "x" + std::to_string(i))});
            _exit(0);
        }
        children.push_back(child);
    }
    for (int i = 0; i < 3; ++i) {
        fill(*open(), 30);
        std::thread other([this] { (void)MemoryFile::open(file); });
        (void)MemoryFile::open(file);
        other.join();
    }
    for (const auto child : children) {
        int status = -1;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    const auto after = open();
    for (int p = 0; p < processes; ++p)
        for (int i = 0; i < rounds; ++i)
            EXPECT_TRUE(after->recall().build_time("p" + std::to_string(p) + "x" + std::to_string(i))) << p << " " << i;
}

TEST(ForgetfulMemory, RemembersUntilItEnds) {
    const auto memory = forgetful_memory();
    memory->learn({built("x", 3s)});
    EXPECT_EQ(memory->recall().build_time("x"), 3s);
}

}  // namespace
}  // namespace lockstep::test
