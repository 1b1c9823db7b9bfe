// SPDX-License-Identifier: MIT
// Taking, taking over and giving back the lock on the remote.
#include "app/remote_lock.hpp"

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr int k_rounds = 5;  // somebody else takes or frees it between our look and our push

Error held_by(const RunState& state, const LockNote& note) {
    return {ErrorKind::locked, fmt::format("another machine updates {}", clean_line(state.base, 100)),
            fmt::format("run {} on {}, since {}; its lock expires at {}", note.run, note.host, format_utc(note.since),
                        format_utc(note.expires)),
            "wait for it to end; when it is dead for sure, `lockstep unlock --force` frees the lock"};
}

/// Whether the lock may be taken from its holder.
bool is_free(const RunState& state, const FoundLock& found) {
    if (found.id.empty() || !found.note) return found.id.empty();
    const auto& note = *found.note;
    return note.run == state.ports.store.run_id() || is_abandoned(state.ports, note);
}

Result<std::string> write_note(RunState& state) {
    const auto now = state.ports.clock.now();
    const LockNote note{state.ports.store.run_id(), state.settings.host, state.base, now,
                        now + state.config.lock.expires};
    return state.ports.git.make_note(lock_note_text(note),
                                     std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
}

/// The remote has no place for such a ref.
Result<void> do_without(RunState& state, const std::string& why) {
    state.settled("lock", {{"state", "refused"}});
    state.notice(fmt::format("the remote takes no lock ({}): {} is protected by the check of its push alone",
                             clean_line(why, 200), clean_line(state.base, 100)));
    return {};
}

void held(RunState& state, std::string id) {
    state.settled("lock", {{"state", "done"}});
    state.remote_lock = std::move(id);
}

}  // namespace

bool is_abandoned(const RunPorts& ports, const LockNote& note) {
    return ports.clock.now() >= note.expires || (ports.is_dead && ports.is_dead(note.host, note.run));
}

Result<FoundLock> find_remote_lock(RunState& state) {
    const auto ref = lock_ref(state.base);
    LOCKSTEP_TRY(const auto refs, state.ports.git.list_refs({ref}));
    FoundLock found;
    for (const auto& one : refs)
        if (one.name == ref) found.id = one.id;
    if (found.id.empty()) return found;
    LOCKSTEP_TRY(const auto fetched, state.ports.git.fetch(ref));
    LOCKSTEP_TRY(const auto commit, state.ports.git.commit_info(fetched));
    found.id = fetched;
    found.note = parse_lock_note(commit.message);
    return found;
}

Result<void> hold_remote_lock(RunState& state) {
    if (!state.config.lock.remote || state.settings.dry_run || !state.remote_lock.empty()) return {};
    const auto ref = lock_ref(state.base);
    LOCKSTEP_TRY(const auto note, write_note(state));
    LOCKSTEP_TRY_VOID(state.intend("lock", {{"ref", ref}, {"commit", note}}));
    FoundLock there;  // at first: none
    for (int round = 1; round <= k_rounds; ++round) {
        const auto outcome = state.ports.git.push({.ref = ref, .id = note, .expect = there.id, .allow_rewrite = true});
        switch (outcome.state) {
            case PushState::done:
                held(state, note);
                return state.at("lock-pushed");
            case PushState::protected_branch:
            case PushState::rejected:
            case PushState::denied:
                return do_without(state, outcome.detail);
            case PushState::stale:
            case PushState::not_fast_forward:
            case PushState::unknown:
            case PushState::unreachable:
                break;
        }
        const auto found = find_remote_lock(state);
        if (!found.ok()) {
            if (round == k_rounds || state.interrupted()) return found.error();
            state.ports.clock.sleep_for(std::chrono::seconds(round));
            continue;
        }
        there = found.value();
        if (there.id == note) {
            held(state, note);
            return state.at("lock-pushed");
        }
        if (!there.id.empty() && !there.note)
            return do_without(state, "the ref " + ref + " holds something that lockstep did not write");
        if (!is_free(state, there)) return held_by(state, *there.note);
        if (!there.id.empty())
            state.notice(fmt::format("the lock of run {} on {} is taken over: that run is gone", there.note->run,
                                     there.note->host));
    }
    return Error{ErrorKind::infrastructure, "the lock on the remote cannot be taken", "it keeps changing hands",
                 "run again"};
}

void adopt_remote_lock(RunState& state) {
    if (!state.config.lock.remote) return;
    const auto found = find_remote_lock(state);
    if (found.ok() && found->note && found->note->run == state.ports.store.run_id()) state.remote_lock = found->id;
}

void release_remote_lock(RunState& state) {
    if (state.remote_lock.empty()) return;
    const auto ref = lock_ref(state.base);
    if (state.interrupted() && state.ports.admit_last) state.ports.admit_last();
    (void)state.intend("unlock", {{"ref", ref}});
    const PushUpdate update{.ref = ref, .id = "", .expect = state.remote_lock};
    auto outcome = state.ports.git.push(update);
    const bool unheard = outcome.state == PushState::unknown || outcome.state == PushState::unreachable;
    if (unheard && state.ports.interrupted() == 0) {
        state.ports.clock.sleep_for(std::chrono::seconds(2));
        outcome = state.ports.git.push(update);
    }
    state.settled("unlock", {{"state", std::string(push_word(outcome.state))}});
    if (outcome.state != PushState::done && outcome.state != PushState::stale)
        state.notice(
            "the lock on the remote could not be given back, and expires by itself: " + clean_line(outcome.detail, 300),
            true);
    state.remote_lock.clear();
}

}  // namespace lockstep
