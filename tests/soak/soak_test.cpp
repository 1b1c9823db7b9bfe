// SPDX-License-Identifier: MIT
// Random runs of the program against a model of base, branch and pull request. LOCKSTEP_SOAK_RUNS says how many (at
// least), LOCKSTEP_SOAK_SEED with which history to begin; LOCKSTEP_SOAK_HISTORIES plays so many histories instead,
// LOCKSTEP_SOAK_PROGRAM names another build of the program.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "soak/history.hpp"

namespace lockstep::test::soak {
namespace {

constexpr int k_episodes = 8;

int number_in(const char* variable, int otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr || *text == '\0' ? otherwise : std::atoi(text);
}

/// One line for each figure, to be added up by scripts/soak.
void print(const Tally& tally, double seconds, int histories) {
    const auto line = [](const std::string& what, int times) { std::printf("soak: %s: %d\n", what.c_str(), times); };
    line("histories", histories);
    line("runs disturbed", tally.runs);
    line("runs undisturbed", tally.undisturbed);
    line("resumes", tally.resumes);
    for (const auto& [fault, times] : tally.faults) line("fault: " + fault, times);
    for (const auto& [code, times] : tally.ends) line("ended with " + std::to_string(code), times);
    line("landings", tally.landings);
    line("pull requests", tally.pulls);
    line("violations", tally.violations);
    std::printf("soak: seconds: %.1f\n", seconds);
}

TEST(Soak, RandomRunsKeepTheInvariants) {
#ifndef LOCKSTEP_FAILPOINTS
    GTEST_SKIP() << "the program was built without LOCKSTEP_FAILPOINTS";
#endif
    setenv("LOCKSTEP_OPENAPI_DIR", "/nonexistent", 1);  // other tests judge requests; here time matters
    const int wanted = number_in("LOCKSTEP_SOAK_RUNS", 25), only = number_in("LOCKSTEP_SOAK_HISTORIES", 0);
    const auto first = static_cast<std::uint64_t>(number_in("LOCKSTEP_SOAK_SEED", 1));
    const auto began = std::chrono::steady_clock::now();
    Tally tally;
    int histories = 0;
    const auto enough = [&] {
        return only > 0 ? histories >= only : tally.runs + tally.undisturbed + tally.resumes >= wanted;
    };
    for (; !enough() && !HasFailure(); ++histories)
        History(first + static_cast<std::uint64_t>(histories), tally).play(k_episodes);
    print(tally, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count(), histories);
    EXPECT_GT(tally.runs, 0);
    EXPECT_FALSE(tally.faults.empty());
}

}  // namespace
}  // namespace lockstep::test::soak
