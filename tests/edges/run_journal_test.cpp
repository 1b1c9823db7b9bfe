// SPDX-License-Identifier: MIT
// journal.jsonl as another process finds it.
#include "edges/run_journal.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <set>
#include <thread>

#include <nlohmann/json.hpp>

#include "edges/dir_run_store.hpp"
#include "lockstep/core/crc32.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace {

/// Size that each file (by inode) had when it was synced last: what a machine that loses power still has.
std::map<ino_t, off_t> synced_sizes;  // NOLINT(cert-err58-cpp)

}  // namespace

/// In place of that of the C library, for the whole test program.
extern "C" int fdatasync(int file) {
    struct stat info {};
    const auto done = static_cast<int>(syscall(SYS_fdatasync, file));
    if (done == 0 && fstat(file, &info) == 0 && S_ISREG(info.st_mode)) synced_sizes[info.st_ino] = info.st_size;
    return done;
}

namespace lockstep::test {
namespace {

using Json = nlohmann::json;

struct FixedClock : Clock {
    [[nodiscard]] std::chrono::system_clock::time_point now() const override {
        return std::chrono::system_clock::from_time_t(1795226400);
    }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return {}; }
    void sleep_for(std::chrono::milliseconds) override {}
};

/// Bit by bit, unlike the table of the code under test.
std::uint32_t slow_crc(std::string_view bytes) {
    std::uint32_t crc = 0xFFFFFFFFU;
    for (const char byte : bytes) {
        crc ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xEDB88320U : 0U);
    }
    return ~crc;
}

/// The record of a line whose checksum holds; null otherwise.
Json record_of(const std::string& line) {
    const auto crc = line.rfind(",\"crc\":\"");
    if (crc == std::string::npos || line.size() != crc + 18) return nullptr;
    char text[9];
    std::snprintf(text, sizeof text, "%08x", slow_crc(line.substr(0, crc)));
    auto record = Json::parse(line, nullptr, false);
    return record.is_object() && record["crc"] == text ? record : Json(nullptr);
}

struct RunJournalTest : ::testing::Test {
    std::unique_ptr<DirRunStore> make() { return DirRunStore::create(dir / "run", "the-run", clock).value(); }
    [[nodiscard]] std::vector<std::string> lines() const { return lines_of(read_file(dir / "run/journal.jsonl")); }
    /// Lines that are on the disk for sure.
    [[nodiscard]] std::vector<std::string> durable_lines() const {
        struct stat info {};
        stat((dir / "run/journal.jsonl").c_str(), &info);
        const auto size = synced_sizes.find(info.st_ino);
        if (size == synced_sizes.end()) return {};
        return lines_of(read_file(dir / "run/journal.jsonl").substr(0, static_cast<std::size_t>(size->second)));
    }
    TempDir dir;
    FixedClock clock;
};

TEST(Crc32, IsThatOfZlib) {
    EXPECT_EQ(crc32("123456789"), 0xCBF43926U);
    EXPECT_EQ(crc32(""), 0U);
    EXPECT_EQ(crc32("\xff\x80"), slow_crc("\xff\x80"));
}

TEST_F(RunJournalTest, WritesOneCheckedLineEach) {
    const auto store = make();
    ASSERT_TRUE(store->journal("intent", "push-base", R"({"commit": "abc", "n": [1, 2]})").ok());
    const auto written = lines();
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[0].substr(0, written[0].rfind(",\"crc\"")),
              R"({"seq":0,"time":"2026-11-21T02:00:00Z","kind":"fact","step":"journal",)"
              R"("data":{"version":1,"run":"the-run"})");
    EXPECT_EQ(written[1].substr(0, written[1].rfind(",\"crc\"")),
              R"({"seq":1,"time":"2026-11-21T02:00:00Z","kind":"intent","step":"push-base",)"
              R"("data":{"commit":"abc","n":[1,2]})");
    for (const auto& line : written) EXPECT_FALSE(record_of(line).is_null()) << line;
}

