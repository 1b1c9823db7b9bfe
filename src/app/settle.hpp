// SPDX-License-Identifier: MIT
// From a finished wave to results: states, causes, and one complete log per host. No child processes here.
#pragma once

#include <map>
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
};

/// Reads a target's closure into the graph and gives the derivations of it that neither this machine nor its builders
/// can build (by system or required feature).
[[nodiscard]] std::vector<std::string> suspects_of(const std::string& drv, const ProveRequest& request,
                                                   const ProvePorts& ports, ProofState& state);

/// Output paths whose validity decides which derivation failed first: of every broken target's closure. Empty when
/// nothing is broken.
[[nodiscard]] std::vector<std::string> paths_to_validate(const Wave& wave, const ProofState& state);

/// One result per target of the wave; writes the hosts' logs.
[[nodiscard]] std::vector<HostResult> settle(const ProveRequest& request, const ProvePorts& ports, Wave& wave,
                                             ProofState& state);

/// The result of a target that never came to be built: evaluation failed, foreign and not required, interrupted.
[[nodiscard]] HostResult settle_unbuilt(const ProveRequest& request, const ProvePorts& ports,
                                        const EvalResult& evaluation, HostState state, const std::string& system,
                                        const std::string& detail, ProofState& proof);

}  // namespace lockstep
