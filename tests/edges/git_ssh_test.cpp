// SPDX-License-Identifier: MIT
// The network half over ssh, against a real sshd on a loopback port.
#include <pwd.h>
#include <unistd.h>

#include <filesystem>

#include "edges/git_test_bed.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_main = "refs/heads/main";

class GitSsh : public GitBed {
protected:
    void SetUp() override {
        const std::string sshd = find_program("sshd");
        if (sshd.empty()) GTEST_SKIP() << "sshd is not installed";
        if (::geteuid() == 0) fs::create_directories("/run/sshd");  // sshd started by root insists on it
        for (const char* key : {"host", "user", "stranger"})
            ASSERT_TRUE(run({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", (tmp_ / key).string()}).ok());
        port_ = free_port();
        write_file(tmp_ / "sshd_config",
                   "Port " + std::to_string(port_) + "\nListenAddress 127.0.0.1\nHostKey " + (tmp_ / "host").string() +
                       "\nAuthorizedKeysFile " + (tmp_ / "user.pub").string() +
                       "\nStrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nPasswordAuthentication no\n"
                       "SetEnv GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null\n");
        server_ = std::make_unique<LocalServer>(
            std::vector<std::string>{sshd, "-D", "-e", "-f", (tmp_ / "sshd_config").string()}, Env{},
            tmp_ / "sshd.log");
        ASSERT_TRUE(wait_for_port(port_)) << read_file(tmp_ / "sshd.log");
        const passwd* self = ::getpwuid(::geteuid());
        ASSERT_NE(self, nullptr);
        checkout_.git(
            {"remote", "set-url", "origin",
             "ssh://" + std::string(self->pw_name) + "@127.0.0.1:" + std::to_string(port_) + remote_.path().string()});
        write_file(tmp_ / "known_hosts", "[127.0.0.1]:" + std::to_string(port_) + " " + read_file(tmp_ / "host.pub"));
    }
    /// An ssh command line that knows this server and shows `key`.
    std::string ssh(const std::string& key, const std::string& known_hosts = "known_hosts") const {
        return "ssh -F none -oBatchMode=yes -oIdentitiesOnly=yes -oIdentityAgent=none -oStrictHostKeyChecking=yes "
               "-oUserKnownHostsFile=" +
               (tmp_ / known_hosts).string() + " -i " + (tmp_ / key).string();
    }
    Result<RemoteFacts> opened(GitRepository& subject) {
        return subject.open(*subject.checkout(checkout_.path()), "origin", tmp_ / "run.git");
    }
    /// What the commands of the network were told to use for ssh.
    std::string ssh_command() const {
        for (auto command = runner_.commands.rbegin(); command != runner_.commands.rend(); ++command)
            for (const auto& [name, value] : command->env_set)
                if (name == "GIT_SSH_COMMAND") return value;
        return "";
    }

    int port_ = 0;
    std::unique_ptr<LocalServer> server_;
};

TEST_F(GitSsh, CommandOfTheCheckoutsOwnSettings) {
    checkout_.set_config("core.sshCommand", ssh("user"));
    auto subject = git();
    const auto facts = opened(subject);
    ASSERT_OK(facts);
    EXPECT_EQ(facts->default_branch, "main");
    EXPECT_EQ(facts->url, checkout_.git({"remote", "get-url", "origin"}));
    const auto made = candidate(subject);
    ASSERT_OK(subject.check_push(made.id, "refs/heads/lockstep-probe"));
    const auto outcome = subject.push({k_main, made.id, base_});
    EXPECT_EQ(outcome.state, PushState::done) << outcome.detail;
    EXPECT_EQ(remote_.refs(), (std::map<std::string, std::string>{{k_main, made.id}}));
    EXPECT_EQ(ssh_command(), "") << "what the user configured is left alone";
}

TEST_F(GitSsh, CommandOfTheEnvironmentWins) {
    checkout_.set_config("core.sshCommand", "false");
    variables_["GIT_SSH_COMMAND"] = ssh("user");
    auto subject = git();
    ASSERT_OK(opened(subject));
    EXPECT_EQ(*subject.fetch(k_main), base_);
}

TEST_F(GitSsh, NeverAsksWhenNothingIsConfigured) {
    auto subject = git();
    EXPECT_FALSE(opened(subject).ok()) << "this machine's own ssh set-up does not know the server";
    EXPECT_EQ(ssh_command(), "ssh -oBatchMode=yes");
}

TEST_F(GitSsh, StrangersAreDenied) {
    checkout_.set_config("core.sshCommand", ssh("user"));
    auto friendly = git();
    ASSERT_OK(opened(friendly));
    const auto made = candidate(friendly);
    for (const auto& command : {ssh("stranger"), ssh("user", "no_known_hosts")}) {
        variables_["GIT_SSH_COMMAND"] = command;
        auto subject = git();
        const auto refused = opened(subject);
        ASSERT_FALSE(refused.ok());
        EXPECT_EQ(refused.error().kind, ErrorKind::credentials) << text_of(refused.error());
        EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::denied);
    }
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitSsh, RulesOfTheServerAndStaleLeases) {
    checkout_.set_config("core.sshCommand", ssh("user"));
    auto subject = git();
    ASSERT_OK(opened(subject));
    const auto made = candidate(subject);
    remote_.set_hook("update", "echo 'Not allowed to push to protected branch main' >&2; exit 1\n");
    EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::protected_branch);
    remote_.set_hook("update", "exit 0\n");
    const auto theirs = remote_.commit("main", {{"theirs", "x"}});
    EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::stale);
    EXPECT_EQ(remote_.ref("main"), theirs);
}

TEST_F(GitSsh, ServerThatIsGoneIsUnreachable) {
    checkout_.set_config("core.sshCommand", ssh("user"));
    auto subject = git();
    ASSERT_OK(opened(subject));
    const auto made = candidate(subject);
    server_.reset();
    EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::unreachable);
    const auto listed = subject.list_refs({});
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.error().kind, ErrorKind::infrastructure) << text_of(listed.error());
}

}  // namespace
}  // namespace lockstep::test
