// SPDX-License-Identifier: MIT
// The run's directory: whose it may be, what is written into it and how, and that nothing gets out of it.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "edges/dir_run_store.hpp"
#include "edges/system_clock.hpp"
#include "support/temp_dir.hpp"
#include "support/tight_disk.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr const char* k_id = "20261121T020000Z-1a2b3c";

unsigned mode_of(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
}

struct RunStoreTest : ::testing::Test {
    std::unique_ptr<DirRunStore> make() {
        auto made = DirRunStore::create(root, k_id, clock);
        EXPECT_TRUE(made.ok()) << (made.ok() ? "" : made.error().why);
        return made.ok() ? std::move(made).value() : nullptr;
    }
    Error refused(const fs::path& path) {
        auto made = DirRunStore::create(path, k_id, clock);
        EXPECT_FALSE(made.ok());
        return made.ok() ? Error{} : made.error();
    }
    std::set<std::string> names(const fs::path& folder) const {
        std::set<std::string> result;
        for (const auto& entry : fs::directory_iterator(folder)) result.insert(entry.path().filename().string());
        return result;
    }

    TempDir dir;
    fs::path root = dir / "state/lockstep/runs/one";
    SystemClock clock;
};

TEST_F(RunStoreTest, MakesAClosedDirectory) {
    const auto store = make();
    EXPECT_EQ(store->run_id(), k_id);
    EXPECT_EQ(store->root(), root);
    for (const auto& folder : {root, root / "builds", root / "derivations", dir / "state"})
        EXPECT_EQ(mode_of(folder), 0700U) << folder;
    for (const auto* file : {"journal.jsonl", "run.log"}) EXPECT_EQ(mode_of(root / file), 0600U) << file;
}

TEST_F(RunStoreTest, LeavesNothingOfTheReserve) {
    make();
    EXPECT_EQ(names(root), (std::set<std::string>{"builds", "derivations", "journal.jsonl", "run.log"}));
}

TEST_F(RunStoreTest, RefusesDirectoriesThatAreNotItsOwn) {
    const auto store = make();
    const auto twice = refused(root);
    EXPECT_EQ(twice.kind, ErrorKind::config);
    EXPECT_EQ(twice.why, "it holds the journal of a run already");
    EXPECT_THAT(twice.hint, HasSubstr("--run-dir"));

    fs::create_directory(dir / "real");
    fs::create_directory_symlink(dir / "real", dir / "link");
    for (const auto& link : {dir / "link", dir / "link/"}) {
        EXPECT_EQ(refused(link).kind, ErrorKind::config);
        EXPECT_EQ(refused(link).why, "it is a symbolic link or no directory");
    }
    write_file(dir / "file", "x");
    EXPECT_EQ(refused(dir / "file").why, "it is a symbolic link or no directory");
    fs::create_directory(dir / "open");
    fs::permissions(dir / "open", fs::perms::all);
    EXPECT_EQ(refused(dir / "open").why, "others may write to it");
    EXPECT_EQ(mode_of(dir / "open"), 0777U);
    EXPECT_TRUE(names(dir / "open").empty());
    EXPECT_TRUE(names(dir / "real").empty());
}

TEST_F(RunStoreTest, RefusesSomebodyElsesDirectory) {
    if (geteuid() != 0) GTEST_SKIP() << "only root can make a directory of another user";
    fs::create_directory(dir / "theirs");
    ASSERT_EQ(chown((dir / "theirs").c_str(), 65534, 65534), 0);
    EXPECT_EQ(refused(dir / "theirs").why, "it belongs to another user");
}

TEST_F(RunStoreTest, UsesADirectoryThatIsThere) {
    fs::create_directories(root);
    fs::permissions(root, fs::perms::owner_all | fs::perms::others_read);
    make();
    EXPECT_EQ(mode_of(root), 0700U);  // it was empty

    root = dir / "other";
    write_file(root / "mine.txt", "kept");
    fs::permissions(root, fs::perms::owner_all | fs::perms::others_read);
    make();
    EXPECT_EQ(mode_of(root), 0704U);  // somebody uses it for more than this run
    EXPECT_EQ(read_file(root / "mine.txt"), "kept");
}

