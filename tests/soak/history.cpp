// SPDX-License-Identifier: MIT
// The order of things, and who is asked what to do. Faults are in history_faults.cpp.
#include "soak/history.hpp"

#include <gtest/gtest.h>

#include <array>

namespace lockstep::test::soak {

namespace {

fakes::ForgeKind kind_of(std::uint64_t seed) {
    constexpr std::array k_kinds{fakes::ForgeKind::gitea, fakes::ForgeKind::github, fakes::ForgeKind::forgejo};
    return k_kinds[seed % k_kinds.size()];
}

}  // namespace

History::History(std::uint64_t seed, Tally& tally)
    : seed_(seed), tally_(tally), random_(seed), world_(kind_of(seed)), laws_(world_) {}

void History::did(const std::string& fault) {
    ++tally_.faults[fault];
    note(fault);
}

void History::note(const std::string& text) {
    steps_.push_back(std::string(static_cast<std::size_t>(depth_) * 2, ' ') + text);
}

bool History::fine() {
    const auto violations = laws_.take_violations();
    if (violations.empty()) return true;
    tally_.violations += static_cast<int>(violations.size());
    std::string told = "history with seed " + std::to_string(seed_) + ", step " + std::to_string(steps_.size()) + ":\n";
    for (std::size_t i = 0; i < steps_.size(); ++i) told += "  " + std::to_string(i + 1) + " " + steps_[i] + "\n";
    for (const auto& violation : violations) told += violation + "\n";
    ADD_FAILURE() << told;
    return false;
}

bool History::play(int episodes) {
    for (int i = 0; i < episodes; ++i) {
        something_happens();
        disturbed_run();
        if (!fine()) return false;
        if (i + 1 < episodes && !chance(35)) continue;
        settle_down();
        if (!fine()) return false;
    }
    tally_.landings += laws_.landings();
    tally_.pulls += static_cast<int>(world_.forge->pulls().size());
    return true;
}

/// Between runs.
void History::something_happens() {
    if (chance(70)) {
        constexpr std::array k_bits_of{0, 0, 0, static_cast<int>(breaks_db1), static_cast<int>(breaks_web1), 3};
        world_.upstream_moves(one_of(k_bits_of));
        did("upstream moved");
    }
    if (chance(40)) people_act(false);
    if (chance(15)) {
        ++day_;
        did("a day passes");
    }
    if (chance(10)) collect_garbage();
}

void History::collect_garbage() {
    for (const auto& machine : world_.machines) machine->collect_garbage(chance(50));
    did("outputs collected");
}

void History::people_act(bool during_a_run) {
    world_.settle_refs();
    const auto branches = world_.branches();
    const auto pulls = world_.forge->open_pulls();
    const auto roll = random_() % 14;
    switch (roll % 7) {
        case 0:
        case 1:
            world_.someone_commits(std::nullopt);
            return did("base moved on");
        case 2:
        case 3: {
            const int bits = static_cast<int>(random_() % k_bits);
            world_.someone_commits(bits);
            return did("base moved on, hosts change");
        }
        case 4:
            if (branches.empty()) return;
            if (roll >= 7) {
                world_.someone_amends(one_of(branches));
                return did("a human amends the update branch");
            }
            world_.someone_commits_on(one_of(branches));
            return did("a human commits on the update branch");
        case 5:
            if (!branches.empty() && chance(60)) {
                world_.someone_deletes(one_of(branches));
                return did("a human deletes the update branch");
            }
            if (during_a_run || !chance(30)) return;
            world_.someone_rewrites_base();
            return did("base rewritten");
        default:
            if (pulls.empty()) return;
            world_.someone_closes(one_of(pulls).number);
            return did("a human closes the pull request");
    }
}

End History::start(Machine& machine, const std::string& command, bool disturbed) {
    Machine::Wish wish{.arguments = {command}};
    if (command == "run") wish.arguments.insert(wish.arguments.end(), {"--now", "2026-11-" + std::to_string(day_)});
    const int faults = world_.forge->faults().applied();
    if (depth_ == 0) world_.undisturb();
    const auto trouble = disturbed ? disturb(machine, wish) : "";
    note(command + " on " + machine.name() + (trouble.empty() ? "" : ": " + trouble));
    if (depth_ == 0) laws_.begin();
    const auto end = machine.run(wish);
    ++(command == "resume" ? tally_.resumes : disturbed ? tally_.runs : tally_.undisturbed);
    ++tally_.ends[end.code];
    if (end.killed) did("killed");
    if (end.words.find("a test asked for it") != std::string::npos) did("errno at a step");
    if (depth_ == 0)
        for (int i = world_.forge->faults().applied() - faults; i > 0; --i) did("forge or git server fails");
    const auto outcome = end.verdict.is_object() ? end.verdict.value("outcome", "") : "";
    note("ends with " + std::to_string(end.code) + " " + outcome);
    return end;
}

void History::disturbed_run() {
    auto& machine = *world_.machines[chance(75) ? 0 : 1];
    auto end = start(machine, "run", true);
    laws_.check_end(machine, end);
    // Resumed any number of times, or just left to the next run; when it came to its end, there is little to resume.
    for (int times = static_cast<int>(random_() % 4); times > 0; --times) {
        const bool over = end.code == 0 || end.code == 20;
        if (laws_.broken() || (over && !chance(15))) return;
        if (chance(15)) people_act(false);
        if (chance(25)) collect_garbage();
        end = start(machine, "resume", chance(50));
        laws_.check_end(machine, end);
    }
}

/// Nothing disturbs any more: one run must bring the world where it would be anyhow, and the next must change nothing.
void History::settle_down() {
    auto& machine = *one_of(world_.machines);
    world_.undisturb();
    world_.settle_refs();
    free_lock(machine);
    const auto outlook = laws_.outlook();
    const auto end = start(machine, "run", false);
    laws_.check_end(machine, end);
    laws_.check_outlook(outlook, end);
    free_dead_lock(machine);
    const auto before = world_.text();
    laws_.check_end(machine, start(machine, "resume", false));
    if (world_.text() != before)
        laws_.violated("I9: a resume after the end changed\n" + before + "to\n" + world_.text());
    if (outlook.outcome == "proposed" || !chance(50)) return;
    laws_.check_end(machine, start(machine, "run", false));
    if (world_.text() != before) laws_.violated("I9: a run after the end changed\n" + before + "to\n" + world_.text());
}

/// Of a dead run of this machine, when there was nothing left to do: no force is needed.
void History::free_dead_lock(Machine& machine) {
    if (world_.log->ref(k_lock).empty()) return;
    const auto end = machine.run({.arguments = {"unlock"}});
    note("unlock on " + machine.name());
    world_.settle_refs();
    if (!world_.log->ref(k_lock).empty()) laws_.violated("the lock of a dead run cannot be freed: " + end.words);
}

/// The lock of a killed run stays until its machine comes back, or until somebody frees it.
void History::free_lock(Machine& machine) {
    const auto held = world_.log->ref(k_lock);
    if (held.empty()) return;
    const auto message = world_.bare.git({"log", "-1", "--format=%B", held});
    for (const auto& owner : world_.machines) {
        const auto at = message.find("\nRun: ") + 6;
        if (owner->run_dir(message.substr(at, message.find('\n', at) - at)).empty()) continue;
        if (owner.get() == &machine) return;  // it knows that its run is dead
        const auto before = world_.text();
        const int code = laws_.outlook().outcome == "unchanged" ? 0 : 75;  // with nothing to do, no lock is looked at
        if (const auto kept_off = start(machine, "run", false); kept_off.code != code)
            laws_.violated("the lock of another machine's run kept nobody off: " + std::to_string(kept_off.code));
        world_.settle_refs();
        if (world_.text() != before) laws_.violated("a run that was kept off changed\n" + before + world_.text());
    }
    machine.run({.arguments = {"unlock", "--force"}});
    note("unlock --force on " + machine.name());
    world_.settle_refs();
}

}  // namespace lockstep::test::soak
