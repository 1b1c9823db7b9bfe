// SPDX-License-Identifier: MIT
// Sleeping that an interruption ends.
#include <gtest/gtest.h>

#include <thread>

#include "edges/system_clock.hpp"

namespace lockstep::test {
namespace {

using namespace std::chrono_literals;

TEST(SystemClock, SleepsItsTime) {
    SystemClock clock;
    const auto before = clock.steady();
    clock.sleep_for(5ms);
    EXPECT_GE(clock.steady() - before, 5ms);
    clock.sleep_for(0ms);
    clock.sleep_for(-1h);
}

TEST(SystemClock, InAHurryAnHourIsAMoment) {
    SystemClock clock;
    clock.hurry(100'000'000);
    const auto before = clock.steady();
    clock.sleep_for(24h);
    EXPECT_LT(clock.steady() - before, 24h);
}

TEST(SystemClock, InterruptEndsPresentAndLaterSleeps) {
    SystemClock clock;
    std::thread sleeper([&] { clock.sleep_for(24h); });
    clock.interrupt();
    sleeper.join();
    clock.sleep_for(24h);
}

}  // namespace
}  // namespace lockstep::test
