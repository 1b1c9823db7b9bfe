// SPDX-License-Identifier: MIT
// Fault table, rows 1 to 4, 10, 33 and 46: what others do to the base branch while hosts are built, against a real
// remote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>

#include "graph/fault_rig.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class BaseRows : public ::testing::Test {
protected:
    BaseRows() : machine_(remote_.dir() / "machine", remote_) {}

    /// Once, while the first candidate is being built.
    void meanwhile(std::function<void()> act) {
        machine_.nix().moment = [this, act = std::move(act), done = false](const char* moment) mutable {
            ++moments_[moment];
            if (std::string(moment) != "building" || std::exchange(done, true)) return;
            act();
        };
    }
    [[nodiscard]] std::string parent_of(const std::string& commit) const {
        return remote_.bare().git({"rev-parse", commit + "^@"});
    }
    void expect_landed_on(const std::string& theirs, const RunReport& report) const {
        EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
        EXPECT_EQ(remote_.tip(), report.repo.candidate_commit);
        EXPECT_EQ(parent_of(remote_.tip()), theirs) << "one parent: the commit it was proved on";
        EXPECT_EQ(remote_.bare().git({"diff", "--name-only", theirs, remote_.tip()}), "flake.lock");
    }
    [[nodiscard]] int decisions() const {
        int count = 0;
        for (const auto& line : machine_.journal()) count += line.step == "decided" ? 1 : 0;
        return count;
    }

    FaultRemote remote_;
    std::map<std::string, int> moments_;  ///< of the fake Nix, counted by meanwhile()
    Machine machine_;
};

using FaultRow01 = BaseRows;
TEST_F(FaultRow01, BaseThatMovedGetsTheUpdateProvedAnewOnTop) {
    std::string theirs;
    meanwhile([&] { theirs = remote_.others_commit({{"README", "theirs"}}); });
    const auto report = machine_.run();
    expect_landed_on(theirs, report);
    EXPECT_EQ(decisions(), 2) << "the old proof says nothing about the new commit";
    EXPECT_EQ(moments_["evaluating"], 2) << "the new commit landed without a proof";
    EXPECT_EQ(moments_["updating"], 1) << "the flake is as before, so the update is too";
}

TEST_F(FaultRow01, BaseWhoseFlakeChangedIsUpdatedAndProvedAnew) {
    std::string theirs;
    meanwhile([&] { theirs = remote_.others_commit({{"flake.nix", fakes::flake_text(2)}}); });
    const auto report = machine_.run();
    expect_landed_on(theirs, report);
    EXPECT_EQ(decisions(), 2);
    EXPECT_EQ(moments_["evaluating"], 2) << "the new commit landed without a proof";
    EXPECT_EQ(moments_["updating"], 2) << "another flake, and the old update is put on it";
}

TEST_F(FaultRow01, WithoutAnotherTryNothingIsMerged) {
    std::string theirs;
    machine_.config.land.tries = 1;
    meanwhile([&] { theirs = remote_.others_commit({{"README", "theirs"}}); });
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_moved) << how_it_ended(report);
    EXPECT_EQ(remote_.tip(), theirs);
}

using FaultRow02 = BaseRows;
TEST_F(FaultRow02, BaseForcedBackStaysWhereItIs) {
    const auto removed = remote_.others_commit({{"README", "a secret by mistake"}});
    meanwhile([&] { remote_.bare().set_ref("refs/heads/main", remote_.first()); });
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_refused) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("rewritten"));
    EXPECT_EQ(remote_.tip(), remote_.first()) << "a plain push would bring the removed commit back";
    for (const auto& [name, id] : remote_.bare().refs())
        EXPECT_FALSE(remote_.bare().is_ancestor(removed, id)) << name << " resurrects what was removed";
}

TEST_F(FaultRow02, BaseForcedToAnotherHistoryIsLeftAlone) {
    std::string theirs;
    meanwhile([&] {
        theirs =
            remote_.bare().make_commit("", {{"flake.nix", fakes::flake_text(7)}, {"flake.lock", fakes::lock_text(1)}});
        remote_.bare().set_ref("refs/heads/main", theirs);
    });
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_refused) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("rewritten"));
    EXPECT_EQ(remote_.tip(), theirs);
}

