// SPDX-License-Identifier: MIT
// Deadlines of one child, with time in the test's hands.
#include "edges/supervisor_child.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include "process/job.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;
using Kind = ExitStatus::Kind;
using Time = SupervisedChild::Time;

/// A real process that waits for ever, under a clock that only the test moves.
struct Lab {
    explicit Lab(const Command& wish) {
        Command real = wish;
        real.argv = command({"waits", "stubborn"}).argv;
        auto spawned = spawn(real, {"PATH=/usr/bin:/bin"}, false);
        SubmitRequest request{.id = 1,
                              .command = real,
                              .on_output = [this](Stream, std::string_view chunk) { heard += chunk; },
                              .on_exit = [this](const ExitStatus& ended) { status = ended; }};
        child.emplace(std::move(request), std::move(std::get<Spawned>(spawned)), Time{});
        while (heard.find("ready") == std::string::npos) {
            pollfd out{child->process().out.get(), POLLIN, 0};
            poll(&out, 1, -1);
            child->read_some(Stream::out, buffer, Time{});
        }
    }
    ~Lab() {
        kill(child->pid(), SIGKILL);
        finish(Time{});
    }
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;

    /// Waits for its end and tells it.
    void finish(Time now) {
        if (child->phase() == SupervisedChild::Phase::settling) return;
        pollfd ended{child->process().pidfd.get(), POLLIN, 0};
        poll(&ended, 1, -1);
        child->process_ended(now);
        child->reap(now);
        child->tell_exit();
    }

    std::vector<char> buffer =
        std::vector<char>(1);  // the rest of the line, however short the number in it, waits for later reads
    std::string heard;
    ExitStatus status;
    std::optional<SupervisedChild> child;
};

TEST(SupervisedChild, IsDueAtItsNearestDeadline) {
    EXPECT_FALSE(Lab(Command{}).child->next_due().has_value());
    EXPECT_EQ(Lab({.deadline = 10min}).child->next_due(), Time{10min});
    EXPECT_EQ(Lab({.deadline = 10min, .silence = 1min}).child->next_due(), Time{1min});
    EXPECT_EQ(Lab({.deadline = 1min, .silence = 10min}).child->next_due(), Time{1min});
}

TEST(SupervisedChild, OutputPutsOffSilenceButNotTheDeadline) {
    Lab lab({.deadline = 50s, .silence = 30s});
    EXPECT_EQ(lab.child->next_due(), Time{30s});
    ASSERT_TRUE(lab.child->read_some(Stream::out, lab.buffer, Time{15s}));
    EXPECT_EQ(lab.child->next_due(), Time{45s});
    lab.child->check_deadlines(Time{44s});
    ASSERT_TRUE(lab.child->read_some(Stream::out, lab.buffer, Time{44s}));
    EXPECT_EQ(lab.child->next_due(), Time{50s});
    lab.child->check_deadlines(Time{50s});
    lab.child->check_deadlines(Time{60s});
    lab.finish(Time{60s});
    EXPECT_EQ(lab.status.kind, Kind::timed_out);
    EXPECT_EQ(lab.status.limit, 50s);
}

TEST(SupervisedChild, SilenceEndsIt) {
    Lab lab({.deadline = 50s, .silence = 30s});
    ASSERT_TRUE(lab.child->read_some(Stream::out, lab.buffer, Time{1s}));
    lab.child->check_deadlines(Time{31s});
    lab.child->check_deadlines(Time{41s});
    lab.finish(Time{41s});
    EXPECT_EQ(lab.status.kind, Kind::silent);
    EXPECT_EQ(lab.status.limit, 30s);
}

TEST(SupervisedChild, TermAtTheDeadlineKillAfterTheGrace) {
    Lab lab({.deadline = 10min, .stop = {.grace = 5s}});
    lab.child->check_deadlines(Time{10min - 1ms});
    EXPECT_EQ(lab.child->next_due(), Time{10min});
    lab.child->check_deadlines(Time{10min});
    EXPECT_EQ(lab.child->next_due(), Time{10min + 5s});
    lab.child->check_deadlines(Time{10min + 5s - 1ms});
    EXPECT_TRUE(exists(lab.child->pid()));
    EXPECT_FALSE(lab.child->is_stuck(Time{20min}));
    lab.child->check_deadlines(Time{10min + 5s});
    lab.finish(Time{10min + 6s});
    EXPECT_EQ(lab.status.kind, Kind::timed_out);
    EXPECT_EQ(lab.status.signal, SIGKILL);
    EXPECT_EQ(lab.status.wall, 10min + 6s);
}

}  // namespace
}  // namespace lockstep::test
