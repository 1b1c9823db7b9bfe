// SPDX-License-Identifier: MIT
// Reading the machine's files.
#include "edges/disk_files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

TEST(DiskFiles, ReadsWholeFilesUpToTheLimit) {
    TempDir dir;
    DiskFiles files;
    const std::string text("a\0b\n", 4);
    write_file(dir / "file", text);
    std::filesystem::create_symlink("file", dir / "link");
    EXPECT_EQ(files.read(dir / "file").value(), text);
    EXPECT_EQ(files.read(dir / "link").value(), text);
    EXPECT_EQ(files.read(dir / "file", 4).value(), text);
    write_file(dir / "empty", "");
    EXPECT_EQ(files.read(dir / "empty").value(), "");
    write_file(dir / "big", std::string(100'000, 'x'));
    EXPECT_EQ(files.read(dir / "big").value().size(), 100'000U);
    EXPECT_EQ(files.read("/proc/self/stat").value().substr(0, 3), std::to_string(getpid()).substr(0, 3));

    const auto large = files.read(dir / "file", 3);
    ASSERT_FALSE(large.ok());
    EXPECT_EQ(large.error().kind, ErrorKind::infrastructure);
    EXPECT_EQ(large.error().what, (dir / "file").string() + " cannot be read");
    EXPECT_EQ(large.error().why, "it is larger than 3 bytes");
}

TEST(DiskFiles, RefusesWhatIsNoRegularFile) {
    TempDir dir;
    DiskFiles files;
    ASSERT_EQ(mkfifo((dir / "fifo").c_str(), 0600), 0);
    EXPECT_EQ(files.read(dir / "fifo").error().why, "it is not a regular file");
    EXPECT_EQ(files.read(dir.path()).error().why, "it is not a regular file");
    EXPECT_EQ(files.read("/dev/zero").error().why, "it is not a regular file");
    EXPECT_EQ(files.read(dir / "absent").error().why, "No such file or directory");
}

}  // namespace
}  // namespace lockstep::test
