// SPDX-License-Identifier: MIT
// Where runs live, what they are called, which are kept.
#include "edges/state_paths.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "edges/dir_run_store.hpp"
#include "edges/system_clock.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;

Result<fs::path> root_with(std::map<std::string, std::string> variables) {
    return state_root([variables](const char* name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

TEST(StateRoot, FollowsSystemdThenXdgThenHome) {
    EXPECT_EQ(root_with({{"HOME", "/home/me"}}).value(), "/home/me/.local/state/lockstep");
    EXPECT_EQ(root_with({{"HOME", "/home/me"}, {"XDG_STATE_HOME", "/x"}}).value(), "/x/lockstep");
    EXPECT_EQ(root_with({{"HOME", "/home/me"}, {"XDG_STATE_HOME", "relative"}}).value(),
              "/home/me/.local/state/lockstep");
    EXPECT_EQ(root_with({{"XDG_STATE_HOME", "/x"}, {"STATE_DIRECTORY", "/var/lib/lockstep:/var/lib/b"}}).value(),
              "/var/lib/lockstep");
    const auto nowhere = root_with({});
    ASSERT_FALSE(nowhere.ok());
    EXPECT_EQ(nowhere.error().kind, ErrorKind::config);
    EXPECT_NE(nowhere.error().hint.find("--run-dir"), std::string::npos);
}

TEST(RepositoryKey, IsTheSameForEveryWayToWriteAnAddress) {
    const auto key = repository_key("https://git.example.org/me/fleet");
    for (const auto* same :
         {"https://git.example.org/me/fleet.git", "https://git.example.org/me/fleet/",
          "http://GIT.example.org/me/fleet", "https://user:hunter2@git.example.org/me/fleet.git",
          "https://new-token@git.example.org/me/fleet", "https://user:p@ss@git.example.org/me/fleet",
          "git@git.example.org:me/fleet.git", "git.example.org:/me/fleet", "ssh://git@git.example.org/me/fleet"})
        EXPECT_EQ(repository_key(same), key) << same;
    EXPECT_EQ(repository_key("/srv/git/fleet.git"), repository_key("file:///srv/git/fleet"));
}

TEST(RepositoryKey, IsReadableAndDiffersForOtherRepositories) {
    std::set<std::string> keys;
    const std::vector<std::string> others{"https://git.example.org/me/fleet",
                                          "https://git.example.org/you/fleet",
                                          "https://git.example.net/me/fleet",
                                          "https://git.example.org/me/Fleet",
                                          "https://git.example.org:8443/me/fleet",
                                          "/srv/fleet",
                                          "/home/a@b/fleet",
                                          "/home/b/fleet",
                                          "relative/fleet"};
    for (const auto& url : others) {
        const auto key = repository_key(url);
        keys.insert(key);
        EXPECT_EQ(key.find('/'), std::string::npos) << key;
    }
    EXPECT_EQ(keys.size(), others.size());
    EXPECT_EQ(repository_key("https://hunter2@git.example.org/me/fleet").substr(0, 6), "fleet-");
    for (const auto* odd : {"", "/", "..", "https://", "https://host", "host:", ".git"}) {
        const auto key = repository_key(odd);
        EXPECT_EQ(key.find('/'), std::string::npos) << key;
        EXPECT_NE(key.front(), '.') << odd;
    }
}

TEST(RunId, SortsByTimeAndIsNeverTheSame) {
    const auto time = std::chrono::system_clock::from_time_t(1795226400);
    const auto id = new_run_id(time);
    EXPECT_TRUE(is_run_id(id));
    EXPECT_EQ(id.substr(0, 17), "20261121T020000Z-");
    EXPECT_LT(id, new_run_id(time + std::chrono::seconds(1)));
    EXPECT_LT(id, new_run_id(time + std::chrono::milliseconds(4)));
    EXPECT_LT(new_run_id(time + std::chrono::milliseconds(999)), new_run_id(time + std::chrono::seconds(1)));
    std::set<std::string> ids;
    for (int i = 0; i < 20; ++i) ids.insert(new_run_id(time));
    EXPECT_GT(ids.size(), 15U);  // 16 random bits
    for (const auto* other : {"", "20261121T020000Z-1a2b3", "20261121T020000Z-1a2b3cd", "20261121T020000Z-1A2B3C",
                              "2026112xT020000Z-1a2b3c", "20261121 020000Z-1a2b3c", "../../../../../../../etc"})
        EXPECT_FALSE(is_run_id(other)) << other;
}

TEST(PruneRuns, DeletesTheOldestOnly) {
    TempDir dir;
    const auto id = [](int n) { return "2026112" + std::to_string(n) + "T020000Z-aaaaaa"; };
    for (int n = 1; n <= 6; ++n) write_file(dir / ("runs/" + id(n) + "/builds/web1.log"), "log");
    write_file(dir / "outside/file", "kept");
    fs::create_directory_symlink(dir / "outside", dir / ("runs/" + id(1) + "/link"));
    fs::create_directory_symlink(dir / "outside", dir / "runs/20261101T020000Z-aaaaaa");
    write_file(dir / "runs/20261102T020000Z-aaaaaa", "a file");
    write_file(dir / "runs/notes/file", "kept");

    prune_runs(dir / "runs", 3, id(2));
    std::set<std::string> left;
    for (const auto& entry : fs::directory_iterator(dir / "runs")) left.insert(entry.path().filename());
    EXPECT_EQ(left, (std::set<std::string>{id(2), id(4), id(5), id(6), "20261101T020000Z-aaaaaa",
                                           "20261102T020000Z-aaaaaa", "notes"}));
    EXPECT_EQ(read_file(dir / "outside/file"), "kept");
    prune_runs(dir / "runs", 0, id(6));
    EXPECT_TRUE(fs::exists(dir / ("runs/" + id(6))));
    EXPECT_FALSE(fs::exists(dir / ("runs/" + id(5))));
    prune_runs(dir / "absent", 3, "");
}

TEST(PruneRuns, SparesRunsThatAreAlive) {
    TempDir dir;
    SystemClock clock;
    const std::string old = "20261120T020000Z-aaaaaa", current = "20261121T020000Z-aaaaaa";
    fs::create_directories(dir / ("runs/" + current));
    {
        const auto alive = DirRunStore::create(dir / ("runs/" + old), old, clock);
        ASSERT_TRUE(alive.ok());
        prune_runs(dir / "runs", 1, current);
        EXPECT_TRUE(fs::exists(dir / ("runs/" + old)));
    }
    prune_runs(dir / "runs", 1, current);
    EXPECT_FALSE(fs::exists(dir / ("runs/" + old)));
}

TEST(RunIsDead, WhenItsJournalIsThereAndNobodyHoldsIt) {
    TempDir dir;
    SystemClock clock;
    const std::string id = "20261120T020000Z-aaaaaa";
    const auto run = dir / id;
    EXPECT_FALSE(run_is_dead(run)) << "nothing is known of it";
    fs::create_directories(run);
    EXPECT_FALSE(run_is_dead(run)) << "it may be about to begin";
    {
        const auto alive = DirRunStore::create(run, id, clock);
        ASSERT_TRUE(alive.ok());
        EXPECT_FALSE(run_is_dead(run));
    }
    EXPECT_TRUE(run_is_dead(run));
    fs::rename(run / "journal.jsonl", run / k_damaged_journal);
    EXPECT_TRUE(run_is_dead(run)) << "set aside by a resume, it still tells that the run was";
}

}  // namespace
}  // namespace lockstep::test
