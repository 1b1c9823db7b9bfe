// SPDX-License-Identifier: MIT
// Freeing a lock that its run cannot give back any more.
#include <fmt/format.h>

#include "app/remote_lock.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

Result<std::string> unlock_remote(const RunSettings& settings, const RunPorts& ports, bool force) {
    RunState state(settings, ports);
    LOCKSTEP_TRY(state.checkout, ports.git.checkout(settings.repo));
    LOCKSTEP_TRY_VOID(settle_base_and_config(state));
    LOCKSTEP_TRY(const auto found, find_remote_lock(state));
    const auto base = clean_line(state.base, 100);
    if (found.id.empty()) return fmt::format("there is no lock for {} on {}", base, clean_line(state.remote.url, 200));
    const std::string who = found.note ? fmt::format("run {} on {}, since {}", found.note->run, found.note->host,
                                                     format_utc(found.note->since))
                                       : "somebody else's object " + found.id;
    if (!force && !(found.note && is_abandoned(ports, *found.note)))
        return Error{ErrorKind::locked, fmt::format("the lock for {} may still be in use", base),
                     found.note ? fmt::format("{}; it expires at {}", who, format_utc(found.note->expires)) : who,
                     "make sure that run is dead, then use --force"};
    const auto outcome = ports.git.push({.ref = lock_ref(state.base), .id = "", .expect = found.id});
    if (outcome.state != PushState::done)
        return Error{ErrorKind::infrastructure, fmt::format("the lock for {} could not be freed", base),
                     clean_line(outcome.detail), "try again"};
    return fmt::format("freed the lock for {} ({})", base, who);
}

}  // namespace lockstep
