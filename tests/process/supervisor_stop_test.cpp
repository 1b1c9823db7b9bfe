// SPDX-License-Identifier: MIT
// Ending children: deadlines, interruption, and what they leave behind. No test depends on how long something takes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edges/supervisor.hpp"
#include "process/job.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using Kind = ExitStatus::Kind;
using ::testing::HasSubstr;

const std::vector<std::string> k_base{"PATH=/usr/bin:/bin"};

Command waits(std::vector<std::string> words, std::chrono::milliseconds grace = 50ms) {
    words.insert(words.begin(), "waits");
    Command result = command(std::move(words));
    result.stop.grace = grace;
    return result;
}

constexpr auto k_for_ever = std::chrono::hours(24);

TEST(SupervisorStop, AsksPolitelyFirst) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, waits({"polite"}, k_for_ever));
    ASSERT_TRUE(job->await_output("ready"));
    supervisor.stop(job->id());
    const auto status = job->await_exit();
    EXPECT_EQ(status.kind, Kind::interrupted);
    EXPECT_EQ(status.code, 5);
    EXPECT_EQ(describe(status), "was interrupted");
}

TEST(SupervisorStop, KillsWhoeverIgnoresThat) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, waits({"stubborn"}));
    ASSERT_TRUE(job->await_output("ready"));
    supervisor.stop(job->id());
    const auto status = job->await_exit();
    EXPECT_EQ(status.kind, Kind::interrupted);
    EXPECT_EQ(status.signal, SIGKILL);
}

TEST(SupervisorStop, WakesAStoppedChildSoThatItCanEnd) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, waits({"polite"}, k_for_ever));
    ASSERT_TRUE(job->await_output("ready"));
    kill(job->pid_after("ready"), SIGSTOP);
    supervisor.stop(job->id());
    EXPECT_EQ(job->await_exit().code, 5);
}

TEST(SupervisorStop, EndsAChildAtItsDeadline) {
    Supervisor supervisor(k_base);
    Command wish = waits({"stubborn"});
    wish.deadline = 300ms;
    const auto job = Job::start(supervisor, wish);
    const auto status = job->await_exit();
    EXPECT_EQ(status.kind, Kind::timed_out);
    EXPECT_EQ(status.limit, 300ms);
    EXPECT_EQ(describe(status), "took longer than 300ms and was ended");
    EXPECT_GE(status.wall, 300ms);
}

TEST(SupervisorStop, EndsASilentChild) {
    Supervisor supervisor(k_base);
    Command wish = waits({});
    wish.silence = 200ms;
    wish.deadline = k_for_ever;
    const auto status = Job::start(supervisor, wish)->await_exit();
    EXPECT_EQ(status.kind, Kind::silent);
    EXPECT_EQ(status.limit, 200ms);
    EXPECT_EQ(describe(status), "printed nothing for 200ms and was ended");
}

TEST(SupervisorStop, EndsTheWholeGroup) {
    Supervisor supervisor(k_base);
    for (const bool hard : {false, true}) {
        const auto job = Job::start(supervisor, waits({"group"}, k_for_ever));
        ASSERT_TRUE(job->await_output("ready"));
        const pid_t member = job->pid_after("member");
        ASSERT_TRUE(exists(member));
        if (hard)
            supervisor.stop_all(true);
        else
            supervisor.stop(job->id());
        const auto status = job->await_exit();
        EXPECT_EQ(status.kind, Kind::interrupted);
        EXPECT_FALSE(status.leftovers);
        EXPECT_FALSE(exists(member));
    }
}

TEST(SupervisorStop, KillsMembersThatOutliveTheirLeader) {
    Supervisor supervisor(k_base);
    for (const auto* output : {"", "quiet"}) {
        const auto job = Job::start(supervisor, waits({"stubborn", "group", "detached", output}));
        const auto status = job->await_exit();
        EXPECT_EQ(status.kind, Kind::exited);
        EXPECT_EQ(status.code, 0);
        EXPECT_TRUE(status.leftovers);
        ASSERT_NE(job->pid_after("member"), 0);
        EXPECT_FALSE(exists(job->pid_after("member")));
    }
}

TEST(SupervisorStop, HearsWhatMembersSayRightAfterTheirLeaderEnded) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, command({"lates"}));
    const auto status = job->await_exit();
    EXPECT_TRUE(status.ok());
    EXPECT_FALSE(status.leftovers);
    EXPECT_EQ(job->out(), "late\n");
}

TEST(SupervisorStop, DoesNotWaitForADaemonThatHoldsThePipe) {
    pid_t daemon = 0;
    {
        Supervisor supervisor(k_base);
        const auto job = Job::start(supervisor, waits({"session", "detached"}));
        const auto status = job->await_exit();
        daemon = job->pid_after("member");
        EXPECT_EQ(status.kind, Kind::exited);
        EXPECT_EQ(status.code, 0);
        EXPECT_FALSE(status.leftovers);
        EXPECT_EQ(status.reason, "processes in sessions of their own stayed: " + std::to_string(daemon) + " (waits)");
        EXPECT_TRUE(exists(daemon));
        // Told once, not with every child that ends after it.
        EXPECT_EQ(Job::start(supervisor, command({"exits", "0"}))->await_exit().reason, "");
    }
    EXPECT_FALSE(exists(daemon));
}

