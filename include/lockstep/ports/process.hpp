// SPDX-License-Identifier: MIT
// Children as data: what to run, how it may be stopped, how it ended. One edge (the supervisor) runs them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// TERM to the process group, `grace` later KILL.
struct StopPolicy {
    std::chrono::milliseconds grace{5'000};
    bool operator==(const StopPolicy&) const = default;
};

/// The memory of a running child, seen and bounded by both sides at any time. `resident` is sampled every 50 ms, of the
/// process itself and not of its children; above `limit` it is killed (ExitStatus::Kind::over_memory).
struct MemoryAllowance {
    std::atomic<std::uint64_t> limit{UINT64_MAX};  ///< bytes
    std::atomic<std::uint64_t> resident{0};        ///< bytes, of the last sample; 0 before the first
};

struct Command {
    std::vector<std::string> argv;  ///< argv[0] is looked up on the child's PATH unless it holds a '/'
    std::string cwd;                ///< "" = ours
    /// Edits on the base environment, which the runner owns and which never holds secrets.
    std::vector<std::pair<std::string, std::string>> env_set;
    std::vector<std::string> env_unset;
    std::string stdin_text;                             ///< "" = /dev/null
    std::optional<std::chrono::milliseconds> deadline;  ///< total time, from start
    std::optional<std::chrono::milliseconds> silence;   ///< time without any output
    std::shared_ptr<MemoryAllowance> memory;            ///< nullptr: neither watched nor bounded
    StopPolicy stop;
    std::string label;  ///< for run.log: "nix eval web1 db1"

    bool operator==(const Command&) const = default;
};

enum class Stream { out, err };

struct ExitStatus {
    enum class Kind {
        exited,       ///< `code`
        signalled,    ///< `signal`, from outside
        timed_out,    ///< we ended it: total deadline
        silent,       ///< we ended it: no output for too long
        over_memory,  ///< we ended it: more resident memory than its allowance
        interrupted,  ///< we ended it: stop() or stop_all()
        not_started,  ///< `reason`
    };
    Kind kind = Kind::not_started;
    int code = -1;
    int signal = 0;
    std::string reason;
    std::chrono::milliseconds wall{0}, cpu{0};
    std::uint64_t peak_rss_bytes = 0;
    bool leftovers = false;              ///< processes of its group were alive after it ended and had to be killed
    std::chrono::milliseconds limit{0};  ///< timed_out, silent: the deadline that passed
    std::uint64_t memory_limit = 0;      ///< over_memory: the bytes that were too few

    [[nodiscard]] bool ok() const { return kind == Kind::exited && code == 0; }
    bool operator==(const ExitStatus&) const = default;
};

/// "exited with code 1", "killed by signal 9 (Killed)", "took longer than 10m and was ended", …
[[nodiscard]] std::string describe(const ExitStatus& status);

using ChildId = std::uint64_t;

/// Callbacks run on the runner's own thread, one at a time, and must not block or throw; on_exit comes exactly once,
/// after the last on_output (also for a child that could not start).
class ProcessRunner {
public:
    using OnOutput = std::function<void(Stream, std::string_view)>;
    using OnExit = std::function<void(const ExitStatus&)>;

    virtual ~ProcessRunner() = default;
    /// Thread-safe, may be called from callbacks. Never fails: trouble arrives as ExitStatus::not_started.
    virtual ChildId submit(Command command, OnOutput on_output, OnExit on_exit) = 0;
    /// Applies the stop policy; unknown or ended ids are ignored.
    virtual void stop(ChildId id) = 0;
    /// Ends every child by its stop policy and makes every later submit end as `interrupted` at once.
    /// `hard` skips the grace. Used for SIGINT/SIGTERM; on_exit still comes for each.
    virtual void stop_all(bool hard) = 0;
};

struct Completed {
    ExitStatus status;
    std::string out, err;
    bool truncated = false;  ///< one of the texts hit `max_bytes`; its middle was dropped
};

/// Runs one command and waits for it. Never call it on the runner's thread. Keeps at most `max_bytes` of each stream
/// (first half, last half).
[[nodiscard]] Completed run_to_end(ProcessRunner& runner, Command command, std::size_t max_bytes = 64u << 20);

}  // namespace lockstep
