// SPDX-License-Identifier: MIT
// The faults of a history.
#include <array>
#include <csignal>
#include <string>
#include <vector>

#include "soak/history.hpp"

namespace lockstep::test::soak {

namespace {

/// Steps that a run passes on its way to each ending, in their order; a fault elsewhere would meet nobody.
using Steps = std::vector<std::string>;
const Steps k_on_every_way{"clone", "lock", "update", "report-temp", "report-renamed"};
const Steps k_on_the_way_to_a_proof{"commit",       "journal:lock", "lock-pushed",   "eval",
                                    "host-start:1", "host-start:2", "host-done:1",   "host-done:3",
                                    "all-built",    "all-built",    "journal:unlock"};
const Steps k_landing{"journal:push-base", "base-intent", "base-intent", "base-pushed",  "base-pushed",
                      "base-intent",       "base-pushed", "base-pushed", "branch-delete"};
const Steps k_proposing{"journal:push-branch", "branch-intent", "branch-pushed", "branch-pushed", "journal:pull",
                        "pr-intent",           "pr-created",    "pr-created",    "comment"};

enum Moment { people, upstream, second_machine, second_run, one_signal, two_signals, network };
constexpr std::array k_moments{people,         people,     people,     people,      upstream, second_machine,
                               second_machine, second_run, one_signal, two_signals, network,  network};

}  // namespace

std::string History::some_step() {
    const auto way = laws_.outlook().outcome;
    if (way == "unchanged" || chance(15)) return one_of(k_on_every_way);
    if (chance(35)) return one_of(k_on_the_way_to_a_proof);
    return one_of(way == "landed" ? k_landing : k_proposing);
}

std::string History::disturb(Machine& machine, Machine::Wish& wish) {
    const auto roll = random_() % 100;
    if (roll < 5) return "";
    if (roll < 60 && depth_ == 0) plan_moment(machine, wish);
    const auto add = [&](const std::string& point) {
        if (wish.failpoints.find(point.substr(0, point.find('=') + 1)) != std::string::npos) return;
        wish.failpoints += (wish.failpoints.empty() ? "" : ",") + point;
    };
    if (chance(40)) add(some_step() + "=kill");
    if (chance(20)) add(some_step() + "=errno:" + (chance(50) ? "5" : "28"));
    if (chance(12)) {
        constexpr std::array k_troubles{"update", "evaluate", "realise", "check"};
        const std::string trouble = one_of(k_troubles);
        machine.cause_trouble(trouble);
        did("nix fails: " + trouble);
    }
    if (depth_ == 0 && chance(40)) disturb_forge();
    return wish.failpoints;
}

void History::disturb_forge() {
    const fakes::Occurrence when{1 + static_cast<int>(random_() % 3), 1 + static_cast<int>(random_() % 2)};
    auto& faults = world_.forge->faults();
    namespace fault = fakes::fault;
    const std::string push = "git-receive-pack$", rest = "/api/";
    switch (random_() % 9) {
        case 0:
            faults.on("POST", push, fault::cut_after_work(), when);
            return note("a push's answer is lost");
        case 1:
            faults.on("POST", push, fault::cut_after_work(random_() % 400), when);
            return note("a push's answer is cut");
        case 2:
            faults.on("POST", push, fault::bad_gateway_after(), when);
            return note("502 after a push");
        case 3:
            faults.on("POST", push, fault::cut_before(), when);
            return note("a push is cut before it");
        case 4:
            faults.on("POST", rest, fault::bad_gateway_after(), when);
            return note("the forge answers 502 after the work");
        case 5:
            faults.on("", rest, fault::rate_limited(429, static_cast<int>(random_() % 5)), when);
            return note("the forge answers 429");
        case 6:
            faults.on("POST", rest, fault::cut_after_work(random_() % 300), when);
            return note("the forge drops the link after the work");
        case 7:
            faults.on("", rest, fault::cut_before(), when);
            return note("the forge drops the link");
        default:
            faults.on("", rest, fault::answer(500, "oops"), when);
            return note("the forge answers 500");
    }
}

/// The connections to git from now on.
void History::disturb_network() {
    using fakes::Passage;
    using fakes::Way;
    const auto way = chance(60) ? Way::up : Way::down;
    const std::uint64_t bytes = random_() % 1200;
    switch (random_() % 5) {
        case 0:
            world_.proxy->plan(Passage::refuse());
            return did("the git server is gone");
        case 1:
            world_.proxy->plan(Passage::cut_at(way, bytes, chance(50)));
            return did("every connection to git is cut");
        case 2:
            world_.proxy->plan_next(Passage::cut_beyond(way, bytes, chance(50)));
            return did("a connection to git is cut");
        default:
            world_.proxy->plan_next(Passage::cut_at(way, bytes, chance(50)));
            return did("a connection to git is cut");
    }
}

/// The run pauses at a step, and something happens meanwhile.
void History::plan_moment(Machine& machine, Machine::Wish& wish) {
    const std::string step = some_step();
    const int what = one_of(k_moments);
    wish.failpoints = step + "=pause";
    wish.moment = [this, &machine, what, step](pid_t child) {
        note("paused at " + step);
        ++depth_;
        in_the_moment(machine, what, child);
        --depth_;
    };
}

void History::in_the_moment(Machine& machine, int what, pid_t child) {
    auto& other = world_.machines[0].get() == &machine ? *world_.machines[1] : *world_.machines[0];
    switch (static_cast<Moment>(what)) {
        case people:
            return people_act(true);
        case upstream:
            world_.upstream_moves(static_cast<int>(random_() % k_bits));
            return did("upstream moved during a run");
        case second_machine:
            did("a second machine runs");
            return laws_.check_end(other, start(other, "run", chance(50)));
        case second_run:
            did("a second run on the machine");
            return laws_.check_end(machine, start(machine, "run", false));
        case one_signal:
        case two_signals:
            kill(child, chance(50) ? SIGTERM : SIGINT);
            if (what == two_signals) kill(child, SIGINT);
            return did(what == two_signals ? "two signals" : "a signal");
        case network:
            return disturb_network();
    }
}

}  // namespace lockstep::test::soak