TEST(SupervisorStop, EndsBuildersInSessionsOfTheirOwn) {
    Supervisor supervisor(k_base);
    const auto stopped = Job::start(supervisor, waits({"stubborn", "session", "quiet"}));
    ASSERT_TRUE(stopped->await_output("ready"));
    const pid_t worker = stopped->pid_after("member");
    ASSERT_TRUE(exists(worker));
    supervisor.stop(stopped->id());
    const auto status = stopped->await_exit();
    EXPECT_EQ(status.kind, Kind::interrupted);
    EXPECT_TRUE(status.leftovers);
    EXPECT_FALSE(exists(worker));

    const auto killed = Job::start(supervisor, waits({"stubborn", "session"}));
    ASSERT_TRUE(killed->await_output("ready"));
    kill(killed->pid_after("ready"), SIGKILL);
    EXPECT_EQ(killed->await_exit().kind, Kind::signalled);
    EXPECT_TRUE(killed->await_exit().leftovers);
    EXPECT_FALSE(exists(killed->pid_after("member")));
}

// Its state is that of a zombie, and it lives.
TEST(SupervisorStop, EndsBuildersWhoseFirstThreadHasEnded) {
    Supervisor supervisor(k_base);
    const auto job = Job::start(supervisor, waits({"stubborn", "session", "quiet", "headless"}));
    ASSERT_TRUE(job->await_output("ready"));
    const pid_t worker = job->pid_after("member");
    ASSERT_TRUE(exists(worker));
    supervisor.stop(job->id());
    EXPECT_TRUE(job->await_exit().leftovers);
    EXPECT_FALSE(exists(worker));
}

TEST(SupervisorStop, StopAllEndsAllAndRefusesWhatComesLater) {
    Supervisor supervisor(k_base);
    const auto polite = Job::start(supervisor, waits({"polite"}, k_for_ever));
    const auto stubborn = Job::start(supervisor, waits({"stubborn"}, k_for_ever));
    ASSERT_TRUE(polite->await_output("ready"));
    ASSERT_TRUE(stubborn->await_output("ready"));
    supervisor.stop_all(false);
    EXPECT_EQ(polite->await_exit().code, 5);
    const auto late = Job::start(supervisor, command({"exits", "0"}));
    EXPECT_EQ(late->await_exit().kind, Kind::interrupted);
    EXPECT_EQ(stubborn->exits(), 0);
    supervisor.stop_all(true);  // the second signal: no grace
    EXPECT_EQ(stubborn->await_exit().kind, Kind::interrupted);
    EXPECT_EQ(stubborn->await_exit().signal, SIGKILL);
}

TEST(SupervisorStop, LeavesOthersAlone) {
    Supervisor supervisor(k_base);
    const auto one = Job::start(supervisor, waits({"polite"}));
    const auto two = Job::start(supervisor, waits({"polite"}));
    ASSERT_TRUE(one->await_output("ready"));
    ASSERT_TRUE(two->await_output("ready"));
    supervisor.stop(one->id());
    supervisor.stop(999);
    one->await_exit();
    supervisor.stop(one->id());
    EXPECT_TRUE(exists(two->pid_after("ready")));
    EXPECT_EQ(two->exits(), 0);
}

TEST(SupervisorStop, DestructorEndsEverythingAndEveryExitIsTold) {
    std::vector<std::shared_ptr<Job>> jobs;
    std::shared_ptr<Job> from_callback;
    {
        Supervisor supervisor(k_base);
        for (int i = 0; i < 5; ++i) jobs.push_back(Job::start(supervisor, waits({"stubborn", "group"}, k_for_ever)));
        for (const auto& job : jobs) ASSERT_TRUE(job->await_output("ready"));
        for (int i = 0; i < 5; ++i) jobs.push_back(Job::start(supervisor, waits({"stubborn"}, k_for_ever)));
        supervisor.submit(waits({"stubborn"}, k_for_ever), nullptr, [&](const ExitStatus&) {
            from_callback = Job::start(supervisor, command({"exits", "0"}));
        });
    }
    for (const auto& job : jobs) {
        EXPECT_EQ(job->exits(), 1);
        EXPECT_EQ(job->await_exit().kind, Kind::interrupted);
        EXPECT_FALSE(exists(job->pid_after("ready")));
        EXPECT_FALSE(exists(job->pid_after("member")));
    }
    ASSERT_NE(from_callback, nullptr);
    EXPECT_EQ(from_callback->exits(), 1);
    EXPECT_EQ(from_callback->await_exit().kind, Kind::interrupted);
}

}  // namespace
}  // namespace lockstep::test