TEST_F(RunJournalTest, HostileTextStaysInItsLine) {
    const auto store = make();
    ASSERT_TRUE(store->journal("fact", "a\"b\nc", "{\"x\": \"1\\n2\",\n\"crc\": \"00000000\"}").ok());
    ASSERT_TRUE(store->journal("fact", "bytes", "{\"x\": \"\xff\xfe\"}").ok());
    const auto written = lines();
    ASSERT_EQ(written.size(), 3U);
    EXPECT_EQ(record_of(written[1])["step"], "a\"b\nc");
    EXPECT_EQ(record_of(written[1])["data"]["x"], "1\n2");
    EXPECT_EQ(record_of(written[2])["data"]["x"], "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_F(RunJournalTest, GoesOnAfterALineThatTheDiskCut) {
    const auto store = make();
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto old_handler = signal(SIGXFSZ, SIG_IGN);
    rlimit low = before;
    low.rlim_cur = read_file(dir / "run/journal.jsonl").size() + 20;
    setrlimit(RLIMIT_FSIZE, &low);
    const auto cut = store->journal("intent", "lost", "{}");
    setrlimit(RLIMIT_FSIZE, &before);
    signal(SIGXFSZ, old_handler);
    ASSERT_FALSE(cut.ok());
    EXPECT_EQ(cut.error().kind, ErrorKind::infrastructure);
    EXPECT_EQ(cut.error().why, "File too large");
    ASSERT_TRUE(store->journal("intent", "kept", "{}").ok());
    const auto written = lines();
    ASSERT_EQ(written.size(), 3U);
    EXPECT_EQ(written[1].size(), 20U);
    EXPECT_TRUE(record_of(written[1]).is_null());
    EXPECT_EQ(record_of(written[2])["step"], "kept");
    EXPECT_EQ(record_of(written[2])["seq"], 1);
}

TEST_F(RunJournalTest, NumbersLinesOfSeveralThreadsWithoutGaps) {
    const auto store = make();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 25; ++i) EXPECT_TRUE(store->journal("fact", "host", "{}").ok());
        });
    for (auto& thread : threads) thread.join();
    const auto written = lines();
    ASSERT_EQ(written.size(), 101U);
    for (std::size_t i = 0; i < written.size(); ++i) EXPECT_EQ(record_of(written[i])["seq"], i);
}

TEST_F(RunJournalTest, AnIntentIsDurableWithEverythingBeforeIt) {
    synced_sizes.clear();
    auto store = make();
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->journal("fact", "host", "{}").ok());
    EXPECT_EQ(durable_lines().size(), 0U) << "facts are not worth a sync each";
    EXPECT_EQ(lines().size(), 4U) << "but every other process sees them at once";
    ASSERT_TRUE(store->journal("intent", "push-base", "{}").ok());
    EXPECT_EQ(durable_lines(), lines());
    EXPECT_EQ(durable_lines().size(), 5U);
    ASSERT_TRUE(store->journal("outcome", "push-base", "{}").ok());
    EXPECT_EQ(durable_lines().size(), 6U);
    ASSERT_TRUE(store->journal("fact", "decided", "{}").ok());
    EXPECT_EQ(durable_lines().size(), 6U);
    store.reset();
    EXPECT_EQ(durable_lines().size(), 7U);
    EXPECT_EQ(durable_lines(), lines());
}

TEST_F(RunJournalTest, AProcessThatEndsSuddenlyLeavesEverythingBeforeItsIntentInOrder) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const auto store = make();
        for (int n = 0; n < 200; ++n)
            if (!store->journal("fact", "host", R"({"n":)" + std::to_string(n) + "}").ok()) _exit(1);
        _exit(store->journal("intent", "push-base", "{}").ok() ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
    const auto written = lines();
    ASSERT_EQ(written.size(), 202U);
    for (std::size_t i = 0; i < written.size(); ++i) {
        const auto record = record_of(written[i]);
        ASSERT_FALSE(record.is_null()) << written[i];
        EXPECT_EQ(record["seq"], i);
        if (record["step"] == "host") {
            EXPECT_EQ(record["data"]["n"], i - 1);
        }
    }
    EXPECT_EQ(record_of(written.back())["kind"], "intent");
}

TEST_F(RunJournalTest, IsNotTakenUpWhileItsProcessLives) {
    auto store = make();
    const auto early = DirRunStore::reopen(dir / "run", "the-run", 1, clock);
    ASSERT_FALSE(early.ok());
    EXPECT_EQ(early.error().kind, ErrorKind::locked);
    store.reset();
    const auto later = DirRunStore::reopen(dir / "run", "the-run", 1, clock);
    ASSERT_TRUE(later.ok()) << later.error().why;
    ASSERT_TRUE((*later)->journal("fact", "resumed", "{}").ok());
    EXPECT_EQ(record_of(lines().back())["seq"], 1);
}

TEST_F(RunJournalTest, RefusesWhatIsNoRecord) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    const auto store = make();
    EXPECT_DEATH((void)store->journal("fact", "x", "[1]"), "is_object");
    EXPECT_DEATH((void)store->journal("fact", "x", "{"), "is_object");
    EXPECT_DEATH((void)store->journal("thought", "x", "{}"), "kind ==");
}

}  // namespace
}  // namespace lockstep::test
