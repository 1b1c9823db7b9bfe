// SPDX-License-Identifier: MIT
// The git server of the tests must itself behave as real ones do, or the transport tests prove nothing.
#include "fakes/git_http.hpp"

#include <gtest/gtest.h>

#include "support/git_fixture.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::fakes {
namespace {

using test::GitRepo;

class GitHttp : public ::testing::Test {
protected:
    static test::Env header(const std::string& key, const std::string& value) {
        return {{"GIT_CONFIG_COUNT", "1"}, {"GIT_CONFIG_KEY_0", key}, {"GIT_CONFIG_VALUE_0", value}};
    }

    test::TempDir dir_;
    GitRepo bare_ = GitRepo::make_bare(dir_ / "ada/fleet.git");
    std::string first_ = bare_.commit("main", {{"flake.lock", "{}"}});
};

TEST_F(GitHttp, ClonesAndPushesWithTheToken) {
    GitHttpServer server({.root = dir_.path(), .token = "s3cret"});
    const auto clone = GitRepo::clone(server.url_with_token("ada/fleet.git"), dir_ / "clone");
    EXPECT_EQ(clone.ref("main"), first_);
    const auto next = clone.commit("main", {{"big", std::string(3 << 20, 'x')}});
    clone.git({"push", "--quiet", "origin", "main"});
    EXPECT_EQ(bare_.ref("main"), next);
}

TEST_F(GitHttp, ServesProtocolTwoAndShallowClones) {
    GitHttpServer server({.root = dir_.path()});
    bare_.commit("main", {{"a", "2"}});
    const auto clone = GitRepo::clone(server.url() + "/ada/fleet.git", dir_ / "clone", {}, {"--depth", "1"});
    EXPECT_EQ(clone.git({"rev-list", "--count", "HEAD"}), "1");
    const auto trace = clone.try_git({"-c", "protocol.version=2", "ls-remote", "origin"}, {{"GIT_TRACE_PACKET", "1"}});
    EXPECT_NE(trace.err.find("version 2"), std::string::npos) << trace.err;
}

TEST_F(GitHttp, ReceivesCompressedRequests) {
    GitHttpServer server({.root = dir_.path()});
    for (int i = 0; i < 60; ++i) bare_.commit("b" + std::to_string(i), {{"f", std::to_string(i)}});
    // git compresses fetch requests above 1024 bytes; sixty wants are.
    const auto clone = GitRepo::clone(server.url() + "/ada/fleet.git", dir_ / "clone", {}, {"--mirror"});
    EXPECT_EQ(clone.refs(), bare_.refs());
}

TEST_F(GitHttp, RefusesWrongAndMissingTokensAndTwoHeaders) {
    GitHttpServer server({.root = dir_.path(), .token = "s3cret"});
    const auto url = server.url() + "/ada/fleet.git";
    const auto none = test::run_git(dir_.path(), {"ls-remote", url});
    EXPECT_EQ(none.status, 128);
    EXPECT_NE(none.err.find("Authentication failed"), std::string::npos) << none.err;
    const auto wrong = "http://user:wrong@" + url.substr(7);
    EXPECT_EQ(test::run_git(dir_.path(), {"ls-remote", wrong}).status, 128);
    const auto twice =
        test::run_git(dir_.path(), {"-c", "http.extraheader=Authorization: Basic dXNlcjpzM2NyZXQ=", "-c",
                                    "http.extraheader=Authorization: Basic dXNlcjpzM2NyZXQ=", "ls-remote", url});
    EXPECT_NE(twice.err.find("400"), std::string::npos) << twice.err;
    const auto once =
        test::run_git(dir_.path(), {"-c", "http.extraheader=Authorization: Basic dXNlcjpzM2NyZXQ=", "ls-remote", url});
    EXPECT_TRUE(once.ok()) << once.err;
}

TEST_F(GitHttp, ReadOnlyTokensMayNotPush) {
    GitHttpServer server({.root = dir_.path(), .token = "s3cret", .read_only = true});
    const auto clone = GitRepo::clone(server.url_with_token("ada/fleet.git"), dir_ / "clone");
    clone.commit("main", {{"a", "2"}});
    const auto push = clone.try_git({"push", "origin", "main"});
    EXPECT_EQ(push.status, 128);
    EXPECT_NE(push.err.find("403"), std::string::npos) << push.err;
    EXPECT_EQ(bare_.ref("main"), first_);
}

TEST_F(GitHttp, MissingRepositoriesAreNotFound) {
    GitHttpServer server({.root = dir_.path()});
    const auto result = test::run_git(dir_.path(), {"ls-remote", server.url() + "/ada/other.git"});
    EXPECT_NE(result.err.find("not found"), std::string::npos) << result.err;
}

TEST_F(GitHttp, FaultsStrikeTheRequestTheyName) {
    GitHttpServer server({.root = dir_.path()});
    const auto url = server.url() + "/ada/fleet.git";
    server.faults().on("GET", "info/refs$", fault::answer(503));
    EXPECT_NE(test::run_git(dir_.path(), {"ls-remote", url}).err.find("503"), std::string::npos);
    EXPECT_TRUE(test::run_git(dir_.path(), {"ls-remote", url}).ok());

    const auto clone = GitRepo::clone(url, dir_ / "clone");
    const auto next = clone.commit("main", {{"a", "2"}});
    server.faults().on("POST", "git-receive-pack$", fault::cut_after_work());
    EXPECT_FALSE(clone.try_git({"push", "origin", "main"}).ok());
    EXPECT_EQ(bare_.ref("main"), next) << "the push itself was done";
    EXPECT_EQ(server.faults().applied(), 2);
}

TEST_F(GitHttp, AHangingAnswerEndsWhenTheClientGivesUpOrTheServerGoes) {
    GitHttpServer server({.root = dir_.path()});
    server.faults().on("GET", "info/refs$", fault::hang(), {.nth = 1, .times = 0});
    const auto result =
        test::run({"timeout", "0.2", "git", "ls-remote", server.url() + "/ada/fleet.git"}, {.env = test::git_env()});
    EXPECT_EQ(result.status, 124);
}

}  // namespace
}  // namespace lockstep::fakes
