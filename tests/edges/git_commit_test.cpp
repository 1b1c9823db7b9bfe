// SPDX-License-Identifier: MIT
// The commit that lockstep makes: exactly one path, the right identity, signed when git is set up to sign.
#include "edges/git_test_bed.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using Sign = CommitRequest::Sign;

class GitCommit : public GitBed {
protected:
    GitCommit() : git_(git()) {
        open(git_);
        EXPECT_TRUE(git_.fetch("refs/heads/main").ok());
        request_.parent = base_;
        request_.path = "flake.lock";
        request_.content = "{}\n";
        request_.message = "flake.lock: Update\n\nnixpkgs: a → b";
        request_.time = 1'767'225'600;
    }
    GitRepo made() { return GitRepo(git_.repository()); }
    /// Names of the paths in which the commit differs from its parent.
    std::string changed(const std::string& id) {
        return made().git({"diff-tree", "-r", "--name-status", "--no-commit-id", id});
    }

    /// An ssh signing key; returns the user's settings that sign with it.
    std::string ssh_signing(const std::string& passphrase = "") {
        EXPECT_TRUE(
            run({"ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "robo", "-f", (tmp_ / "key").string()})
                .ok());
        write_file(tmp_ / "signers", "robo@example.org " + read_file(tmp_ / "key.pub"));
        return "[gpg]\n\tformat = ssh\n[gpg \"ssh\"]\n\tallowedSignersFile = " + (tmp_ / "signers").string() +
               "\n[user]\n\tsigningKey = " + (tmp_ / "key").string() + "\n";
    }
    GitRepository git_;
    CommitRequest request_;
};

TEST_F(GitCommit, AddsAFileThatWasNotThere) {
    const auto info = git_.commit_file(request_, "flake-update/2026-01-01");
    ASSERT_OK(info);
    EXPECT_EQ(changed(info->id), "A\tflake.lock");
    EXPECT_EQ(info->parents, std::vector{base_});
    EXPECT_EQ(info->message, "flake.lock: Update\n\nnixpkgs: a → b\n");
    EXPECT_EQ(info->author, (Identity{"Ada Example", "ada@example.org"}));
    EXPECT_EQ(info->committer, (Identity{"Robo Example", "robo@example.org"}));
    EXPECT_EQ(info->time, request_.time);
    EXPECT_EQ(made().ref("flake-update/2026-01-01"), info->id);
    EXPECT_EQ(made().git({"rev-parse", "HEAD"}), info->id);
    EXPECT_EQ(made().git({"fsck", "--strict", "--no-dangling"}), "");
}

TEST_F(GitCommit, ReplacesInSubDirectoriesAndKeepsTheRest) {
    request_.path = "hosts/web/default.nix";
    const auto replaced = git_.commit_file(request_, "a");
    ASSERT_OK(replaced);
    EXPECT_EQ(changed(replaced->id), "M\thosts/web/default.nix");
    request_.path = "some/new/place/flake.lock";
    const auto deep = git_.commit_file(request_, "a");
    ASSERT_OK(deep);
    EXPECT_EQ(changed(deep->id), "A\tsome/new/place/flake.lock");
    EXPECT_EQ(made().show(deep->id, "flake.nix"), "{ }\n");
    EXPECT_EQ(made().ref("a"), deep->id) << "the branch follows, wherever it was";
    EXPECT_EQ(made().git({"fsck", "--strict", "--no-dangling"}), "");
}

TEST_F(GitCommit, KeepsTheModeOfTheFile) {
    const auto blob = checkout_.git({"rev-parse", "HEAD:flake.nix"});
    checkout_.git({"update-index", "--add", "--cacheinfo", "100755," + blob + ",flake.lock"});
    checkout_.git({"commit", "-q", "-m", "odd mode"});
    checkout_.git({"push", "-q", "origin", "main"});
    request_.parent = *git_.fetch("refs/heads/main");
    const auto info = git_.commit_file(request_, "a");
    ASSERT_OK(info);
    EXPECT_EQ(made().git({"ls-tree", info->id, "flake.lock"}).substr(0, 6), "100755");
}

TEST_F(GitCommit, RefusesPathsThatAreNotFilesThere) {
    for (const char* path :
         {"", "/abs", "../x", "a/../b", "./x", "a//b", "hosts", "flake.nix/flake.lock", ".git/config", "a/.git/x"}) {
        request_.path = path;
        const auto info = git_.commit_file(request_, "a");
        EXPECT_FALSE(info.ok()) << path;
    }
    request_.path = "flake.nix";
    request_.content = "{ }\n";
    EXPECT_FALSE(git_.commit_file(request_, "a").ok()) << "an empty commit";
    EXPECT_EQ(made().ref("a"), "");
}

TEST_F(GitCommit, RefusesParentsAndBranchNamesThatAreNone) {
    request_.parent = std::string(40, 'a');
    EXPECT_FALSE(git_.commit_file(request_, "a").ok());
    request_.parent = base_;
    for (const char* branch : {"", "a..b", "-x/", "a b", "x.lock"}) {
        const auto info = git_.commit_file(request_, branch);
        ASSERT_FALSE(info.ok()) << branch;
        EXPECT_EQ(info.error().kind, ErrorKind::config);
    }
}

TEST_F(GitCommit, IdentityOfTheRequestWins) {
    request_.identity = Identity{"Lock Bot", "lock@example.org"};
    const auto info = git_.commit_file(request_, "a");
    ASSERT_OK(info);
    EXPECT_EQ(info->author, *request_.identity);
    EXPECT_EQ(info->committer, *request_.identity);
}

TEST_F(GitCommit, IdentityOfTheCheckoutsOwnSettings) {
    variables_.clear();
    checkout_.set_config("user.name", "Local Person");
    checkout_.set_config("user.email", "local@example.org");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto info = subject.commit_file(request_, "a");
    ASSERT_OK(info);
    EXPECT_EQ(info->author, (Identity{"Local Person", "local@example.org"}));
}

TEST_F(GitCommit, NoIdentityIsAnErrorAndNothingIsMade) {
    variables_.clear();
    const auto info = git_.commit_file(request_, "a");
    ASSERT_FALSE(info.ok());
    EXPECT_EQ(info.error().kind, ErrorKind::config);
    EXPECT_NE(info.error().hint.find("user.email"), std::string::npos) << text_of(info.error());
    EXPECT_EQ(made().ref("a"), "");
}

TEST_F(GitCommit, SignsAsConfigured) {
    const auto settings = ssh_signing();
    write_file(tmp_ / "home" / ".gitconfig", settings + "[commit]\n\tgpgSign = true\n");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto info = subject.commit_file(request_, "a");
    ASSERT_OK(info);
    const Env home = {{"GIT_CONFIG_GLOBAL", (tmp_ / "home" / ".gitconfig").string()}};
    const auto verified = made().try_git({"verify-commit", info->id}, home);
    EXPECT_TRUE(verified.ok()) << verified.err;
    EXPECT_NE(verified.err.find("Good \"git\" signature for robo@example.org"), std::string::npos) << verified.err;
    EXPECT_EQ(changed(info->id), "A\tflake.lock");
    EXPECT_EQ(info->message, "flake.lock: Update\n\nnixpkgs: a → b\n");
    EXPECT_EQ(info->author, (Identity{"Ada Example", "ada@example.org"}));
    EXPECT_EQ(info->committer, (Identity{"Robo Example", "robo@example.org"}));
    EXPECT_EQ(info->time, request_.time);

    request_.sign = Sign::never;
    const auto plain = subject.commit_file(request_, "b");
    ASSERT_OK(plain);
    EXPECT_EQ(made().git({"cat-file", "commit", plain->id}).find("gpgsig"), std::string::npos);
    EXPECT_EQ(plain->tree, info->tree);
}

TEST_F(GitCommit, SignsByTheCheckoutsOwnSettingsAndOnDemand) {
    ssh_signing();
    checkout_.set_config("gpg.format", "ssh");
    checkout_.set_config("user.signingKey", (tmp_ / "key").string());
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject));
    const auto plain = subject.commit_file(request_, "a");
    ASSERT_OK(plain);
    EXPECT_EQ(made().git({"cat-file", "commit", plain->id}).find("gpgsig"), std::string::npos);
    request_.sign = Sign::always;
    const auto signed_one = subject.commit_file(request_, "a");
    ASSERT_OK(signed_one);
    EXPECT_NE(made().git({"cat-file", "commit", signed_one->id}).find("BEGIN SSH SIGNATURE"), std::string::npos);
}

