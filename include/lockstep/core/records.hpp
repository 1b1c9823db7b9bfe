// SPDX-License-Identifier: MIT
// The data that flows through a run. Aggregates with public fields; written as JSON only by the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/lockfile.hpp"
#include "lockstep/core/target.hpp"

namespace lockstep {

using Millis = std::chrono::milliseconds;

/// What became of one target. The words in the report are these names.
enum class HostState {
    built,              ///< its output is valid and was made (built or fetched) in this run
    cached,             ///< its output was valid before the run built anything
    unchanged,          ///< same derivation as on the base commit, and its output is valid or was proved before
    evaluated,          ///< foreign system, policy `evaluate`: the derivation exists, nothing was built
    failed,             ///< its own top-level derivation failed
    dependency_failed,  ///< a derivation below it failed: see its cause
    eval_failed,        ///< it does not evaluate
    vanished,           ///< the base commit has it, the updated commit does not
    timeout,            ///< a build or the evaluation ran out of time, silent or total
    log_limit,          ///< a build wrote more log than allowed
    unsupported,        ///< needs a system or feature that this machine and its builders lack
    infra_error,        ///< network, daemon, disk, memory: says nothing about the host
    skipped,            ///< foreign system, policy `ignore`
    not_started,        ///< the run ended first
    interrupted,
};
[[nodiscard]] std::string_view state_word(HostState state);    ///< "dependency_failed"
[[nodiscard]] std::string_view state_phrase(HostState state);  ///< "a dependency failed"
[[nodiscard]] bool is_proved(HostState state);                 ///< built, cached, unchanged
[[nodiscard]] bool is_broken(
    HostState state);  ///< the host itself is at fault: failed … log_limit, eval_failed, vanished
[[nodiscard]] bool is_unknown(HostState state);  ///< infra_error, not_started, interrupted

/// Why a derivation (or an evaluation) did not succeed.
enum class CauseClass {
    evaluation,
    evaluation_timeout,
    evaluation_killed,
    builder_failed,
    timeout_total,
    timeout_silent,
    log_limit,
    hash_mismatch,
    output_missing,
    not_deterministic,
    missing_system,
    missing_feature,
    killed,
    out_of_memory,
    no_space,
    fetch_failed,
    daemon_lost,
    unknown,
};
[[nodiscard]] std::string_view cause_word(CauseClass cls);    ///< "builder_failed"
[[nodiscard]] std::string_view cause_phrase(CauseClass cls);  ///< "the builder failed"
[[nodiscard]] bool is_infrastructure(CauseClass cls);  ///< killed from outside, memory, disk, fetch, daemon, unknown

/// One first failing derivation, or one evaluation error, with everything it breaks.
struct Cause {
    std::string id;    ///< "c1", "c2", … most hosts first
    std::string drv;   ///< "" for evaluation errors
    std::string name;  ///< derivation name, or the host for evaluation errors
    CauseClass cls = CauseClass::unknown;
    std::string first_error;         ///< one cleaned line
    std::vector<std::string> tail;   ///< cleaned last lines of its log
    std::vector<std::string> hosts;  ///< sorted
    std::string log;                 ///< path relative to the run directory, or ""
    std::string machine;             ///< remote builder, or ""
    Millis duration{0};

    bool operator==(const Cause&) const = default;
};

/// What a host's closure still lacked when its evaluation ended, in derivations.
struct HostWork {
    std::uint32_t valid = 0, fetch = 0, build = 0;  ///< there already, to be fetched from a cache, to be built
    bool known = false;                             ///< false: nobody asked the store and the caches
    bool operator==(const HostWork&) const = default;
};

/// What a proved system is to the one that base last landed with, as far as this machine can tell. Texts are cleaned,
/// one line each; what is not known is empty.
struct HostChange {
    std::string from;                        ///< output path that landed before
    std::string packages;                    ///< a summary
    std::vector<std::string> package_lines;  ///< bounded
    std::string kernel;                      ///< "6.1.55 → 6.6.1"; "" = the same, or not known
    std::vector<std::string> reboot;         ///< parts that take a reboot to run: "kernel", "initrd" …
    std::uint64_t copy_bytes = 0;            ///< the most that a copy to the host sends

    bool operator==(const HostChange&) const = default;
};

struct HostResult {
    std::string name;
    TargetKind kind = TargetKind::nixos;
    std::string system;  ///< of the derivation, not what the flake declares
    bool required = true;
    HostState state = HostState::not_started;
    std::string drv, out;
    std::string cause;               ///< id of a Cause, or ""
    std::vector<std::string> chain;  ///< derivation names from the host down to the cause
    std::string detail;              ///< one line, e.g. why it is unsupported
    std::string log;                 ///< complete log, relative to the run directory
    Millis eval_time{0}, build_time{0};
    std::uint64_t eval_peak_bytes = 0;
    std::string base_drv;  ///< its derivation on the base commit; "" when not known
    HostWork work;
    std::optional<HostChange> change;  ///< nothing: the same as what landed before, or nobody knows

    bool operator==(const HostResult&) const = default;
};

/// One derivation that was built in this run, here or by a builder.
struct BuildRecord {
    std::string drv, name;
    std::string machine;  ///< remote builder, "" for this machine
    bool ok = true;
    Millis started{0};  ///< since the proof began
    Millis duration{0};
    bool operator==(const BuildRecord&) const = default;
};

/// One log file kept by the run.
struct LogEntry {
    std::string owner;  ///< host or derivation name
    std::string file;   ///< relative to the run directory
    std::uint64_t bytes = 0, dropped_bytes = 0;
    bool operator==(const LogEntry&) const = default;
};

/// Everything the proof phase found out. `hosts` has exactly one entry per selected target, sorted by name.
struct ProofResult {
    std::vector<HostResult> hosts;
    std::vector<Cause> causes;
    std::vector<LogEntry> logs;
    std::vector<std::string> notices;  ///< e.g. hints about foreign hosts
    int realiser_runs = 0;
    int derivations_built = 0;
    std::vector<BuildRecord> builds;         ///< in the order in which they started
    std::vector<BuildRecord> critical_path;  ///< the chain of builds that took longest, first to last
    std::uint64_t download_bytes = 0;        ///< what the caches were to send, compressed; 0 when not known
};

}  // namespace lockstep
