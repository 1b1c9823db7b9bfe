// SPDX-License-Identifier: MIT
// Links that are moved about, and the leftovers of runs that were killed.
#include "edges/gc_roots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "edges/dir_run_store.hpp"
#include "edges/state_paths.hpp"
#include "edges/system_clock.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(DiskRootLinks, PointsAndPointsAgain) {
    TempDir dir;
    DiskRootLinks links;
    const auto folder = (dir / "a/b").string();
    EXPECT_THAT(links.links(folder), IsEmpty());
    EXPECT_FALSE(links.point(folder + "/x", "/nix/store/1").ok()) << "no folder yet";
    ASSERT_TRUE(links.make_folder(folder).ok());
    ASSERT_TRUE(links.make_folder(folder).ok());
    EXPECT_EQ(fs::status(folder).permissions(), fs::perms::owner_all);
    ASSERT_TRUE(links.point(folder + "/x", "/nix/store/1").ok());
    ASSERT_TRUE(links.point(folder + "/x", "/nix/store/2").ok());
    fs::create_symlink("/left/by/a/crash", dir / "a/b/y.new");
    ASSERT_TRUE(links.point(folder + "/y", "/nix/store/3").ok());
    EXPECT_THAT(links.links(folder), ElementsAre(Pair("x", "/nix/store/2"), Pair("y", "/nix/store/3")));
    EXPECT_THAT(links.folders((dir / "a").string()), ElementsAre("b"));
    EXPECT_FALSE(links.make_folder((dir / "a/b/x/c").string()).ok());
}

TEST(DiskRootLinks, RemovesLinksAndFoldersButNoFileAndNothingBehindALink) {
    TempDir dir;
    DiskRootLinks links;
    write_file(dir / "elsewhere/file", "");
    fs::create_symlink("file", dir / "elsewhere/link");
    fs::create_directories(dir / "roots/deep");
    fs::create_directories(dir / "roots/kept");
    write_file(dir / "roots/kept/file", "");
    fs::create_symlink("/nix/store/1", dir / "roots/deep/1");
    fs::create_directory_symlink(dir / "elsewhere", dir / "roots/out");
    links.remove((dir / "roots").string());
    EXPECT_FALSE(fs::exists(dir / "roots/deep"));
    EXPECT_FALSE(fs::is_symlink(dir / "roots/out"));
    EXPECT_TRUE(fs::exists(dir / "roots/kept/file"));
    EXPECT_TRUE(fs::is_symlink(dir / "elsewhere/link"));
    links.remove((dir / "absent").string());
}

TEST(DeadRoots, AreReleasedButNotThoseOfRunsThatAreAlive) {
    TempDir dir;
    SystemClock clock;
    const std::string dead = "20261121T020000Z-00000d", alive = "20261121T020000Z-00000a";
    auto store = DirRunStore::create(dir / alive, alive, clock);
    ASSERT_TRUE(store.ok());
    {
        auto ended = DirRunStore::create(dir / dead, dead, clock);
        ASSERT_TRUE(ended.ok());
    }
    for (const auto& run : {dead, alive, std::string("something")}) {
        fs::create_directories(dir / run / k_run_roots);
        fs::create_symlink("/nix/store/1", dir / run / k_run_roots / "r1");
    }
    release_dead_roots(dir.path());
    EXPECT_FALSE(fs::exists(dir / dead / k_run_roots));
    EXPECT_TRUE(fs::exists(dir / dead / "journal.jsonl"));
    EXPECT_TRUE(fs::is_symlink(dir / alive / k_run_roots / "r1"));
    EXPECT_TRUE(fs::is_symlink(dir / "something" / k_run_roots / "r1"));
    store.value().reset();
    release_dead_roots(dir.path());
    EXPECT_FALSE(fs::exists(dir / alive / k_run_roots));
    release_dead_roots(dir / "absent");
}

}  // namespace
}  // namespace lockstep::test
