// SPDX-License-Identifier: MIT
// The proof phase: evaluate every target, realise the union of their derivations, and tell what is valid afterwards.
#pragma once

#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/events.hpp"
#include "lockstep/ports/files.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

struct ProveRequest {
    nix::Setup setup;
    nix::Capabilities can;
    std::string flake;            ///< pinned reference
    std::vector<Target> targets;  ///< selected ones; names are unique
    std::vector<bool> required;   ///< per target
    ForeignPolicy foreign = ForeignPolicy::require;
    bool build = true;  ///< false: stop after evaluation; every target that evaluates is `evaluated`
    int slots = 1, evaluators = 1;
    std::uint64_t memory_budget = 0;  ///< bytes for all evaluators; 0 = unknown
    Millis eval_timeout{0}, build_timeout{0}, silent_timeout{0};
    std::uint64_t log_limit = 64ULL << 20;
    std::size_t tail_lines = 40;
    std::string nonce_seed;  ///< unguessable, fresh for each run
};

struct ProvePorts {
    ProcessRunner& processes;
    RunStore& store;
    Clock& clock;
    EventSink& events;
    Files& files;
};

/// Blocks until every target has a result; one per target, sorted by name, whatever happens. Interruption goes through
/// ProcessRunner::stop_all: unfinished targets come back as `interrupted` or `not_started`.
[[nodiscard]] ProofResult prove(const ProveRequest& request, const ProvePorts& ports);

}  // namespace lockstep
