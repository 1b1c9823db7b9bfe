// SPDX-License-Identifier: MIT
// One random history: what happens to a world, run after run, as a seed says.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "soak/laws.hpp"
#include "soak/world.hpp"

namespace lockstep::test::soak {

/// How often what happened.
struct Tally {
    int runs = 0, resumes = 0, undisturbed = 0, landings = 0, pulls = 0, violations = 0;
    std::map<std::string, int> faults;
    std::map<int, int> ends;
};

class History {
public:
    History(std::uint64_t seed, Tally& tally);
    /// False when a law was broken: the test has failed, with the steps that led there.
    bool play(int episodes);

private:
    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
    template <class List>
    const auto& one_of(const List& list) {
        return list[random_() % list.size()];
    }
    void did(const std::string& fault);
    void note(const std::string& text);

    bool fine();  ///< no law was broken so far; tells those that were
    void something_happens();
    void collect_garbage();
    void people_act(bool during_a_run);
    std::string some_step();
    std::string disturb(Machine& machine, Machine::Wish& wish);
    void disturb_forge();
    void disturb_network();
    void plan_moment(Machine& machine, Machine::Wish& wish);
    void in_the_moment(Machine& machine, int what, pid_t child);
    End start(Machine& machine, const std::string& command, bool disturbed);
    void disturbed_run();
    void settle_down();
    void free_lock(Machine& machine);
    void free_dead_lock(Machine& machine);

    std::uint64_t seed_;
    Tally& tally_;
    std::mt19937_64 random_;
    World world_;
    Laws laws_;
    std::vector<std::string> steps_;
    int day_ = 10;   ///< of the month; the update branch is named after it
    int depth_ = 0;  ///< a run in another's pause is not paused itself
};

}  // namespace lockstep::test::soak
