// SPDX-License-Identifier: MIT
// When a stream is watched and when it is left alone, by made-up times; and that nothing is lost, late or out of order
// when streams rest.
#include "edges/supervisor_pace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "edges/supervisor.hpp"
#include "process/job.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t k_pipe = 1 << 20;

struct Paced {
    ReadPace pace{k_pipe};
    ReadPace::Time now{std::chrono::hours(1)};
    milliseconds rest_after(milliseconds passed, std::size_t bytes) {
        now += passed;
        return pace.after_read(bytes, now);
    }
};

TEST(ReadPace, WatchesWhatIsQuiet) {
    Paced stream;
    for (const int pause : {0, 4, 5, 100, 100'000})
        EXPECT_EQ(stream.rest_after(milliseconds(pause), 100).count(), 0) << pause;
}

TEST(ReadPace, LeavesABusyStreamAloneForLongerAndLonger) {
    Paced stream;
    EXPECT_EQ(stream.rest_after(milliseconds(10), 100).count(), 0);
    EXPECT_EQ(stream.rest_after(milliseconds(1), 100).count(), 1);
    EXPECT_EQ(stream.rest_after(milliseconds(1), 1000).count(), 2);
    EXPECT_EQ(stream.rest_after(milliseconds(2), 2000).count(), 4);
    EXPECT_EQ(stream.rest_after(milliseconds(4), 4000).count(), 8);
    EXPECT_EQ(stream.rest_after(milliseconds(8), 8000).count(), 8);
    EXPECT_EQ(stream.rest_after(milliseconds(8), 0).count(), 0) << "nothing came: quiet again";
    EXPECT_EQ(stream.rest_after(milliseconds(8), 100).count(), 0);
}

TEST(ReadPace, ComesBackSoonerToAPipeThatFills) {
    Paced stream;
    for (int i = 0; i < 5; ++i) (void)stream.rest_after(milliseconds(1), 100);
    EXPECT_EQ(stream.rest_after(milliseconds(8), k_pipe / 4).count(), 4);
    EXPECT_EQ(stream.rest_after(milliseconds(4), k_pipe).count(), 2);
    EXPECT_EQ(stream.rest_after(milliseconds(2), k_pipe - 1).count(), 1);
    EXPECT_EQ(stream.rest_after(milliseconds(1), k_pipe).count(), 0);
    EXPECT_EQ(stream.rest_after(milliseconds(0), k_pipe).count(), 0) << "there is nothing to wait for";
}

/// Many small writes, one after the other, in two processes that end at once when they are done.
TEST(Supervisor, KeepsEveryByteOfBusyStreamsInOrder) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    const std::string script = "i=0; while [ $i -lt 20000 ]; do echo $i; echo e$i >&2; i=$((i+1)); done";
    std::vector<std::shared_ptr<Job>> jobs;
    for (int n = 0; n < 2; ++n) jobs.push_back(Job::start(supervisor, command({"/bin/sh", "-c", script})));
    std::string out, err;
    for (int i = 0; i < 20'000; ++i) {
        out += std::to_string(i) + "\n";
        err += "e" + std::to_string(i) + "\n";
    }
    for (const auto& job : jobs) {
        EXPECT_TRUE(job->await_exit().ok());
        EXPECT_TRUE(job->out() == out);
        EXPECT_TRUE(job->err() == err);
        EXPECT_FALSE(job->output_after_exit());
    }
}

/// A line after a burst and a pause, by a child that lives on: it must come although the stream was resting before.
TEST(Supervisor, ShowsALineAfterABurstAndAPause) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    const auto job = Job::start(
        supervisor,
        command({"/bin/sh", "-c",
                 "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; sleep 0.2; echo last; exec sleep 60"}));
    EXPECT_TRUE(job->await_output("last\n"));
    supervisor.stop(job->id());
    EXPECT_EQ(job->await_exit().kind, ExitStatus::Kind::interrupted);
}

/// A stream that rests when its child falls silent: what it held still comes, and the silence counts.
TEST(Supervisor, EndsAChildThatFallsSilentAfterABurst) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    Command burst = command(
        {"/bin/sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; printf last; exec sleep 600"});
    burst.silence = milliseconds(2000);
    const auto job = Job::start(supervisor, burst);
    EXPECT_EQ(job->await_exit().kind, ExitStatus::Kind::silent);
    EXPECT_THAT(job->out(), ::testing::EndsWith("1999\nlast"));
}

}  // namespace
}  // namespace lockstep::test
