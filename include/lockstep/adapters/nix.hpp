// SPDX-License-Identifier: MIT
// Nix as a translator: data → Command, text → data. It never runs anything. Facts about Nix name the versions they were
// seen on (2.8.0, 2.26.3, 2.34.8 unless said).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/config.hpp"
#include "lockstep/core/derivation.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep::nix {

// ── version and settings ───────────────────────────────────────────────────────────────────────────────────────────

struct Version {
    std::string text;            ///< "2.8.0"
    std::string implementation;  ///< "Nix", "Lix", "Determinate Nix"
    int major = 0, minor = 0;    ///< of the Nix level it speaks
    /// `nix flake update` takes input names and --flake (Nix ≥ 2.19, Lix ≥ 2.90).
    [[nodiscard]] bool update_takes_inputs() const;
    /// `nix config show` instead of `nix show-config` (≥ 2.20).
    [[nodiscard]] bool has_config_show() const;
    bool operator==(const Version&) const = default;
};
/// Output of `nix --version`. Error (config): not a Nix, or older than 2.8.
[[nodiscard]] Result<Version> parse_version(std::string_view text);

/// Where and how Nix is called. `program("nix-store")` is BIN_DIR/nix-store or the bare name.
struct Setup {
    Version version;
    std::string bin_dir;
    bool impure = false;
    bool accept_flake_config = false;
    std::map<std::string, std::string> options;  ///< --option name value, on every evaluating or building call
    [[nodiscard]] std::string program(std::string_view name) const;
};

[[nodiscard]] Command version_command(const std::string& bin_dir);
[[nodiscard]] Command settings_command(const Setup& setup);  ///< JSON of the effective settings

/// What this machine and its builders can build, from the effective settings.
struct Capabilities {
    std::string system;
    std::set<std::string> systems;   ///< own, extra-platforms, and those of builders
    std::set<std::string> features;  ///< own and of builders
    int max_jobs = 1;
    int cores = 0;
    std::string store_dir = "/nix/store";
    std::string store;                 ///< the `store` setting: "auto", "daemon", "local", …
    bool trusted_user_listed = false;  ///< reserved for doctor
    std::map<std::string, std::string>
        raw;  ///< a few settings worth reporting (substituters, timeout, max-silent-time, …)
};
/// `read_machines` reads files named by "@/etc/nix/machines".
[[nodiscard]] Result<Capabilities> parse_settings(std::string_view json,
                                                  const std::function<std::string(const std::string&)>& read_machines);

// ── update ─────────────────────────────────────────────────────────────────────────────────────────────────────────

