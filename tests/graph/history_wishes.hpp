// SPDX-License-Identifier: MIT
// What a random history of the main job is made of, what is counted in many of them, and the ports that do nothing
// remarkable in them.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "fakes/fake_fleet.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/memory.hpp"

namespace lockstep::test {

class QuietSink final : public EventSink {
public:
    void on(const Event&) noexcept override {}
};

class KeptMemory final : public Memory {
public:
    [[nodiscard]] const Recollection& recall() const override { return recollection_; }
    void learn(const std::vector<Lesson>& lessons) noexcept override {
        for (const auto& lesson : lessons) recollection_.take(lesson);
    }

private:
    Recollection recollection_;
};

/// What kind of history a seed means.
struct Wishes {
    explicit Wishes(std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const auto one_of = [&](auto... values) {
            const std::array all{values...};
            return all[random() % all.size()];
        };
        chance = random();
        fleet.hosts = 1 + static_cast<int>(random() % 6);
        runs = 1 + static_cast<int>(random() % 3);
        fleet.percent_bad = one_of(0, 0, 8, 25);
        fleet.percent_eval_fails = one_of(0, 0, 0, 8);
        fleet.percent_absent = one_of(0, 0, 20);
        percent_move = one_of(0, 5, 12, 35);
        percent_trouble = one_of(0, 0, 4, 15);
        percent_push_trouble = one_of(0, 0, 15, 50);
        percent_collected = one_of(0, 20, 70, 100);
        percent_interrupted = one_of(0, 0, 0, 3);
        tries = 1 + static_cast<int>(random() % 3);
        retries = static_cast<int>(random() % 3);
        cores = 1 + static_cast<int>(random() % 3);
        flaky = random() % 3 == 0;
        through_pull = random() % 20 == 0;
        version = one_of("2.8.0", "2.26.3");
        for (int host = 1; host <= fleet.hosts; ++host)
            if (random() % 5 == 0) optional += " h" + std::to_string(host);
    }
    std::uint64_t chance = 0;
    fakes::FakeFleet::Wishes fleet;
    int runs = 1, tries = 1, retries = 0, cores = 1;
    int percent_move = 0, percent_trouble = 0, percent_push_trouble = 0, percent_collected = 0, percent_interrupted = 0;
    bool flaky = false, through_pull = false;
    std::string optional;  ///< " h1 h4"
    const char* version = "";
};

/// How often what happened, so that a run of the test can show that it was about something.
struct Tally {
    std::uint64_t seed = 0;
    int landed = 0, proposed = 0, unchanged = 0, base_moved = 0, base_refused = 0, infrastructure = 0, interrupted = 0;
    int landed_on_moved_base = 0, unbuilt_in_landing_run = 0, must_land = 0, overtaken = 0;

    void count(const RunReport& report, int pushes) {
        const auto& ending = report.ending;
        landed += ending.outcome == Outcome::landed ? 1 : 0;
        landed_on_moved_base += ending.outcome == Outcome::landed && pushes > 1 ? 1 : 0;
        proposed += ending.outcome == Outcome::proposed ? 1 : 0;
        unchanged += ending.outcome == Outcome::unchanged ? 1 : 0;
        base_moved += ending.exit == ExitCode::base_moved ? 1 : 0;
        base_refused += ending.exit == ExitCode::base_refused ? 1 : 0;
        infrastructure += ending.exit == ExitCode::infrastructure ? 1 : 0;
        interrupted += ending.exit == ExitCode::terminated ? 1 : 0;
    }
    [[nodiscard]] std::string text() const {
        std::string all;
        const auto add = [&](const char* what, int times) {
            all += std::string(what) + " " + std::to_string(times) + " ";
        };
        add("landed", landed);
        add("on a moved base", landed_on_moved_base);
        add("had to", must_land);
        add("hosts proved before", unbuilt_in_landing_run);
        add("proposed", proposed);
        add("unchanged", unchanged);
        add("base moved", base_moved);
        add("base refused", base_refused);
        add("infrastructure", infrastructure);
        add("interrupted", interrupted);
        add("overtaken", overtaken);
        return all;
    }
};

}  // namespace lockstep::test
