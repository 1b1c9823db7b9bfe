// SPDX-License-Identifier: MIT
// The blocking form of running a child, and words for endings.
#include <gtest/gtest.h>

#include "edges/supervisor.hpp"
#include "process/job.hpp"

namespace lockstep::test {
namespace {

using Kind = ExitStatus::Kind;

TEST(RunToEnd, KeepsBothStreams) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    const auto done = run_to_end(supervisor, command({"floods", "100", "both"}));
    EXPECT_TRUE(done.status.ok());
    EXPECT_EQ(done.out.size(), 100U);
    EXPECT_EQ(done.err.size(), 100U);
    EXPECT_FALSE(done.truncated);
}

TEST(RunToEnd, KeepsTheFirstAndTheLastHalfOfMore) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    const auto whole = run_to_end(supervisor, command({"floods", "1000000"}));
    ASSERT_EQ(whole.out.size(), 1'000'000U);
    const auto exact = run_to_end(supervisor, command({"floods", "1000000"}), 1'000'000);
    EXPECT_FALSE(exact.truncated);
    EXPECT_TRUE(exact.out == whole.out);
    const auto cut = run_to_end(supervisor, command({"floods", "1000000"}), 999'900);
    EXPECT_TRUE(cut.truncated);
    EXPECT_EQ(cut.err, "");
    ASSERT_EQ(cut.out.size(), 999'900U);
    EXPECT_TRUE(cut.out.substr(0, 499'950) == whole.out.substr(0, 499'950));
    EXPECT_TRUE(cut.out.substr(499'950) == whole.out.substr(500'050));
}

TEST(RunToEnd, TellsWhatCouldNotStart) {
    Supervisor supervisor({});
    const auto done = run_to_end(supervisor, command({"/no/such/program"}));
    EXPECT_EQ(describe(done.status), "could not be started: there is no program /no/such/program");
}

TEST(Describe, SaysHowAChildEnded) {
    EXPECT_EQ(describe({.kind = Kind::exited, .code = 3}), "exited with code 3");
    EXPECT_EQ(describe({.kind = Kind::signalled, .signal = 9}), "was killed by signal 9 (Killed)");
    EXPECT_EQ(describe({.kind = Kind::signalled, .signal = 77}), "was killed by signal 77");
    EXPECT_EQ(describe({.kind = Kind::timed_out, .limit = std::chrono::minutes(10)}),
              "took longer than 10m and was ended");
    EXPECT_EQ(describe({.kind = Kind::silent, .limit = std::chrono::seconds(90)}),
              "printed nothing for 90s and was ended");
    EXPECT_EQ(describe({.kind = Kind::interrupted}), "was interrupted");
}

}  // namespace
}  // namespace lockstep::test
