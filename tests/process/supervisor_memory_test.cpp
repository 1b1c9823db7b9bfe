// SPDX-License-Identifier: MIT
// Children whose memory is watched and bounded.
#include <gtest/gtest.h>

#include "edges/supervisor.hpp"
#include "process/job.hpp"

namespace lockstep::test {
namespace {

using Kind = ExitStatus::Kind;
constexpr std::uint64_t k_mib = 1U << 20U;

TEST(SupervisorMemory, EndsAChildThatNeedsTooMuch) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    Command wish = command({"needs", "200"});
    wish.memory = std::make_shared<MemoryAllowance>();
    wish.memory->limit = 100 * k_mib;
    const auto status = Job::start(supervisor, wish)->await_exit();
    EXPECT_EQ(status.kind, Kind::over_memory);
    EXPECT_EQ(status.memory_limit, 100 * k_mib);
    EXPECT_EQ(describe(status), "needed more than 100.0 MiB of memory and was ended");
    EXPECT_GT(wish.memory->resident, 100 * k_mib);
}

TEST(SupervisorMemory, ALimitMayBeLoweredWhileItRuns) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    Command wish = command({"needs", "60"});
    wish.memory = std::make_shared<MemoryAllowance>();
    const auto job = Job::start(supervisor, wish);
    ASSERT_TRUE(job->await_output("ready"));
    wish.memory->limit = 30 * k_mib;
    const auto status = job->await_exit();
    EXPECT_EQ(status.kind, Kind::over_memory);
    EXPECT_EQ(status.memory_limit, 30 * k_mib);
}

TEST(SupervisorMemory, LeavesAChildWithinItsLimitAlone) {
    Supervisor supervisor({"PATH=/usr/bin:/bin"});
    Command wish = command({"exits", "3"});
    wish.memory = std::make_shared<MemoryAllowance>();
    wish.memory->limit = 1000 * k_mib;
    const auto status = Job::start(supervisor, wish)->await_exit();
    EXPECT_EQ(status.kind, Kind::exited);
    EXPECT_EQ(status.code, 3);
}

}  // namespace
}  // namespace lockstep::test
