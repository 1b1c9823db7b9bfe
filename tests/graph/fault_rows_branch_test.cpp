// SPDX-License-Identifier: MIT
// Fault table, rows 27 and 28: an update branch of the same date is there already.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

constexpr const char* k_branch = "flake-update/2026-11-18";

class BranchRows : public ::testing::Test {
protected:
    BranchRows() : machine_(remote_.dir() / "machine", remote_) { machine_.config.land.mode = LandMode::pull_request; }

    RunReport propose() {
        ++machine_.nix().upstream_lock;
        auto report = machine_.run();
        EXPECT_EQ(report.ending.outcome, Outcome::proposed_green) << how_it_ended(report);
        EXPECT_EQ(remote_.bare().ref(report.repo.branch), report.repo.candidate_commit);
        EXPECT_EQ(remote_.tip(), remote_.first());
        return report;
    }
    RunReport land() {
        machine_.config.land.mode = LandMode::push;
        ++machine_.nix().upstream_lock;
        auto report = machine_.run();
        EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
        return report;
    }
    std::string amend_with_another_file() {
        const auto& bare = remote_.bare();
        const auto message = bare.git({"log", "-1", "--format=%B", k_branch});
        const auto lock = bare.show(k_branch, "flake.lock");
        const auto amended =
            bare.make_commit(remote_.first(), {{"flake.lock", lock}, {"hosts.nix", "mended by hand"}}, message);
        bare.set_ref(std::string("refs/heads/") + k_branch, amended);
        return amended;
    }
    void expect_left_alone(const std::string& id) {
        const auto report = propose();
        EXPECT_EQ(remote_.bare().ref(k_branch), id) << "overwritten";
        EXPECT_EQ(report.repo.branch, std::string(k_branch) + "-2");
        EXPECT_THAT(report.notices, Contains(HasSubstr(k_branch)));
    }

    FaultRemote remote_;
    Machine machine_;
};

using FaultRow27 = BranchRows;
TEST_F(FaultRow27, BranchOfOursIsUsedAgain) {
    const auto first = propose();
    const auto second = propose();
    EXPECT_EQ(first.repo.branch, k_branch);
    EXPECT_EQ(second.repo.branch, k_branch);
    EXPECT_NE(first.repo.candidate_commit, second.repo.candidate_commit);
    EXPECT_EQ(remote_.bare().refs().size(), 2U);
}

TEST_F(FaultRow27, BranchOfOursGoesWhenTheUpdateLands) {
    propose();
    land();
    EXPECT_EQ(remote_.bare().refs().size(), 1U);
}

using FaultRow28 = BranchRows;
TEST_F(FaultRow28, BranchOfSomebodyElseStaysWhenTheUpdateLands) {
    const auto theirs = remote_.bare().make_commit(remote_.first(), {{"README", "theirs"}});
    remote_.bare().set_ref(std::string("refs/heads/") + k_branch, theirs);
    land();
    EXPECT_EQ(remote_.bare().ref(k_branch), theirs) << "deleted";
}

TEST_F(FaultRow28, BranchOfSomebodyElseIsLeftAlone) {
    const auto theirs = remote_.bare().make_commit(remote_.first(), {{"README", "theirs"}});
    remote_.bare().set_ref(std::string("refs/heads/") + k_branch, theirs);
    expect_left_alone(theirs);
}

TEST_F(FaultRow28, BranchOfOursForAnotherBaseIsLeftAlone) {
    const auto ours = propose().repo.candidate_commit;
    remote_.bare().set_ref("refs/heads/stable", remote_.first());
    machine_.config.base = "stable";
    expect_left_alone(ours);
    land();
    EXPECT_EQ(remote_.bare().ref(k_branch), ours) << "deleted";
    EXPECT_EQ(remote_.bare().ref(std::string(k_branch) + "-2"), "");
}

TEST_F(FaultRow28, LandingDeletesOurBranchBesideIt) {
    const auto theirs = remote_.bare().make_commit(remote_.first(), {{"README", "theirs"}});
    remote_.bare().set_ref(std::string("refs/heads/") + k_branch, theirs);
    const auto ours = propose().repo.candidate_commit;
    const std::string other = std::string("refs/heads/") + k_branch + "-with-words";
    remote_.bare().set_ref(other, ours);
    machine_.config.land.mode = LandMode::push;
    ++machine_.nix().upstream_lock;
    const auto report = machine_.run();
    EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
    EXPECT_EQ(remote_.bare().ref(std::string(k_branch) + "-2"), "");
    EXPECT_EQ(remote_.bare().ref(k_branch), theirs);
    EXPECT_EQ(remote_.bare().ref(other), ours) << "a name that lockstep does not give";
}

TEST_F(FaultRow28, BranchOfOursWithACommitOnTopIsLeftAlone) {
    propose();
    expect_left_alone(remote_.bare().commit(k_branch, {{"hosts.nix", "mended by hand"}}));
}

TEST_F(FaultRow28, BranchOfOursThatWasAmendedIsLeftAlone) {
    const auto ours = propose().repo.candidate_commit;
    const auto message = remote_.bare().git({"log", "-1", "--format=%B", ours});
    const auto amended = remote_.bare().make_commit(remote_.first(), {{"flake.lock", fakes::lock_text(99)}}, message);
    remote_.bare().set_ref(std::string("refs/heads/") + k_branch, amended);
    expect_left_alone(amended);
}

// git commit --amend: message, parent and lock stay, and with them the seal.
TEST_F(FaultRow28, BranchOfOursThatWasAmendedWithAnotherFileIsLeftAlone) {
    propose();
    const auto amended = amend_with_another_file();
    expect_left_alone(amended);
    land();
    EXPECT_EQ(remote_.bare().ref(k_branch), amended) << "deleted";
    EXPECT_EQ(remote_.bare().ref(std::string(k_branch) + "-2"), "");
}

TEST_F(FaultRow28, BranchThatSomebodyTakesAtTheLastMomentIsLeftAlone) {
    const auto theirs = remote_.bare().make_commit(remote_.first(), {{"README", "theirs"}});
    machine_.runner().before_push = [&, done = false](Command&) mutable {
        if (!std::exchange(done, true)) remote_.bare().set_ref(std::string("refs/heads/") + k_branch, theirs);
    };
    expect_left_alone(theirs);
}

}  // namespace
}  // namespace lockstep::test
