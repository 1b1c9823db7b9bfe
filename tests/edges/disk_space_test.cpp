// SPDX-License-Identifier: MIT
// Free space of real file systems, small ones among them.
#include "edges/disk_space.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

/// Runs `body` in a thread with mounts of its own, which go with it. "" or why that cannot be had.
std::string with_small_file_system(const std::filesystem::path& at, const char* options,
                                   const std::function<void()>& body) {
    std::string why;
    std::thread([&] {
        const bool mounted = unshare(CLONE_NEWNS) == 0 &&
                             mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                             mount("tmpfs", at.c_str(), "tmpfs", 0, options) == 0;
        if (mounted)
            body();
        else
            why = std::strerror(errno);
    }).join();
    return why;
}

TEST(MountedDisk, SeesWhatIsLeftOnASmallFileSystem) {
    TempDir dir;
    MountedDisk disk;
    std::filesystem::create_directory(dir / "small");
    const auto outside = disk.space(dir.path()).value();
    const auto why = with_small_file_system(dir / "small", "size=1m,nr_inodes=32", [&] {
        const auto empty = disk.space(dir / "small");
        ASSERT_TRUE(empty.ok());
        EXPECT_EQ(empty->bytes, 1u << 20);
        EXPECT_NE(empty->file_system, outside.file_system);
        write_file(dir / "small/half", std::string(512u << 10, 'x'));
        for (int i = 0; i < 10; ++i) write_file(dir / "small/empty" / std::to_string(i), "");
        const auto fuller = disk.space(dir / "small/half");
        ASSERT_TRUE(fuller.ok());
        EXPECT_EQ(fuller->bytes, 512u << 10);
        EXPECT_EQ(*empty->inodes - *fuller->inodes, 12u);
    });
    if (!why.empty()) GTEST_SKIP() << "mounting needs root: " << why;
}

TEST(MountedDisk, APathThatIsNotThereYetCountsAsItsParent) {
    TempDir dir;
    MountedDisk disk;
    struct stat info {};
    ASSERT_EQ(stat(dir.path().c_str(), &info), 0);
    write_file(dir / "file", "");
    for (const auto* path : {".", "new/deep/down", "file/below"}) {
        const auto space = disk.space(dir / path);
        ASSERT_TRUE(space.ok()) << path;
        EXPECT_EQ(space->file_system, info.st_dev) << path;
    }
    EXPECT_TRUE(disk.space("/nonexistent/at/all").ok());
    EXPECT_FALSE(disk.space("relative-and-absent").ok());
}

}  // namespace
}  // namespace lockstep::test
