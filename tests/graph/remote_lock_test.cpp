// SPDX-License-Identifier: MIT
// The lock on a real remote: who gets it, who waits, who may take it over. Fault table, rows 5 and 6.
#include "lockstep/core/lock_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

TEST(LockNoteText, ComesBackAsItWent) {
    const auto at = std::chrono::system_clock::from_time_t(1795226400);
    const LockNote note{"20261121T020000Z-abcdef", "cache", "main", at, at + std::chrono::hours(12)};
    EXPECT_EQ(parse_lock_note(lock_note_text(note)), note);
    EXPECT_EQ(parse_lock_note("A run of lockstep updates main\n"), std::nullopt);
    EXPECT_EQ(parse_lock_note(""), std::nullopt);
    auto forged = note;
    forged.host = "a\nRun: other\x1b[31m";
    EXPECT_EQ(parse_lock_note(lock_note_text(forged))->run, note.run);
}

TEST(LockNoteText, EveryBaseHasARefOfItsOwnOutsideOfTheHeads) {
    EXPECT_EQ(lock_ref("main").rfind("refs/lockstep/lock/", 0), 0U);
    EXPECT_NE(lock_ref("a/b"), lock_ref("a-b"));
    EXPECT_EQ(lock_ref("a/b").find('/', 19), std::string::npos);
}

struct RemoteLockTest : ::testing::Test {
    FaultRemote remote;
    Machine machine{remote.dir() / "one", remote};

    RemoteLockTest() {
        machine.config.lock.remote = true;
        machine.nix().upstream_lock = 2;
    }
    /// Another machine's lock, as its run would have left it.
    void others_lock(std::chrono::system_clock::time_point expires, const std::string& host = "other") {
        const LockNote note{"20261120T020000Z-abcdef", host, "main", expires - std::chrono::hours(12), expires};
        const auto id = remote.bare().git({"commit-tree", "-m", lock_note_text(note), remote.first() + "^{tree}"});
        remote.bare().git({"update-ref", lock_ref("main"), std::string(id.substr(0, 40))});
    }
    [[nodiscard]] std::string refs() const { return remote.bare().git({"for-each-ref", "--format=%(refname)"}); }
};

TEST_F(RemoteLockTest, IsHeldWhileTheHostsAreProvedAndGivenBack) {
    std::string meanwhile;
    machine.nix().moment = [&](const char*) {
        if (const auto now = refs(); now.find("refs/lockstep/") != std::string::npos) meanwhile = now;
    };
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::ok) << report.ending.reason;
    EXPECT_THAT(meanwhile, HasSubstr(lock_ref("main")));
    EXPECT_EQ(refs().find("refs/lockstep/"), std::string::npos);
}

TEST_F(RemoteLockTest, FaultRow06OfAnotherMachineEndsTheRunBeforeAnythingIsProved) {
    others_lock(machine.clock->now() + std::chrono::hours(1));
    const auto before = refs();
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::locked);
    EXPECT_THAT(report.ending.reason, HasSubstr("20261120T020000Z-abcdef on other"));
    EXPECT_THAT(report.ending.next_action, HasSubstr("lockstep unlock"));
    EXPECT_TRUE(report.hosts.empty());
    EXPECT_EQ(remote.tip(), remote.first());
    EXPECT_EQ(refs(), before);
}

TEST_F(RemoteLockTest, ThatExpiredIsTakenOver) {
    others_lock(machine.clock->now() - std::chrono::seconds(1));
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::ok) << report.ending.reason;
    EXPECT_NE(remote.tip(), remote.first());
    EXPECT_EQ(refs().find("refs/lockstep/"), std::string::npos);
}

TEST_F(RemoteLockTest, ThatARemoteRefusesIsDoneWithout) {
    remote.bare().git({"config", "receive.hideRefs", "refs/lockstep"});
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::ok) << report.ending.reason;
    EXPECT_NE(remote.tip(), remote.first());
    EXPECT_THAT(report.notices, ::testing::Contains(HasSubstr("the remote takes no lock")));
}

TEST_F(RemoteLockTest, ThatIsNobodysIsLeftAlone) {
    remote.bare().git({"update-ref", lock_ref("main"), remote.first()});
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::ok) << report.ending.reason;
    EXPECT_THAT(refs(), HasSubstr(lock_ref("main")));
}

TEST_F(RemoteLockTest, OneOfTwoMachinesWaitsOutside) {
    Machine second(remote.dir() / "two", remote);
    second.config.lock.remote = true;
    second.nix().upstream_lock = 2;
    // The second one comes when the first holds the lock.
    RunReport other;
    bool started = false;
    machine.nix().moment = [&](const char*) {
        if (started || refs().find("refs/lockstep/") == std::string::npos) return;
        started = true;
        other = second.run();
    };
    const auto report = machine.run();
    ASSERT_TRUE(started);
    EXPECT_EQ(report.ending.exit, ExitCode::ok) << report.ending.reason;
    EXPECT_EQ(other.ending.exit, ExitCode::locked) << other.ending.reason;
    EXPECT_EQ(remote.since(remote.first()).size(), 1U);
}

}  // namespace
}  // namespace lockstep::test
