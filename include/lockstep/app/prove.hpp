// SPDX-License-Identifier: MIT
// The proof phase: evaluate every target, realise the union of their derivations, and tell what is valid afterwards.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/memory.hpp"
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
    /// The flake at the base commit, for hosts whose derivation there is not in `base_drvs`; "" = nobody asks.
    std::string base_flake;
    std::vector<bool> in_base;                     ///< per target: whether the base commit has it; may be empty
    std::map<std::string, std::string> base_drvs;  ///< target → derivation at the base commit, as far as remembered
    const Recollection* memory = nullptr;          ///< what earlier runs taught; must outlive the proof
    ForeignPolicy foreign = ForeignPolicy::require;
    bool build = true;  ///< false: stop after evaluation; every target that evaluates is `evaluated`
    int slots = 1, evaluators = 1;
    std::uint64_t memory_budget = 0;  ///< bytes for all evaluators; 0 = unknown
    Millis eval_timeout{0}, build_timeout{0}, silent_timeout{0};
    std::uint64_t log_limit = 64ULL << 20;
    std::size_t tail_lines = 40;
    std::string nonce_seed;                       ///< unguessable, fresh for each run
    std::chrono::milliseconds failure_memory{0};  ///< how long a builder's failure is believed; 0 = try again at once
    std::vector<std::string> flaky;               ///< globs of derivation names that deserve a second try
    int retries = 2;                              ///< further tries after trouble of the infrastructure
    std::chrono::milliseconds retry_pause{0};     ///< before the first of them, doubled each time
    std::chrono::system_clock::time_point now{};
    std::string run;  ///< for what is remembered
};

/// Why a proof is ended from outside.
struct Halt {
    std::string reason;
    /// The run's time is up: evaluation ends too, and what had failed by then is believed. Otherwise (a disk that fills
    /// up) whatever is not built says nothing.
    bool time_up = false;
};

/// Lets somebody else end a proof for a reason. Thread-safe.
class HaltSwitch {
public:
    /// Ends what is built; nothing further starts. Later pulls do nothing, but for time that is up after another
    /// reason.
    void pull(Halt halt);
    /// `on_halt` is called when the switch is or was pulled; an empty function disconnects.
    void connect(std::function<void(const Halt&)> on_halt);

private:
    std::mutex mutex_;
    std::optional<Halt> halt_;
    std::function<void(const Halt&)> on_halt_;
};

struct ProvePorts {
    ProcessRunner& processes;
    RunStore& store;
    Clock& clock;
    EventSink& events;
    Files& files;
    HaltSwitch* halt = nullptr;
    /// Told the derivations and outputs of a wave before it is built, so that no garbage collection takes them; a proof
    /// that builds nothing is over too soon for that. May be empty, like the next; any thread, must return quickly.
    std::function<void(const std::vector<std::string>& paths)> building = {};
    /// Told a host's outputs as soon as they are proved.
    std::function<void(const std::vector<std::string>& outputs)> proved = {};
    /// Takes what is worth remembering; may be empty. Called once, at the end, on the caller's thread.
    std::function<void(const std::vector<Lesson>&)> learn = {};
};

/// Blocks until every target has a result; one per target, sorted by name, whatever happens. Interruption goes through
/// ProcessRunner::stop_all: unfinished targets come back as `interrupted` or `not_started`.
[[nodiscard]] ProofResult prove(const ProveRequest& request, const ProvePorts& ports);

}  // namespace lockstep
