// SPDX-License-Identifier: MIT
// What git and the forges say about a push, and what we make of it. The texts are what git 2.39, OpenSSH 9.2, GitHub
// and Gitea print.
#include <gtest/gtest.h>

#include "edges/git_push.hpp"
#include "edges/git_trouble.hpp"

namespace lockstep {
namespace {

constexpr const char* k_ref = "refs/heads/main";

GitAnswer exited(int code, std::string out, std::string err) {
    GitAnswer answer;
    answer.status.kind = ExitStatus::Kind::exited;
    answer.status.code = code;
    answer.out = std::move(out);
    answer.err = std::move(err);
    return answer;
}

std::string line(const std::string& flag, const std::string& summary) {
    return "To https://h/x\n" + flag + "\tabc:refs/heads/main\t" + summary + "\n";
}

PushState refused(const std::string& summary, const std::string& err = "") {
    return push_outcome(exited(1, line("!", summary), err + "\nerror: failed to push some refs"), k_ref).state;
}

PushState died(const std::string& err) {
    return push_outcome(exited(128, "", err), k_ref).state;
}

TEST(GitPushOutcome, DoneNeedsALineForTheRefAndExitZero) {
    for (const char* flag : {" ", "+", "-", "*", "="})
        EXPECT_EQ(push_outcome(exited(0, line(flag, "ok") + "Done\n", ""), k_ref).state, PushState::done) << flag;
    EXPECT_EQ(push_outcome(exited(0, "Done\n", ""), k_ref).state, PushState::unknown);
    EXPECT_EQ(push_outcome(exited(1, line("*", "[new branch]"), ""), k_ref).state, PushState::unknown);
    EXPECT_EQ(push_outcome(exited(0, line("*", "ok"), ""), "refs/heads/other").state, PushState::unknown);
}

TEST(GitPushOutcome, LeaseRefusals) {
    EXPECT_EQ(refused("[rejected] (stale info)"), PushState::stale);
    EXPECT_EQ(refused("[remote rejected] (reference already exists)"), PushState::stale);
    EXPECT_EQ(refused("[remote rejected] (cannot lock ref 'refs/heads/main': is at 1 but expected 2)"),
              PushState::stale);
    EXPECT_EQ(refused("[remote rejected] (failed to update ref)",
                      "remote: error: cannot lock ref 'refs/heads/main': is at 1 but expected 2"),
              PushState::stale);
    EXPECT_EQ(push_outcome(exited(1, "", "error: unable to delete 'x': remote ref does not exist"), k_ref).state,
              PushState::stale);
}

TEST(GitPushOutcome, OtherRefusalsOfTheRef) {
    EXPECT_EQ(refused("[rejected] (non-fast-forward)"), PushState::not_fast_forward);
    EXPECT_EQ(refused("[rejected] (fetch first)"), PushState::not_fast_forward);
    EXPECT_EQ(
        refused("[remote rejected] (non-fast-forward)", "remote: error: denying non-fast-forward refs/heads/main"),
        PushState::not_fast_forward);
    EXPECT_EQ(refused("[remote rejected] (branch is currently checked out)"), PushState::rejected);
    EXPECT_EQ(
        refused(
            "[remote rejected] (failed to update ref)",
            "remote: error: cannot lock ref 'refs/heads/a/b': 'refs/heads/a' exists; cannot create 'refs/heads/a/b'"),
        PushState::rejected);
    EXPECT_EQ(refused("[remote failure] (remote failed to report status)"), PushState::unknown);
}

TEST(GitPushOutcome, RulesOfTheServer) {
    EXPECT_EQ(refused("[remote rejected] (protected branch hook declined)",
                      "remote: error: GH006: Protected branch update failed for refs/heads/main."),
              PushState::protected_branch);
    EXPECT_EQ(
        refused("[remote rejected] (push declined due to repository rule violations)", "remote: error: GH013: ..."),
        PushState::protected_branch);
    EXPECT_EQ(refused("[remote rejected] (pre-receive hook declined)",
                      "remote: Gitea: Not allowed to push to protected branch main"),
              PushState::protected_branch);
    EXPECT_EQ(refused("[remote rejected] (deletion prohibited)"), PushState::protected_branch);
    EXPECT_EQ(
        refused("[remote rejected] (pre-receive hook declined)", "remote: Gitea: User permission denied for writing."),
        PushState::denied);
}

TEST(GitPushOutcome, Denied) {
    for (const char* err :
         {"fatal: Authentication failed for 'https://h/x/'",
          "fatal: could not read Username for 'https://h': terminal prompts disabled",
          "remote: Permission to o/r.git denied to bot.\nfatal: unable to access 'https://h/': The requested URL "
          "returned error: 403",
          "fatal: unable to access 'https://h/x/': The requested URL returned error: 401",
          "error: RPC failed; HTTP 403 curl 22 The requested URL returned error: 403\nsend-pack: unexpected disconnect",
          "git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.",
          "ERROR: Permission to o/r.git denied to deploy key\nfatal: Could not read from remote repository.",
          "Host key verification failed.\nfatal: Could not read from remote repository."})
        EXPECT_EQ(died(err), PushState::denied) << err;
}

TEST(GitPushOutcome, Unreachable) {
    for (const char* err :
         {"fatal: unable to access 'https://h/x/': Could not resolve host: h",
          "fatal: unable to access 'http://127.0.0.1:1/': Failed to connect to 127.0.0.1 port 1: Connection refused",
          "fatal: unable to access 'https://h/x/': The requested URL returned error: 502",
          "fatal: unable to access 'https://h/': server certificate verification failed. CAfile: none CRLfile: none",
          "ssh: connect to host h port 22: Connection refused\nfatal: Could not read from remote repository.",
          "fatal: '/srv/x' does not appear to be a git repository\nfatal: Could not read from remote repository.",
          "remote: Repository not found.\nfatal: repository 'https://h/x/' not found"})
        EXPECT_EQ(died(err), PushState::unreachable) << err;
    GitAnswer none;
    none.status.kind = ExitStatus::Kind::not_started;
    EXPECT_EQ(push_outcome(none, k_ref).state, PushState::unreachable);
}

TEST(GitPushOutcome, UnknownWheneverSomethingMayHaveBeenSent) {
    for (const char* err :
         {"error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: the remote end hung up "
          "unexpectedly",
          "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
          "client_loop: send disconnect: Broken pipe\nfatal: Could not read from remote repository.", "",
          "words nobody knows"})
        EXPECT_EQ(died(err), PushState::unknown) << err;
    for (const auto kind : {ExitStatus::Kind::timed_out, ExitStatus::Kind::silent, ExitStatus::Kind::signalled,
                            ExitStatus::Kind::interrupted}) {
        GitAnswer answer;
        answer.status.kind = kind;
        EXPECT_EQ(push_outcome(answer, k_ref).state, PushState::unknown);
        answer.err = "fatal: unable to access 'https://h/': Could not resolve host";
        EXPECT_EQ(push_outcome(answer, k_ref).state, PushState::unknown) << "how it ended counts before what it said";
        answer.out = line("*", "[new branch]");
        EXPECT_EQ(push_outcome(answer, k_ref).state, PushState::unknown);
    }
}

TEST(GitError, KindsFollowTheTrouble) {
    EXPECT_EQ(git_error(exited(128, "", "fatal: Authentication failed"), "x").kind, ErrorKind::credentials);
    EXPECT_EQ(git_error(exited(128, "", "fatal: repository 'https://h/x/' not found"), "x").kind,
              ErrorKind::credentials);
    EXPECT_EQ(git_error(exited(128, "", "fatal: unable to access 'https://h/': x"), "x").kind,
              ErrorKind::infrastructure);
    GitAnswer stopped;
    stopped.status.kind = ExitStatus::Kind::interrupted;
    EXPECT_EQ(git_error(stopped, "x").kind, ErrorKind::interrupted);
    stopped.status.kind = ExitStatus::Kind::not_started;
    EXPECT_EQ(git_error(stopped, "x").kind, ErrorKind::config);
    const auto moved = git_error(
        exited(128, "", "fatal: unable to access 'https://h/x/': The requested URL returned error: 301"), "x");
    EXPECT_NE(moved.hint.find("moved"), std::string::npos);
}

}  // namespace
}  // namespace lockstep
