// SPDX-License-Identifier: MIT
// Pushes against a real repository: leases, rewrites, deletes, rules of the server.
#include "edges/git_test_bed.hpp"

namespace lockstep::test {
namespace {

constexpr const char* k_main = "refs/heads/main";
constexpr const char* k_update = "refs/heads/flake-update/2026-01-01";

class GitPush : public GitBed {
protected:
    GitPush() : git_(git()) { open(git_); }
    PushOutcome push(const std::string& ref, const std::string& id, const std::string& expect, bool rewrite = false) {
        return git_.push({ref, id, expect, rewrite});
    }
    GitRepository git_;
};

TEST_F(GitPush, LandsAFastForward) {
    const auto made = candidate(git_);
    const auto outcome = push(k_main, made.id, base_);
    EXPECT_EQ(outcome.state, PushState::done) << outcome.detail;
    EXPECT_EQ(remote_.ref("main"), made.id);
    EXPECT_EQ(push(k_main, made.id, base_).state, PushState::done) << "the ref is where it was asked to be";
}

TEST_F(GitPush, StaleWhenBaseMovedForward) {
    const auto made = candidate(git_);
    const auto theirs = remote_.commit("main", {{"theirs", "x"}}, "theirs");
    EXPECT_EQ(push(k_main, made.id, base_).state, PushState::stale);
    EXPECT_EQ(remote_.ref("main"), theirs);
}

TEST_F(GitPush, StaleWhenBaseWasForcedBackAndNothingIsResurrected) {
    const auto removed = remote_.commit("main", {{"removed", "x"}}, "to be removed");
    const auto made = candidate(git_);
    ASSERT_EQ(made.parents, std::vector{removed});
    remote_.set_ref(k_main, base_);
    EXPECT_EQ(push(k_main, made.id, removed).state, PushState::stale)
        << "a plain fast-forward push would be accepted here";
    EXPECT_EQ(remote_.ref("main"), base_);
    EXPECT_FALSE(remote_.is_ancestor(removed, "main"));
}

TEST_F(GitPush, StaleWhenBaseMovesBetweenAdvertisementAndUpdate) {
    const auto made = candidate(git_);
    const auto theirs = remote_.make_commit(base_, {{"theirs", "x"}}, "theirs");
    // pre-receive is not allowed to move refs while objects are quarantined, unless it is told that there is no
    // quarantine.
    remote_.set_hook("pre-receive",
                     "unset GIT_QUARANTINE_PATH; exec git update-ref " + std::string(k_main) + " " + theirs + "\n");
    const auto outcome = push(k_main, made.id, base_);
    EXPECT_EQ(outcome.state, PushState::stale) << outcome.detail;
    EXPECT_EQ(remote_.ref("main"), theirs);
}

TEST_F(GitPush, CreatesOnlyWhatDoesNotExist) {
    const auto made = candidate(git_);
    EXPECT_EQ(push(k_update, made.id, "").state, PushState::done);
    EXPECT_EQ(remote_.ref(k_update), made.id);
    EXPECT_EQ(push(k_update, base_, "").state, PushState::stale);
    EXPECT_EQ(remote_.ref(k_update), made.id);
}

TEST_F(GitPush, DeletesOnlyWhatItExpects) {
    const auto made = candidate(git_);
    ASSERT_EQ(push(k_update, made.id, "").state, PushState::done);
    EXPECT_EQ(push(k_update, "", base_).state, PushState::stale);
    EXPECT_EQ(remote_.ref(k_update), made.id);
    EXPECT_EQ(push(k_update, "", made.id).state, PushState::done);
    EXPECT_EQ(remote_.ref(k_update), "");
    EXPECT_EQ(push(k_update, "", made.id).state, PushState::done) << "it is not there any more";
}

TEST_F(GitPush, RewritesOnlyWhenAllowedAndNeverAsksTheServerOtherwise) {
    const auto first = candidate(git_, "{\"v\":1}\n"), second = candidate(git_, "{\"v\":2}\n");
    ASSERT_EQ(push(k_update, first.id, "").state, PushState::done);
    const auto before = runner_.commands.size();
    EXPECT_EQ(push(k_update, second.id, first.id).state, PushState::not_fast_forward);
    EXPECT_EQ(runner_.commands.size(), before) << "no command was run";
    EXPECT_EQ(push(k_update, second.id, first.id, true).state, PushState::done);
    EXPECT_EQ(remote_.ref(k_update), second.id);
    EXPECT_EQ(push(k_update, first.id, base_, true).state, PushState::stale) << "allowed rewrites are leased too";
    EXPECT_EQ(remote_.ref(k_update), second.id);
}

TEST_F(GitPush, UnknownExpectationCannotBeAFastForward) {
    const auto made = candidate(git_);
    EXPECT_EQ(push(k_main, made.id, std::string(40, 'a')).state, PushState::not_fast_forward);
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitPush, ServerThatDeniesRewrites) {
    remote_.set_config("receive.denyNonFastForwards", "true");
    const auto first = candidate(git_, "{\"v\":1}\n"), second = candidate(git_, "{\"v\":2}\n");
    ASSERT_EQ(push(k_update, first.id, "").state, PushState::done);
    const auto outcome = push(k_update, second.id, first.id, true);
    EXPECT_EQ(outcome.state, PushState::not_fast_forward) << outcome.detail;
    EXPECT_EQ(remote_.ref(k_update), first.id);
}

TEST_F(GitPush, HookOfTheServerDeclines) {
    remote_.set_hook("update", "echo 'GH006: Protected branch update failed' >&2; exit 1\n");
    const auto outcome = push(k_main, candidate(git_).id, base_);
    EXPECT_EQ(outcome.state, PushState::protected_branch);
    EXPECT_NE(outcome.detail.find("GH006"), std::string::npos) << outcome.detail;
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitPush, DirectoryInTheWayIsRejected) {
    remote_.set_ref("refs/heads/flake-update", base_);
    const auto outcome = push(k_update, candidate(git_).id, "");
    EXPECT_EQ(outcome.state, PushState::rejected) << outcome.detail;
}

TEST_F(GitPush, UnknownCommitAndBadNamesAreRejectedWithoutTheServer) {
    const auto before = runner_.commands.size();
    EXPECT_EQ(push(k_main, std::string(40, 'a'), base_).state, PushState::rejected);
    EXPECT_EQ(push(k_main, "--mirror", base_).state, PushState::rejected);
    for (const char* ref : {"main", "--mirror", "refs/heads/a..b", "refs/heads/a\x7f", "refs/heads/x:refs/heads/main",
                            "+refs/heads/main", "refs/heads/*", ""})
        EXPECT_EQ(push(ref, base_, "").state, PushState::rejected) << ref;
    EXPECT_EQ(runner_.commands.size(), before);
}

TEST_F(GitPush, RemoteThatIsGoneIsUnreachable) {
    const auto made = candidate(git_);
    std::filesystem::remove_all(remote_.path());
    EXPECT_EQ(push(k_main, made.id, base_).state, PushState::unreachable);
}

TEST_F(GitPush, LocalHooksDoNotRun) {
    // The remote is a path, so the server side reads the same settings; its hooks are its own business.
    const auto made = candidate(git_);
    const auto hooks = tmp_ / "hooks";
    for (const char* name : {"pre-push", "post-checkout", "reference-transaction"}) {
        write_file(hooks / name, "#!/bin/sh\ncase $PWD in */remote.git) exit 0 ;; esac\ntouch " +
                                     (tmp_ / "hook-ran").string() + "\nexit 1\n");
        std::filesystem::permissions(hooks / name, std::filesystem::perms::owner_all);
    }
    write_file(tmp_ / "home" / ".gitconfig", "[core]\n\thooksPath = " + hooks.string() + "\n");
    EXPECT_EQ(push(k_main, made.id, base_).state, PushState::done);
    ASSERT_OK(git_.add_worktree(made.id, tmp_ / "tree", false));
    EXPECT_FALSE(std::filesystem::exists(tmp_ / "hook-ran"));
}

TEST_F(GitPush, SettingsThatWidenAPushAreOverruled) {
    write_file(tmp_ / "home" / ".gitconfig",
               "[push]\n\tfollowTags = true\n\tgpgSign = true\n[remote \"lockstep\"]\n\tmirror = "
               "false\n[fetch]\n\tprune = true\n");
    checkout_.set_config("remote.origin.mirror", "true");
    auto subject = git();
    ASSERT_NO_FATAL_FAILURE(open(subject, "second.git"));
    const auto made = candidate(subject);
    GitRepo(subject.repository()).git({"tag", "-a", "-m", "t", "v1", made.id});
    EXPECT_EQ(subject.push({k_main, made.id, base_}).state, PushState::done);
    EXPECT_EQ(remote_.refs(), (std::map<std::string, std::string>{{k_main, made.id}}));
}

TEST_F(GitPush, CheckPushLeavesNothingBehind) {
    const auto made = candidate(git_);
    const auto before = snapshot(remote_.path());
    ASSERT_OK(git_.check_push(made.id, "refs/heads/lockstep-probe"));
    EXPECT_EQ(snapshot(remote_.path()), before);
    std::filesystem::remove_all(remote_.path());
    EXPECT_FALSE(git_.check_push(made.id, "refs/heads/lockstep-probe").ok());
}

TEST(GitPushWord, EveryStateHasAWordOfItsOwn) {
    std::map<std::string_view, int> words;
    for (int state = 0; state <= static_cast<int>(PushState::unreachable); ++state)
        ++words[push_word(static_cast<PushState>(state))];
    EXPECT_EQ(words.size(), static_cast<std::size_t>(PushState::unreachable) + 1);
}

}  // namespace
}  // namespace lockstep::test
