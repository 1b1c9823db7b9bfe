// SPDX-License-Identifier: MIT
// Capped logs: what is kept, what is counted, and a disk that refuses.
#include "edges/log_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "support/temp_dir.hpp"
#include "support/tight_disk.hpp"

namespace lockstep::test {
namespace {

Fd make(const std::filesystem::path& path) {
    return Fd(open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

std::string expected(const std::string& written, std::size_t cap) {
    if (written.size() <= cap) return written;
    return written.substr(0, cap / 2) + "\n[lockstep: " + std::to_string(written.size() - cap) +
           " bytes left out here]\n" + written.substr(written.size() - (cap - cap / 2));
}

TEST(LogFile, KeepsSmallLogsAsTheyAre) {
    TempDir dir;
    const std::string raw("one\n\0two\x1b[31m\xff", 14);
    LogFile log(make(dir / "log"), "builds/log", 1000);
    log.write(raw);
    EXPECT_EQ(log.path(), "builds/log");
    EXPECT_EQ(log.bytes(), 14U);
    EXPECT_EQ(log.dropped(), 0U);
    log.close();
    EXPECT_EQ(read_file(dir / "log"), raw);
    log.write("late");
    EXPECT_EQ(log.bytes(), 18U);
    EXPECT_EQ(log.dropped(), 4U);
    log.close();
    EXPECT_EQ(read_file(dir / "log"), raw);
}

/// Writes the text in parts of up to `longest` bytes and checks counters and file.
void check_kept(const std::filesystem::path& path, std::string_view text, std::size_t cap, std::size_t longest) {
    std::minstd_rand random(7);
    std::size_t written = 0;
    {
        LogFile log(make(path), "", cap);
        while (written < text.size()) {
            const auto part = text.substr(written, 1 + random() % longest);
            log.write(part);
            written += part.size();
            ASSERT_EQ(log.bytes(), written);
            ASSERT_EQ(log.dropped(), written > cap ? written - cap : 0U);
        }
    }
    ASSERT_TRUE(read_file(path) == expected(std::string(text), cap))
        << "cap " << cap << ", total " << text.size() << ", up to " << longest << " at once";
    std::filesystem::remove(path);
}

TEST(LogFile, KeepsTheFirstAndTheLastHalfWhateverTheSizesAre) {
    TempDir dir;
    std::string text;
    for (int n = 0; text.size() < 1'000'000; ++n) text += std::to_string(n) + ".";
    for (const std::size_t cap : {0U, 1U, 2U, 3U, 10U, 1000U})
        for (const std::size_t total : {cap / 3, cap, cap + 1, cap + cap / 3, 3 * cap + 5})
            check_kept(dir / "log", std::string_view(text).substr(0, total), cap, 7);
    for (const std::size_t cap : {1000U, 65536U, 131071U, 300'000U})
        for (const std::size_t longest : {5000U, 200'000U})
            for (const std::size_t total : {cap, cap + 1, cap + cap / 3, 3 * cap + 5})
                check_kept(dir / "log", std::string_view(text).substr(0, total), cap, longest);
}

TEST(LogFile, CountsWhatAFullDiskRefuses) {
    LogFile log(Fd(open("/dev/full", O_RDWR | O_CLOEXEC)), "", 1U << 20U);
    const std::string part(100'000, 'x');
    for (int i = 0; i < 30; ++i) log.write(part);
    log.write("the end");
    log.close();
    EXPECT_EQ(log.bytes(), 3'000'007U);
    EXPECT_EQ(log.dropped(), 3'000'007U);
}

TEST(LogFile, TakesUpAgainWhenTheDiskDoes) {
    TempDir dir;
    const std::string first(100'000, 'a'), lost(100'000, 'b'), last(70'000, 'c');
    LogFile log(make(dir / "log"), "", 1U << 20U);
    {
        const TightDisk tight(130'000);
        log.write(first);
        log.write(lost);
        EXPECT_EQ(log.dropped(), 70'000U);
    }
    log.write(last);
    log.close();
    EXPECT_EQ(log.bytes(), 270'000U);
    EXPECT_EQ(log.dropped(), 70'000U);
    EXPECT_TRUE(read_file(dir / "log") == first + lost.substr(0, 30'000) + last +
                                              "\n[lockstep: 70000 bytes could not be written: File too large]\n");
}

TEST(LogFile, PutsTheTailInOrderWithoutNeedingRoom) {
    TempDir dir;
    std::string written;
    for (int i = 0; written.size() < 250'000; ++i) written += std::to_string(i) + "\n";
    LogFile log(make(dir / "log"), "", 100'000);
    log.write(written);
    {
        const TightDisk tight(100'000);  // not even the marker fits
        log.close();
    }
    EXPECT_TRUE(read_file(dir / "log") == written.substr(0, 50'000) + written.substr(written.size() - 50'000));
    EXPECT_EQ(log.dropped(), written.size() - 100'000);
}

TEST(LogFile, CanBeAskedWhileItIsWritten) {
    TempDir dir;
    LogFile log(make(dir / "log"), "", 1000);
    std::thread writer([&] {
        for (int i = 0; i < 20'000; ++i) log.write("0123456789");
        log.close();
    });
    std::uint64_t seen = 0;
    while (seen < 200'000) {
        const auto dropped = log.dropped(), bytes = log.bytes();
        ASSERT_GE(bytes, seen);
        ASSERT_GE(bytes, dropped);
        seen = bytes;
    }
    writer.join();
    EXPECT_EQ(log.dropped(), 199'000U);
}

}  // namespace
}  // namespace lockstep::test