TEST_F(RunStoreTest, EveryLogHasAFileOfItsOwnInsideItsFolder) {
    const auto store = make();
    std::set<std::string> paths;
    int count = 0;
    for (const std::string name : {"web1", "web1", "Web1", "WEB1", "../../../etc/passwd", "/etc/passwd", "a/b", "", ".",
                                   "..", "-rf", "CON", "x\ny", "web1.2", "é"}) {
        auto log = store->open_log("builds", name, 1000);
        ASSERT_TRUE(log.ok()) << name;
        log.value()->write(name + "!");
        paths.insert(log.value()->path());
        log.value()->close();
        EXPECT_EQ(read_file(root / log.value()->path()), name + "!");
        EXPECT_EQ(mode_of(root / log.value()->path()), 0600U);
        ++count;
    }
    ASSERT_TRUE(store->open_log("builds", std::string(300, 'n'), 1000).ok());
    EXPECT_EQ(paths.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(names(root / "builds").size(), static_cast<std::size_t>(count) + 1);
    std::set<std::string> lower;
    for (auto name : names(root / "builds")) {
        for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        lower.insert(name);
    }
    EXPECT_EQ(lower.size(), static_cast<std::size_t>(count) + 1);
    EXPECT_EQ(store->open_log("derivations", "web1", 1).value()->path(), "derivations/web1.log");
}

TEST_F(RunStoreTest, PlantedFilesAreNeitherFollowedNorTouched) {
    const auto store = make();
    write_file(dir / "victim", "untouched");
    fs::create_symlink(dir / "victim", root / "builds/web1.log");
    mkfifo((root / "builds/web2.log").c_str(), 0600);
    for (const auto* name : {"web1", "web2"}) {
        auto log = store->open_log("builds", name, 1000);
        ASSERT_TRUE(log.ok());
        EXPECT_EQ(log.value()->path(), "builds/" + std::string(name) + ".2.log");
        log.value()->write("log");
    }
    fs::create_symlink(dir / "victim", root / ".report.json.new");
    fs::create_symlink(dir / "victim", root / "report.json");
    ASSERT_TRUE(store->write_file("report.json", "{}").ok());
    EXPECT_FALSE(fs::is_symlink(root / "report.json"));
    EXPECT_EQ(read_file(root / "report.json"), "{}");
    EXPECT_EQ(read_file(dir / "victim"), "untouched");
}

TEST_F(RunStoreTest, ReplacesFilesWhole) {
    const auto store = make();
    ASSERT_TRUE(store->write_file("report.json", "first, and longer").ok());
    ASSERT_TRUE(store->write_file("report.json", "second").ok());
    EXPECT_EQ(read_file(root / "report.json"), "second");
    EXPECT_EQ(mode_of(root / "report.json"), 0600U);
    for (const std::string name : {"", ".", "..", "../x", "a/b", "/x", ".hidden"})
        EXPECT_EQ(store->write_file(name, "x").error().kind, ErrorKind::internal) << name;
    EXPECT_FALSE(fs::exists(dir / "state/lockstep/runs/x"));
}

TEST_F(RunStoreTest, AFullDiskKeepsTheOldFile) {
    const auto store = make();
    ASSERT_TRUE(store->write_file("report.json", "old").ok());
    {
        const TightDisk tight(1000);
        const auto done = store->write_file("report.json", std::string(2000, 'x'));
        ASSERT_FALSE(done.ok());
        EXPECT_EQ(done.error().kind, ErrorKind::infrastructure);
        EXPECT_EQ(done.error().what, "report.json cannot be written");
        EXPECT_EQ(done.error().why, "File too large");
    }
    EXPECT_EQ(read_file(root / "report.json"), "old");
    EXPECT_FALSE(fs::exists(root / ".report.json.new"));
}

TEST_F(RunStoreTest, ReadsTheEndOfItsOwnFilesOnly) {
    const auto store = make();
    ASSERT_TRUE(store->write_file("report.json", "0123456789").ok());
    write_file(root / "builds/web1.log", "log");
    EXPECT_EQ(store->read_tail("report.json", 4).value(), "6789");
    EXPECT_EQ(store->read_tail("report.json", 0).value(), "");
    EXPECT_EQ(store->read_tail("report.json", ~std::uint64_t{0}).value(), "0123456789");
    EXPECT_EQ(store->read_tail("builds/web1.log", 100).value(), "log");

    write_file(dir / "secret", "secret");
    fs::create_symlink(dir / "secret", root / "link");
    fs::create_directory_symlink(dir.path(), root / "folder");
    mkfifo((root / "fifo").c_str(), 0600);
    for (const std::string path :
         {"../../../../secret", "builds/../../x", "/etc/hostname", "", ".", "./report.json", "builds//web1.log"})
        EXPECT_EQ(store->read_tail(path, 10).error().kind, ErrorKind::internal) << path;
    for (const std::string path : {"link", "folder/secret", "fifo", "builds", "absent"})
        EXPECT_EQ(store->read_tail(path, 10).error().kind, ErrorKind::infrastructure) << path;
}

TEST_F(RunStoreTest, RunLogHoldsOneCleanLineEach) {
    {
        const auto store = make();
        store->log("started: {} %s");
        store->log("two\nlines \x1b[31mred");
    }
    const std::string time = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z ";
    EXPECT_THAT(read_file(root / "run.log"),
                ::testing::MatchesRegex(time + "started: \\{\\} %s\n" + time + "two lines red\n"));
}

}  // namespace
}  // namespace lockstep::test