TEST_F(GitCommit, FailsWhenItCannotSign) {
    const auto settings = ssh_signing("a passphrase nobody will type");
    for (const std::string& config :
         {settings, std::string("[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = /nonexistent/key\n")}) {
        write_file(tmp_ / "home" / ".gitconfig", config + "[commit]\n\tgpgSign = yes\n");
        auto subject = git();
        ASSERT_NO_FATAL_FAILURE(open(subject));
        const auto info = subject.commit_file(request_, "a");
        ASSERT_FALSE(info.ok());
        EXPECT_EQ(info.error().kind, ErrorKind::config);
        EXPECT_NE(info.error().hint.find("commit.sign"), std::string::npos) << text_of(info.error());
        EXPECT_EQ(made().ref("a"), "") << "nothing unsigned instead";
    }
}

TEST_F(GitCommit, ReadsBackFilesCommitsAndAncestry) {
    const auto info = git_.commit_file(request_, "a");
    ASSERT_OK(info);
    EXPECT_EQ(*git_.read_file(info->id, "flake.lock"), "{}\n");
    EXPECT_EQ(*git_.read_file(base_, "flake.lock"), std::nullopt);
    EXPECT_EQ(*git_.read_file(base_, "flake.nix/x"), std::nullopt);
    EXPECT_EQ(*git_.read_file(base_, "hosts/web/default.nix"), "{ }\n");
    const auto directory = git_.read_file(base_, "hosts");
    ASSERT_FALSE(directory.ok());
    EXPECT_EQ(directory.error().kind, ErrorKind::config);
    EXPECT_FALSE(git_.read_file(std::string(40, 'a'), "flake.nix").ok());
    EXPECT_FALSE(git_.read_file("HEAD", "flake.nix").ok()) << "only object ids";
    EXPECT_TRUE(*git_.is_ancestor(base_, info->id));
    EXPECT_TRUE(*git_.is_ancestor(base_, base_));
    EXPECT_FALSE(*git_.is_ancestor(info->id, base_));
    EXPECT_FALSE(git_.is_ancestor(std::string(40, 'a'), base_).ok());
    EXPECT_EQ(git_.commit_info(base_)->message, "first\n");
    EXPECT_EQ(git_.blob_id("{}\n"), made().git({"rev-parse", info->id + ":flake.lock"}));
    EXPECT_EQ(git_.blob_id(""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

}  // namespace
}  // namespace lockstep::test
