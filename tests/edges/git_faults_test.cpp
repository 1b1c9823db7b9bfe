// SPDX-License-Identifier: MIT
// Pushes to servers that misbehave: done is only what is known to be done, and whatever may have happened is unknown.
#include "edges/git_http_bed.hpp"

namespace lockstep::test {
namespace {

namespace fault = fakes::fault;

constexpr const char* k_receive = "/git-receive-pack$";
constexpr fakes::Occurrence k_always{1, 0};

class GitFaults : public GitHttpBed {
protected:
    GitFaults() : git_(with_token(host())) {
        EXPECT_TRUE(opened(git_).ok());
        made_ = candidate(git_);
    }
    PushState pushed() { return git_.push({k_main, made_.id, base_}).state; }
    GitRepository git_;
    CommitInfo made_;
};

TEST_F(GitFaults, BaseMovesBetweenAdvertisementAndUpdate) {
    const auto theirs = remote_.make_commit(base_, {{"theirs", "x"}}, "theirs");
    server_.faults().on("POST", k_receive, fault::second_writer([&] { remote_.set_ref(k_main, theirs); }));
    EXPECT_EQ(pushed(), PushState::stale);
    EXPECT_EQ(remote_.ref("main"), theirs);
    EXPECT_EQ(server_.faults().applied(), 1);
}

TEST_F(GitFaults, BaseForcedBackIsNotResurrected) {
    ASSERT_EQ(pushed(), PushState::done);
    const auto next = candidate(git_, "{\"v\":2}\n");
    ASSERT_EQ(next.parents, std::vector{made_.id});
    remote_.set_ref(k_main, base_);
    EXPECT_EQ(git_.push({k_main, next.id, made_.id}).state, PushState::stale);
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitFaults, ProtectedBranch) {
    remote_.set_hook("update",
                     "echo 'error: GH006: Protected branch update failed for refs/heads/main.' >&2; exit 1\n");
    EXPECT_EQ(pushed(), PushState::protected_branch);
}

TEST_F(GitFaults, AnswerLostAfterTheWorkWasDoneIsUnknown) {
    for (const auto& what : {fault::bad_gateway_after(), fault::cut_after_work(), fault::cut_after_work(40)}) {
        remote_.set_ref(k_main, base_);
        server_.faults().clear();
        server_.faults().on("POST", k_receive, what, k_always);
        EXPECT_EQ(pushed(), PushState::unknown);
        EXPECT_EQ(remote_.ref("main"), made_.id) << "the world must be read";
    }
}

// libcurl sends a request again when a kept connection closes without an answer. The second one finds the work of the
// first.
TEST_F(GitFaults, AnswerLostAndAskedAgainIsDone) {
    server_.faults().on("POST", k_receive, fault::cut_after_work());
    EXPECT_EQ(pushed(), PushState::done);
    EXPECT_EQ(remote_.ref("main"), made_.id);
    EXPECT_EQ(server_.faults().applied(), 1);
}

TEST_F(GitFaults, LostBeforeTheWorkIsUnknownToo) {
    for (const auto& what : {fault::bad_gateway_before(), fault::cut_before()}) {
        server_.faults().clear();
        server_.faults().on("POST", k_receive, what, k_always);
        EXPECT_EQ(pushed(), PushState::unknown);
        EXPECT_EQ(remote_.ref("main"), base_);
    }
}

TEST_F(GitFaults, TroubleBeforeAnythingWasSentIsUnreachable) {
    for (const auto& what : {fault::bad_gateway_before(), fault::cut_before(), fault::bad_gateway_before(503)}) {
        server_.faults().clear();
        server_.faults().on("GET", "/info/refs", what, k_always);
        EXPECT_EQ(pushed(), PushState::unreachable);
        const auto listed = git_.list_refs({});
        ASSERT_FALSE(listed.ok());
        EXPECT_EQ(listed.error().kind, ErrorKind::infrastructure) << text_of(listed.error());
    }
}

TEST_F(GitFaults, RevokedTokenIsDenied) {
    server_.faults().on("POST", k_receive, fault::answer(403, "token expired", {{"Content-Type", "text/plain"}}));
    EXPECT_EQ(pushed(), PushState::denied);
    EXPECT_EQ(remote_.ref("main"), base_);
}

TEST_F(GitFaults, HangingServerEndsByTheDeadline) {
    ASSERT_EQ(runner_.commands.back().deadline, std::chrono::seconds(60));
    runner_.shorter_deadline = std::chrono::seconds(2);
    server_.faults().on("POST", k_receive, fault::hang());
    EXPECT_EQ(git_.push({k_main, made_.id, base_}).state, PushState::unknown);
    server_.faults().clear();
    server_.faults().on("GET", "/info/refs", fault::hang(), k_always);
    const auto listed = git_.list_refs({});
    ASSERT_FALSE(listed.ok());
    EXPECT_EQ(listed.error().kind, ErrorKind::infrastructure);
    EXPECT_NE(listed.error().hint.find("git.timeout"), std::string::npos) << text_of(listed.error());
}

}  // namespace
}  // namespace lockstep::test
