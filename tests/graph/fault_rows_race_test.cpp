// SPDX-License-Identifier: MIT
// Fault table, row 6: two machines with state directories of their own on one remote. Here nothing but the lease keeps
// them apart: the locks are left out, as after their expiry.
// LOCKSTEP_RACES=n runs n races (scripts/races); by default 20.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

/// Holds whoever comes until the other has come or has ended, so that both push at the same moment.
class StartingLine {
public:
    void arrive() {
        std::unique_lock lock(mutex_);
        const int round = round_;
        if (++here_ + gone_ >= 2) {
            here_ = 0;
            ++round_;
            return changed_.notify_all();
        }
        changed_.wait(lock, [&] { return round_ != round; });
    }
    void leave() {
        const std::lock_guard lock(mutex_);
        ++gone_;
        if (here_ > 0 && here_ + gone_ >= 2) {
            here_ = 0;
            ++round_;
        }
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int here_ = 0, gone_ = 0, round_ = 0;
};

class Races {
public:
    Races()
        : machines_{std::make_unique<Machine>(remote_.dir() / "left", remote_),
                    std::make_unique<Machine>(remote_.dir() / "right", remote_)} {}

    void race(int number) {
        // Either both find the same update, or each one of its own, so that both may land one after the other.
        const bool same = number % 2 == 0, together = number % 4 < 3;
        machines_[0]->nix().upstream_lock = 2;
        machines_[1]->nix().upstream_lock = same ? 2 : 3;
        StartingLine line;
        std::array<RunReport, 2> reports;
        std::array<std::thread, 2> threads;
        for (std::size_t i = 0; i < 2; ++i) {
            machines_[i]->runner().before_push = [&, together](Command&) {
                if (together) line.arrive();
            };
            threads[i] = std::thread([&, i] {
                reports[i] = machines_[i]->run();
                line.leave();
            });
        }
        for (auto& thread : threads) thread.join();
        check(reports);
        remote_.restore();
    }

    std::map<std::string, int> endings;
    [[nodiscard]] int refused() const { return refused_; }

private:
    void check(const std::array<RunReport, 2>& reports) {
        const auto chain = remote_.since(remote_.first());
        std::set<std::string> landed;
        std::string words;
        for (std::size_t i = 0; i < 2; ++i) {
            const auto& report = reports[i];
            const auto& ending = report.ending;
            EXPECT_TRUE(ending.outcome == Outcome::landed || ending.outcome == Outcome::unchanged ||
                        ending.exit == ExitCode::base_moved || ending.exit == ExitCode::locked)
                << how_it_ended(report);
            if (ending.outcome == Outcome::landed) landed.insert(report.repo.candidate_commit);
            words += (i > 0 ? " + " : "") + std::string(outcome_word(ending.outcome));
            for (const auto& one : machines_[i]->journal())
                refused_ += one.step == "push-base" && one.data.find("stale") != std::string::npos ? 1 : 0;
        }
        ++endings[words];
        EXPECT_FALSE(landed.empty()) << "somebody must win";
        EXPECT_EQ(std::set<std::string>(chain.begin(), chain.end()), landed)
            << "base holds what was told as landed, all of it and nothing else";
        std::string before = remote_.first();
        for (const auto& commit : chain) {
            EXPECT_EQ(remote_.bare().git({"rev-parse", commit + "^@"}), before) << "two landings from one base";
            before = commit;
        }
        EXPECT_EQ(remote_.bare().refs().size(), 1U);
    }

    FaultRemote remote_;
    std::array<std::unique_ptr<Machine>, 2> machines_;
    int refused_ = 0;
};

TEST(FaultRow06, TwoMachinesNeverLandFromOneBaseAndLoseNoCommit) {
    const char* wanted = std::getenv("LOCKSTEP_RACES");
    const int count = wanted == nullptr ? 20 : std::atoi(wanted);
    Races races;
    const auto begin = std::chrono::steady_clock::now();
    for (int number = 0; number < count && !::testing::Test::HasFailure(); ++number) {
        SCOPED_TRACE("race " + std::to_string(number));
        races.race(number);
    }
    EXPECT_GT(races.refused(), 0) << "nobody ever met the other";
    if (wanted == nullptr) return;
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%d races, %.2f a second; %d pushes refused by the lease", count, count / took.count(),
                races.refused());
    for (const auto& [how, times] : races.endings) std::printf("; %s: %d", how.c_str(), times);
    std::printf("\n");
}

}  // namespace
}  // namespace lockstep::test