using FaultRow03 = BaseRows;
TEST_F(FaultRow03, BaseThatMovesInsideThePreReceiveHookIsRowOne) {
    const auto theirs = remote_.bare().make_commit(remote_.first(), {{"README", "theirs"}}, "theirs");
    const auto flag = (remote_.dir() / "moved").string();
    remote_.bare().set_hook("pre-receive", "test -e '" + flag + "' && exit 0\n: > '" + flag +
                                               "'\nunset GIT_QUARANTINE_PATH\n"
                                               "git update-ref refs/heads/main " +
                                               theirs + "\n");
    const auto report = machine_.run();
    ASSERT_TRUE(std::filesystem::exists(flag)) << "the hook never ran";
    expect_landed_on(theirs, report);
    EXPECT_EQ(decisions(), 2);
}

using FaultRow04 = BaseRows;
TEST_F(FaultRow04, DeletedBaseIsNotMadeAnew) {
    meanwhile([&] { remote_.bare().delete_ref("refs/heads/main"); });
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_refused) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("deleted"));
    EXPECT_THAT(remote_.bare().refs(), IsEmpty());
}

TEST_F(FaultRow04, RenamedBaseIsNotMadeAnewAndTheOtherNameIsLeftAlone) {
    meanwhile([&] {
        remote_.bare().set_ref("refs/heads/trunk", remote_.first());
        remote_.bare().delete_ref("refs/heads/main");
    });
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_refused) << how_it_ended(report);
    EXPECT_THAT(remote_.bare().refs(),
                ElementsAre(std::pair<const std::string, std::string>("refs/heads/trunk", remote_.first())));
}

TEST_F(FaultRow04, ProtectedBaseBecomesABranchWithTheServersWords) {
    remote_.bare().set_hook("update",
                            "test \"$1\" = refs/heads/main || exit 0\n"
                            "echo 'error: GH006: Protected branch update failed: needs a review.' >&2; exit 1\n");
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::base_refused) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("needs a review"));
    EXPECT_EQ(remote_.tip(), remote_.first());
    EXPECT_EQ(remote_.bare().ref(report.repo.branch), report.repo.candidate_commit);
}

using FaultRow10 = BaseRows;
TEST_F(FaultRow10, APushThatCannotBeWrittenDownIsNotDone) {
    machine_.full_disk = [](auto kind, auto step) { return kind == "intent" && step == "push-base"; };
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.exit, ExitCode::infrastructure) << how_it_ended(report);
    EXPECT_THAT(report.ending.reason, HasSubstr("No space left on device"));
    EXPECT_EQ(remote_.tip(), remote_.first());
}

using FaultRow33 = BaseRows;
TEST_F(FaultRow33, UnchangedLockLeavesNoTrace) {
    machine_.nix().upstream_lock = 1;
    int pushes = 0;
    machine_.runner().before_push = [&](Command&) { ++pushes; };
    for (const bool detailed : {false, true}) {
        machine_.settings.detailed_exit_code = detailed;
        const auto report = machine_.run();
        EXPECT_EQ(report.ending.outcome, Outcome::unchanged) << how_it_ended(report);
        EXPECT_EQ(report.ending.exit, detailed ? ExitCode::nothing_to_do : ExitCode::ok);
    }
    EXPECT_EQ(pushes, 0);
    EXPECT_EQ(remote_.bare().refs().size(), 1U);
    EXPECT_EQ(remote_.tip(), remote_.first());
}

using FaultRow46 = BaseRows;
TEST_F(FaultRow46, ConfigurationComesFromBaseAlone) {
    const auto base = remote_.others_commit({{"lockstep.yaml", "of base"}});
    const auto date = std::string("refs/heads/flake-update/2026-11-18");
    remote_.bare().set_ref(date, remote_.bare().make_commit(base, {{"lockstep.yaml", "of the update branch"}}));
    machine_.checkout().git({"fetch", "--quiet", remote_.bare().url(), "+refs/heads/*:refs/remotes/origin/*"});
    machine_.checkout().commit("main", {{"lockstep.yaml", "of the checkout's commit"}});
    write_file(machine_.checkout().path() / "lockstep.yaml", "of the work tree");
    std::vector<std::string> seen;
    machine_.apply_file = [&](const std::string& text, Config&) { seen.push_back(text); };
    machine_.config.land.mode = LandMode::pull_request;  // with the update branch pushed, too
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
    EXPECT_THAT(seen, Not(IsEmpty()));
    EXPECT_THAT(seen, ::testing::Each("of base"));
    EXPECT_EQ(report.repo.branch, "flake-update/2026-11-18-2");
}

}  // namespace
}  // namespace lockstep::test
