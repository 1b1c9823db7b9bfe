// SPDX-License-Identifier: MIT
// How a host can end in a deploy: a closed set, so that "nothing was said about this host" cannot happen.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace lockstep {

enum class HostOutcome {
    confirmed,        ///< runs the new system, proved over a new connection, permanent
    degraded,         ///< the same, with failed units that the policy accepts
    boot_pending,     ///< the new system is what the next boot starts; it does not run yet
    unchanged,        ///< ran the wanted system already; nothing was done
    rolled_back,      ///< runs the recorded old system again, proved
    failed,           ///< could not be brought there; what runs was not touched
    unreachable,      ///< nobody answered; nothing was touched
    drifted,          ///< somebody else switched it meanwhile; nothing was touched
    refused,          ///< the host said no (lock, full disk, inhibitor); nothing was touched
    rollback_failed,  ///< neither the new nor the old system could be proved: needs a person
    unhealthy,        ///< runs the new system, fails its health, and was not put back: needs a person
    unknown,          ///< contact was lost and what runs there could not be read: needs a person
    inconclusive,     ///< runs the new system; its health could not be judged
    deferred,         ///< busy, asks to be updated later; nothing was touched
    not_started,      ///< the run stopped, waits, or a host that it comes after failed
    cancelled,        ///< somebody ended the run before its turn
};

inline constexpr std::size_t k_host_outcomes = 16;
inline constexpr std::array<HostOutcome, k_host_outcomes> k_all_host_outcomes = {
    HostOutcome::confirmed,    HostOutcome::degraded,        HostOutcome::boot_pending, HostOutcome::unchanged,
    HostOutcome::rolled_back,  HostOutcome::failed,          HostOutcome::unreachable,  HostOutcome::drifted,
    HostOutcome::refused,      HostOutcome::rollback_failed, HostOutcome::unhealthy,    HostOutcome::unknown,
    HostOutcome::inconclusive, HostOutcome::deferred,        HostOutcome::not_started,  HostOutcome::cancelled,
};

/// What becomes of hosts that run a system which is not permanent yet, because the update is to land first.
enum class LandingAnswer {
    keep,     ///< it landed
    go_back,  ///< it did not
    unknown,  ///< nobody can say: the hosts are told nothing, and go back by themselves
};

/// "confirmed", "rolled_back", …: what records, scripts and the journal say.
[[nodiscard]] std::string_view word(HostOutcome outcome);
[[nodiscard]] std::optional<HostOutcome> host_outcome_from(std::string_view word);

/// What was wanted is there: hosts that come after this one may start.
[[nodiscard]] bool is_success(HostOutcome outcome);
/// Counts against `tolerate`. Of `unreachable` the host decides too: see counts_as_failure in deploy_waves.hpp.
[[nodiscard]] bool is_failure(HostOutcome outcome);
/// The new system is on this host, so that a rollback has something to undo.
[[nodiscard]] bool runs_candidate(HostOutcome outcome);
/// Nobody can say that this host is all right: exit code 51.
[[nodiscard]] bool needs_person(HostOutcome outcome);

}  // namespace lockstep
