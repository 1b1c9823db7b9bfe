// SPDX-License-Identifier: MIT
// From a finished wave to results: states, causes, and one complete log per host. No child processes here.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/attribution.hpp"
#include "app/realiser.hpp"
#include "lockstep/core/derivation.hpp"

namespace lockstep {

/// Shared by all waves of one proof; used by one thread at a time.
struct ProofState {
    DrvGraph graph;
    std::map<std::string, Cause> causes;  ///< by drv, or "eval:…" for evaluation errors
    std::vector<LogEntry> logs;
    std::uint64_t copy_budget = 512ULL << 20;  ///< bytes of derivation logs that may still be copied into host logs
    int realiser_runs = 0, derivations_built = 0;
    std::uint64_t download_bytes = 0;
    std::chrono::steady_clock::time_point began{};
    std::vector<BuildRecord> builds;
    std::vector<Lesson> lessons;
    std::map<std::size_t, std::string>
        base_drvs;                       ///< by target, as far as known; "" = the base commit does not evaluate
    std::set<std::size_t> base_pending;  ///< targets whose evaluation at the base commit is still to come
};

/// Why a target's host cannot be built here, with the derivation that is to blame as a cause of its own.
void explain_unsupported(const ProveRequest& request, const std::string& suspect, ProofState& state, HostResult& host);

/// Output paths whose validity decides which derivation failed first: of every broken target's closure. Empty when
/// nothing is broken.
[[nodiscard]] std::vector<std::string> paths_to_validate(const Wave& wave, const ProofState& state);

/// Takes the targets out of the wave that only trouble of the infrastructure (or a derivation listed as flaky) kept
/// from being proved, and that may be tried again.
[[nodiscard]] std::vector<ReadyTarget> take_retries(const ProveRequest& request, const ProvePorts& ports, Wave& wave,
                                                    const ProofState& state);

/// One result per target of the wave; writes the hosts' logs.
[[nodiscard]] std::vector<HostResult> settle(const ProveRequest& request, const ProvePorts& ports, Wave& wave,
                                             ProofState& state);

/// The result of a target that never came to be built: evaluation failed, foreign and not required, interrupted.
[[nodiscard]] HostResult settle_unbuilt(const ProveRequest& request, const ProvePorts& ports,
                                        const EvalResult& evaluation, HostState state, const std::string& system,
                                        const std::string& detail, ProofState& proof);

}  // namespace lockstep
