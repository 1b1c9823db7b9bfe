// SPDX-License-Identifier: MIT
// One run per base branch among all machines: a ref on the remote, made when it is not there, taken over when its
// holder is known to be gone, given back at the end. The push of base stays safe without it; the lock saves the work of
// the one that would lose.
#pragma once

#include "app/run_state.hpp"
#include "lockstep/core/lock_note.hpp"

namespace lockstep {

/// Takes the lock, if the configuration wants one and the run does not hold it yet. A remote that refuses such refs is
/// done without one, with a notice. Errors: locked (by whom, until when), infrastructure.
[[nodiscard]] Result<void> hold_remote_lock(RunState& state);
/// Takes up the lock that an earlier process of this run left.
void adopt_remote_lock(RunState& state);
/// Gives it back; what cannot be taken back is told, and expires.
void release_remote_lock(RunState& state);

/// Whether the run that holds the lock cannot give it back any more: expired, or known to be dead.
[[nodiscard]] bool is_abandoned(const RunPorts& ports, const LockNote& note);

/// The lock as it stands.
struct FoundLock {
    std::string id;                ///< what the ref points at; "" = no lock
    std::optional<LockNote> note;  ///< nullopt: somebody else's object
};
[[nodiscard]] Result<FoundLock> find_remote_lock(RunState& state);

}  // namespace lockstep