struct UpdateRequest {
    std::string worktree;   ///< absolute path
    std::string flake_dir;  ///< sub-directory, "" = root
    bool submodules = false;
    std::vector<std::string> inputs;  ///< empty = all
    Millis timeout{600'000};
};
[[nodiscard]] Command update_command(const Setup& setup, const UpdateRequest& request);

enum class UpdateTrouble { none, network, rate_limited, auth, lock_unreadable, flake_broken, unknown };
/// Judges a failed update by its stderr; only decides between "try again / infrastructure", "credentials" and "your
/// flake is wrong", never success.
[[nodiscard]] UpdateTrouble classify_update_failure(std::string_view stderr_text);

// ── evaluation ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// A flake pinned to one commit: "git+file:///…?rev=…&ref=HEAD[&dir=…][&submodules=1]", percent-encoded. `repository`
/// is a worktree (a linked one will do) of any repository that has the commit; its own HEAD and files do not matter.
/// From a bare repository Nix 2.8 takes only commits that `ref` reaches, and 2.26 and 2.34 copy it into their cache
/// first.
[[nodiscard]] std::string pinned_flake(const std::string& repository, const std::string& commit, const std::string& dir,
                                       bool submodules);

/// Error (config) when this Nix cannot read a repository at `path`: Nix before 2.26 (seen on 2.8) does not decode "%20"
/// and does not accept spaces, '%', '#', '?' or non-ASCII characters either.
[[nodiscard]] Result<void> check_repository_path(const Setup& setup, const std::string& path);

/// A Nix string literal of any bytes: quotes, backslashes, `${` and newlines escaped.
[[nodiscard]] std::string string_literal(std::string_view text);

/// Names in each attribute set, by one process: JSON {"nixosConfigurations": ["a","b"] | null, …}.
/// Expression-based (`builtins.getFlake`), so a missing set is null and not an error text.
[[nodiscard]] Command names_command(const Setup& setup, const std::string& flake, const std::vector<std::string>& sets);
/// nullopt for sets that the flake does not have.
[[nodiscard]] Result<std::map<std::string, std::optional<std::vector<std::string>>>> parse_names(std::string_view json);

/// The `nixConfig` of a flake as JSON {name: value}, for accept_flake_config: `builtins.getFlake` ignores it, so the
/// caller adds what parse_flake_config returns to Setup::options (its own options win).
[[nodiscard]] Command flake_config_command(const Setup& setup, const std::string& flake);
[[nodiscard]] Result<std::map<std::string, std::string>> parse_flake_config(std::string_view json);

/// One evaluation process over a slice of targets (at most about 500: an argument holds 128 KiB). Before each target
/// the child's stderr carries a BEGIN line, after it an END line with its derivation, both with a nonce that the flake
/// cannot know; stdout carries {name: drv} at the very end.
[[nodiscard]] Command evaluate_command(const Setup& setup, const std::string& flake, const std::vector<Target>& slice,
                                       const std::string& nonce);

struct EvalEvent {
    enum class Kind { begin, end } kind = Kind::begin;
    std::size_t index = 0;  ///< into the slice
    std::string drv;        ///< for end
    bool operator==(const EvalEvent&) const = default;
};

/// Reads the stderr of an evaluation (raw log format), in chunks split anywhere. Lines end at \n or \r (git's progress)
/// and are bounded to 64 KiB.
class EvalReader {
public:
    EvalReader(std::string nonce, std::size_t slice_size);
    /// Calls back for each BEGIN/END in order; everything else is kept as text for the host that is being evaluated.
    void feed(std::string_view chunk, const std::function<void(const EvalEvent&)>& on_event,
              const std::function<void(std::string_view)>& on_text);
    void finish(const std::function<void(const EvalEvent&)>& on_event,
                const std::function<void(std::string_view)>& on_text);

private:
    void line(std::string_view text, const std::function<void(const EvalEvent&)>& on_event,
              const std::function<void(std::string_view)>& on_text);
    std::string mark_;
    std::size_t slice_size_;
    std::string pending_;
};

/// stdout of a completed evaluation.
[[nodiscard]] Result<std::map<std::string, std::string>> parse_evaluation(std::string_view json);

/// The line of an evaluation's error output that says what is wrong, cleaned ("error: attribute 'x' missing").
[[nodiscard]] std::string first_error_line(std::string_view stderr_text);
/// Infrastructure (fetching an input failed, daemon gone, disk full, killed for memory) or the flake's own fault.
[[nodiscard]] CauseClass classify_evaluation_failure(const ExitStatus& status, std::string_view stderr_text);

// ── building ───────────────────────────────────────────────────────────────────────────────────────────────────────

struct RealiseRequest {
    std::vector<std::string> drvs;  ///< never empty
    int slots = 1;
    Millis build_timeout{0}, silent_timeout{0};  ///< 0 = none
};
/// Nix's own limits do not run while it waits for a lock that another process holds, so with `silent_timeout` the
/// command as a whole has a limit on silence too, which is somewhat longer.
[[nodiscard]] Command realise_command(const Setup& setup, const RealiseRequest& request);
/// What a realisation would do, without doing it (`--dry-run`).
[[nodiscard]] Command dry_run_command(const Setup& setup, const std::vector<std::string>& drvs);
struct DryRun {
    std::vector<std::string> build, fetch;
    std::string download, unpacked;    ///< as Nix prints them
    std::uint64_t download_bytes = 0;  ///< as precise as Nix prints it
};
[[nodiscard]] DryRun parse_dry_run(std::string_view stderr_text);

[[nodiscard]] Command invalid_paths_command(const Setup& setup, const std::vector<std::string>& paths);
/// stdout of invalid_paths_command: the invalid ones.
[[nodiscard]] std::set<std::string> parse_invalid_paths(std::string_view out);

/// One record of `--log-format internal-json -v`.
struct LogRecord {
    enum class Kind {
        build_start,  ///< id, drv, machine
        stop,         ///< id
        build_line,   ///< id, text
        build_phase,  ///< id, text
        message,      ///< level, text (0 = error)
        progress,     ///< id, done, expected, running, failed
        waiting,      ///< id, text: for a lock that another process holds, or for a builder machine
        other,        ///< a record that means nothing to us
        plain,        ///< not a record: text as it came
    } kind = Kind::other;
    std::uint64_t id = 0;
    int level = 0;
    std::string text, drv, machine;
    std::uint64_t done = 0, expected = 0, running = 0, failed = 0;
    int activity = 0;  ///< type of the activity a start names; 0 when unknown
};
/// Tolerant: unknown actions, types and members are `other`; broken JSON is `plain`. Numbers are 64 bit. `line` has no
/// newline.
[[nodiscard]] LogRecord parse_log_line(std::string_view line);

/// A build_line in the one shape that all versions of Nix write. `escaped`, a part of the record, still holds JSON's
/// escapes.
struct BuildLine {
    std::uint64_t id = 0;
    std::string_view escaped;
};
/// Knows that shape only, and is cheap; nullopt leaves the record to parse_log_line.
[[nodiscard]] std::optional<BuildLine> scan_build_line(std::string_view line);
/// Appends its text, the same that parse_log_line gives. False when it is not valid after all: nothing was appended,
/// and parse_log_line says what the record is.
[[nodiscard]] bool append_text(std::string& into, const BuildLine& line);

/// Splits a byte stream into lines of at most 64 KiB, linear in its size. Of a longer line the beginning and the last
/// bytes remain, with a mark between; parse_log_line understands such a record of build output.
class LineSplitter {
public:
    explicit LineSplitter(std::size_t max_line = 64u << 10) : max_line_(max_line) {}
    void feed(std::string_view chunk, const std::function<void(std::string_view)>& on_line);
    void finish(const std::function<void(std::string_view)>& on_line);

private:
    void take(std::string_view part);
    std::size_t max_line_;
    std::string pending_, end_;
    bool cut_ = false;
};

/// What is known about one derivation when a realisation has ended.
struct BuildFacts {
    std::string drv, machine;
    bool started = false, stopped = false;
    Millis duration{0}, longest_silence{0};
    std::vector<std::string> tail;
};
struct RealiseFacts {
    ExitStatus status;
    std::vector<std::string> errors;   ///< texts of level-0 messages and plain error lines, in order
    std::vector<std::string> waiting;  ///< what Nix waited for when it ended: texts of its waiting records
    Millis build_timeout{0}, silent_timeout{0};
    bool interrupted = false;
};
/// Why a derivation whose output is invalid after the realisation did not succeed. Messages decorate (which class),
/// store validity decided. `builder_failed` needs positive evidence; without any it is `unknown` (infrastructure).
struct FailureJudgement {
    CauseClass cls = CauseClass::unknown;
    std::string first_error;  ///< cleaned
};
[[nodiscard]] FailureJudgement judge_failure(const BuildFacts& build, const DrvNode& node, const RealiseFacts& realise,
                                             const Capabilities& can);

}  // namespace lockstep::nix
