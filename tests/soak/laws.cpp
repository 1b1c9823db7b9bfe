// SPDX-License-Identifier: MIT
// Each law is checked where the change is seen, against facts that lockstep has no part in: git's log of its refs, the
// commits, the stores of the machines.
#include "soak/laws.hpp"

#include <algorithm>

#include "lockstep/core/text.hpp"

namespace lockstep::test::soak {

namespace {

bool among(const std::vector<int>& codes, int code) {
    return std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Ends that a disturbed run may come to; a bug (70), a crash and a shell's codes are none.
const std::vector<int> k_ends{0, 20, 21, 30, 31, 40, 41, 75, 130, 143};

}  // namespace

Laws::Laws(World& world) : world_(world) {
    world_.on_push = [this](const RefChange& change) { check_push(change); };
}

void Laws::violated(const std::string& law) {
    violations_.push_back(law);
}

std::vector<std::string> Laws::take_violations() {
    return std::exchange(violations_, {});
}

void Laws::begin() {
    landed_.clear();
}

void Laws::check_push(const RefChange& change) {
    // A push always says what it found. If that is not what the model holds, the model missed a change.
    if (change.told != change.before)
        violated("the model holds " + change.before + " for " + change.ref + ", which was at " + change.told);
    if (change.ref == k_base) return check_base(change);
    if (change.ref == k_lock) return check_lock(change);
    if (change.ref.rfind("refs/heads/flake-update/", 0) == 0) return check_branch(change);
    violated("a ref that lockstep has no business with: " + change.ref);
}

/// I2, and that nothing but the lock changed.
void Laws::check_commit(const Commit& commit, const RefChange& change) {
    const auto what = change.ref + " at " + change.after;
    if (!commit.sealed) violated("a commit that lockstep did not make: " + what);
    if (commit.parents.size() != 1) return violated("not one parent: " + what);
    if (world_.bare.git({"diff", "--name-only", commit.parents.front(), change.after}) != "flake.lock")
        violated("more than flake.lock: " + what);
}

void Laws::check_base(const RefChange& change) {
    if (change.after.empty()) return violated("base was deleted");
    const auto commit = world_.commit(change.after);
    check_commit(commit, change);
    if (commit.parents != std::vector<std::string>{change.before})
        violated("I2: base moved from " + change.before + " to " + change.after + ", which does not stand on it");
    check_proof(commit, change);
    landed_.push_back({change.after, commit.run, world_.others_moves});
    ++landings_;
}

/// I1.
void Laws::check_proof(const Commit& commit, const RefChange& change) {
    const Machine* machine = nullptr;
    nlohmann::json proof;
    for (const auto& one : world_.machines)
        if (const auto dir = one->run_dir(commit.run); !dir.empty()) {
            machine = one.get();
            proof = nlohmann::json::parse(read_file(dir / "proof.json"), nullptr, false);
        }
    if (machine == nullptr || !proof.is_object()) return violated("I1: no proof of " + change.after);
    if (proof["repo"]["candidate"]["commit"] != change.after)
        violated("I1: the proof is of another commit than " + change.after);
    const auto was = world_.commit(change.before).versions;
    for (const auto* host : k_hosts) {
        const auto drv = drv_of(host, commit.versions);
        const bool same = drv.path == drv_of(host, was).path;  // as base had it: not built again
        if (!drv.builds) violated(std::string("I1: landed with ") + host + ", which does not build");
        if (!same && !machine->is_valid(drv.out))
            violated(std::string("I1: landed, and not valid: ") + host + " " + drv.out);
        const bool recorded = std::any_of(proof["hosts"].begin(), proof["hosts"].end(), [&](const auto& entry) {
            return entry.value("name", "") == host && entry.value("drv", "") == drv.path &&
                   entry.value("out", "") == drv.out;
        });
        if (!recorded) violated(std::string("I1: the proof does not hold ") + host + " " + drv.path);
    }
}

/// I3, and I6: a red commit is there for hosts that are broken.
void Laws::check_branch(const RefChange& change) {
    if (!change.before.empty() && world_.ours.count(change.before) == 0)
        violated("I3: " + change.ref + " held somebody else's " + change.before);
    if (change.after.empty()) return;
    const auto commit = world_.commit(change.after);
    check_commit(commit, change);
    if (fleet_builds(commit.versions)) violated("I6: proposed as broken, and builds: " + change.after);
}

/// A lock changes hands only between runs of one machine: none has expired here.
void Laws::check_lock(const RefChange& change) {
    if (change.before.empty() || change.after.empty()) return;
    std::vector<const Machine*> owners;
    for (const auto& id : {change.before, change.after}) {
        const auto message = world_.bare.git({"log", "-1", "--format=%B", id});
        const auto at = message.find("\nRun: ") + 6;
        const auto run = message.substr(at, message.find('\n', at) - at);
        for (const auto& one : world_.machines)
            if (!one->run_dir(run).empty()) owners.push_back(one.get());
    }
    if (owners.size() != 2 || owners[0] != owners[1]) violated("the lock of another machine was taken over");
}

void Laws::check_end(const Machine& machine, const End& end) {
    world_.settle_refs();
    if (end.hung) violated("it did not end");
    if (!end.killed && !end.hung) check_told(machine, end);
    const auto live = world_.live_pulls();
    if (live.size() > 1) violated("two open pull requests");
}

/// I5: the verdict is what happened.
void Laws::check_told(const Machine& machine, const End& end) {
    if (!among(k_ends, end.code)) violated("it ended with " + std::to_string(end.code));
    if (end.run_dir.empty()) return;
    const auto run = end.run_dir.filename().string();
    if (!end.verdict.is_object()) return violated("I5: no report of " + run);
    const auto outcome = end.verdict.value("outcome", ""), reason = end.verdict.value("reason", "");
    for (const auto& landing : landed_) {
        if (landing.run != run || outcome == "landed") continue;
        const bool overtaken = world_.others_moves > landing.others_moves || landed_.size() > 1;
        if (!overtaken && reason.find("it is unknown whether") == std::string::npos)
            violated("base was moved by " + run + " on " + machine.name() + ", which tells: " + outcome + ": " +
                     reason);
    }
}

Laws::Outlook Laws::outlook() const {
    const auto at = world_.commit(world_.base()).versions;
    if (at.lock == world_.upstream) return {"unchanged", 0, world_.base()};
    if (fleet_builds({world_.upstream, at.flake})) return {"landed", 0, world_.base()};
    return {"proposed", 20, world_.base()};
}

/// I9: the world as a run leaves it that nothing ever disturbed.
void Laws::check_outlook(const Outlook& before, const End& end) {
    const auto outcome = end.verdict.is_object() ? end.verdict.value("outcome", "") : "";
    if (end.code != before.code || outcome != before.outcome)
        violated("undisturbed, it should have ended with " + before.outcome + " (" + std::to_string(before.code) +
                 "): " + outcome + " (" + std::to_string(end.code) + ")\n" + end.words);
    const bool landed = before.outcome == "landed";
    const auto tip = world_.commit(world_.base());
    if (landed && (tip.parents != std::vector<std::string>{before.base} || tip.versions.lock != world_.upstream))
        violated("undisturbed, and base is not at the update");
    if (!landed && world_.base() != before.base) violated("undisturbed, and base moved");
    const bool held = !world_.log->ref(k_lock).empty();
    // A run that has nothing to do takes no lock, and so leaves that of a dead run where it is.
    if (held && before.outcome != "unchanged") violated("undisturbed, and the lock is left");
    const auto live = world_.live_pulls();
    if (before.outcome == "proposed") {
        if (live.size() != 1) return violated("undisturbed, and there is not one pull request: " + world_.text());
        const auto commit = world_.commit(world_.log->ref("refs/heads/" + live.front().head));
        if (commit.versions.lock != world_.upstream || commit.parents.front() != before.base)
            violated("undisturbed, and the pull request holds another update");
    }
    if (!landed) return;
    if (!live.empty()) violated("landed, and a pull request is left: " + world_.text());
    for (const auto& branch : world_.branches())
        if (world_.ours.count(world_.log->ref(branch)) > 0) violated("landed, and a branch is left: " + world_.text());
}

}  // namespace lockstep::test::soak
