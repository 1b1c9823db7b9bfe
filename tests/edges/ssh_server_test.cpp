// SPDX-License-Identifier: MIT
// The ssh server of the tests: git through it works with its key and its host key, and with nothing else.
#include "support/ssh_server.hpp"

#include <gtest/gtest.h>

#include "support/git_fixture.hpp"

namespace lockstep::test {
namespace {

class SshServerTest : public ::testing::Test {
protected:
    void SetUp() override {
        if (const auto reason = SshServer::unavailable(); !reason.empty()) GTEST_SKIP() << reason;
        server_ = std::make_unique<SshServer>(dir_.path());
        ASSERT_TRUE(server_->running()) << server_->log();
    }
    [[nodiscard]] Env ssh() const { return {{"GIT_SSH_COMMAND", server_->git_ssh_command()}}; }

    TempDir dir_;
    GitRepo bare_ = GitRepo::make_bare(dir_ / "fleet.git");
    std::string first_ = bare_.commit("main", {{"flake.lock", "{}"}});
    std::unique_ptr<SshServer> server_;
};

TEST_F(SshServerTest, ClonesAndPushes) {
    const auto clone = GitRepo::clone(server_->url("fleet.git"), dir_ / "clone", ssh());
    const auto next = clone.commit("main", {{"flake.lock", "{ }"}});
    clone.git({"push", "--quiet", "origin", "main"}, ssh());
    EXPECT_EQ(bare_.ref("main"), next);
}

TEST_F(SshServerTest, RefusesUnknownHostKeysAndOtherPrograms) {
    const auto shell = run({"ssh", "-F", server_->client_config().string(), "-p", std::to_string(server_->port()),
                            server_->url("").substr(6, server_->url("").find('@') - 6) + "@127.0.0.1", "id"});
    EXPECT_EQ(shell.status, 128) << shell.err;
    server_->forge_known_host();
    const auto refused = run_git(dir_.path(), {"ls-remote", server_->url("fleet.git")}, ssh());
    EXPECT_NE(refused.err.find("Host key verification failed"), std::string::npos) << refused.err;
}

TEST_F(SshServerTest, StopsWhenAsked) {
    ASSERT_TRUE(server_->running());
    server_->stop();
    EXPECT_FALSE(server_->running());  // its port says nothing: another program may have it already
}

}  // namespace
}  // namespace lockstep::test
