// SPDX-License-Identifier: MIT
// The tools that other tests stand on: running programs and making repositories.
#include <gtest/gtest.h>

#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

TEST(LocalProcess, FeedsInputAndCapturesBothOutputs) {
    const std::string megabyte(1 << 20, 'x');
    const auto result = run({"cat"}, {.input = megabyte});
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.out, megabyte);
    const auto failed = run({"sh", "-c", "echo $NAME >&2; pwd; exit 3"}, {.env = {{"NAME", "ada"}}, .cwd = "/"});
    EXPECT_EQ(failed.status, 3);
    EXPECT_EQ(failed.err, "ada\n");
    EXPECT_EQ(failed.out, "/\n");
}

TEST(LocalProcess, SurvivesChildrenThatDoNotReadAndMissingPrograms) {
    EXPECT_TRUE(run({"true"}, {.input = std::string(1 << 20, 'x')}).ok());
    EXPECT_EQ(run({"/nonexistent/program"}).status, 127);
    const auto killed = run({"sh", "-c", "sleep 1000"}, {.limit = std::chrono::milliseconds(50)});
    EXPECT_TRUE(killed.timed_out);
    EXPECT_EQ(killed.status, 128 + 9);
}

TEST(GitFixture, CommitsWithoutWorkTreeAndReadsBack) {
    const TempDir dir;
    const auto repo = GitRepo::make_bare(dir / "r.git");
    EXPECT_EQ(repo.ref("main"), "");
    const auto first = repo.commit("main", {{"a.txt", "1"}, {"sub/b.txt", "2"}}, "first");
    const auto second = repo.commit("main", {{"a.txt", "3"}}, "second");
    EXPECT_EQ(repo.ref("main"), second);
    EXPECT_EQ(repo.log("main"), (std::vector<std::string>{"second", "first"}));
    EXPECT_EQ(repo.show("main", "a.txt"), "3");
    EXPECT_EQ(repo.show("main", "sub/b.txt"), "2");
    EXPECT_EQ(repo.show("main", "missing"), "");
    EXPECT_TRUE(repo.is_ancestor(first, second));
    EXPECT_FALSE(repo.is_ancestor(second, first));
    repo.set_ref("refs/heads/side", first);
    EXPECT_EQ(repo.refs(),
              (std::map<std::string, std::string>{{"refs/heads/main", second}, {"refs/heads/side", first}}));
    repo.delete_ref("side");
    EXPECT_EQ(repo.ref("side"), "");
}

TEST(GitFixture, CommitsAreReproducible) {
    const TempDir dir;
    const auto one = GitRepo::make_bare(dir / "one.git").commit("main", {{"a", "1"}});
    const auto two = GitRepo::make_bare(dir / "two.git").commit("main", {{"a", "1"}});
    EXPECT_EQ(one, two);
}

TEST(GitFixture, HooksRunOnPush) {
    const TempDir dir;
    const auto bare = GitRepo::make_bare(dir / "r.git");
    bare.commit("main", {{"a", "1"}});
    const auto clone = GitRepo::clone(bare.url(), dir / "clone");
    const auto next = clone.commit("main", {{"a", "2"}});
    bare.set_hook("update", "echo not today >&2\nexit 1\n");
    const auto refused = clone.try_git({"push", "origin", next + ":refs/heads/main"});
    EXPECT_FALSE(refused.ok());
    EXPECT_NE(refused.err.find("not today"), std::string::npos) << refused.err;
}

}  // namespace
}  // namespace lockstep::test
