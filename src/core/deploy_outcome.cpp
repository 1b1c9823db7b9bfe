// SPDX-License-Identifier: MIT
// The words of the closed set, and what each of its members means to the rules.
#include "lockstep/core/deploy_outcome.hpp"

#include "lockstep/core/check.hpp"

namespace lockstep {

std::string_view word(HostOutcome outcome) {
    switch (outcome) {
        case HostOutcome::confirmed:
            return "confirmed";
        case HostOutcome::degraded:
            return "degraded";
        case HostOutcome::boot_pending:
            return "boot_pending";
        case HostOutcome::unchanged:
            return "unchanged";
        case HostOutcome::rolled_back:
            return "rolled_back";
        case HostOutcome::failed:
            return "failed";
        case HostOutcome::unreachable:
            return "unreachable";
        case HostOutcome::drifted:
            return "drifted";
        case HostOutcome::refused:
            return "refused";
        case HostOutcome::rollback_failed:
            return "rollback_failed";
        case HostOutcome::unhealthy:
            return "unhealthy";
        case HostOutcome::unknown:
            return "unknown";
        case HostOutcome::inconclusive:
            return "inconclusive";
        case HostOutcome::deferred:
            return "deferred";
        case HostOutcome::not_started:
            return "not_started";
        case HostOutcome::cancelled:
            return "cancelled";
    }
    LOCKSTEP_CHECK(false);
}

std::optional<HostOutcome> host_outcome_from(std::string_view text) {
    for (const auto outcome : k_all_host_outcomes)
        if (word(outcome) == text) return outcome;
    return std::nullopt;
}

bool is_success(HostOutcome outcome) {
    return outcome == HostOutcome::confirmed || outcome == HostOutcome::degraded ||
           outcome == HostOutcome::boot_pending || outcome == HostOutcome::unchanged;
}

bool is_failure(HostOutcome outcome) {
    switch (outcome) {
        case HostOutcome::rolled_back:
        case HostOutcome::failed:
        case HostOutcome::unreachable:
        case HostOutcome::drifted:
        case HostOutcome::refused:
        case HostOutcome::rollback_failed:
        case HostOutcome::unhealthy:
        case HostOutcome::unknown:
            return true;
        default:
            return false;
    }
}

bool runs_candidate(HostOutcome outcome) {
    return outcome == HostOutcome::confirmed || outcome == HostOutcome::degraded ||
           outcome == HostOutcome::boot_pending || outcome == HostOutcome::inconclusive;
}

bool needs_person(HostOutcome outcome) {
    return outcome == HostOutcome::rollback_failed || outcome == HostOutcome::unhealthy ||
           outcome == HostOutcome::unknown;
}

}  // namespace lockstep
