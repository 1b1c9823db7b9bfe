// SPDX-License-Identifier: MIT
// The record of a run, and everything that is rendered from it. report.json is the record; every other output is made
// from the same RunReport, so `report_from_json(report_json(r)) == r` must hold: exactly, for clean texts, hosts sorted
// by name and times in whole milliseconds, which is what the JSON keeps.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/decide.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/lock_alarms.hpp"
#include "lockstep/core/notification.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

using TimePoint = std::chrono::system_clock::time_point;

enum class StageState { done, failed, skipped, interrupted };
[[nodiscard]] std::string_view stage_word(StageState state);

struct StageRecord {
    std::string name;  ///< prepare, update, prove, decide, land, propose, report
    StageState state = StageState::done;
    TimePoint started{};
    Millis duration{0};
    std::string error_class, error_message;
    bool operator==(const StageRecord&) const = default;
};

/// How a run ended, in one word: the `result` of the report.
enum class Outcome {
    landed,          ///< base now is the proved commit
    unchanged,       ///< nothing to update
    would_land,      ///< dry run
    would_propose,   ///< dry run
    proposed,        ///< pull request opened or updated because hosts failed
    proposed_green,  ///< all proved; pull request because base may not be pushed (31) or by configuration (0)
    proved,          ///< `build`: every host proved
    hosts_failed,    ///< `build`: hosts failed; `run`: hosts failed and no pull request could be written
    alarm,           ///< the lock change raised an alarm that stops: pull request (or branch) only, hosts good or bad
    deployed,        ///< `deploy`: every host that takes part runs what was proved
    would_deploy,    ///< `deploy --dry-run`
    deploy_failed,   ///< `deploy`: hosts went back, or need a person
    stopped,         ///< anything else: see reason
};
[[nodiscard]] std::string_view outcome_word(Outcome outcome);
/// `stopped` for a word that is none.
[[nodiscard]] Outcome outcome_from_word(std::string_view word);

struct RunReport {
    struct Run {
        std::string id, command;  ///< "run", "build"
        TimePoint started{}, finished{};
        Millis duration{0};
        std::string trigger, actor;  ///< "manual", "github-actions" …; actor may be ""
        std::string tool_version, nix_version, nix_implementation;
        bool dry_run = false;
        std::int64_t resumed = 0;  ///< how often another process went on with it
        bool operator==(const Run&) const = default;
    } run;

    struct Repo {
        std::string remote;  ///< without credentials
        std::string forge;   ///< "github", "gitea", "forgejo", "directory", "none"
        std::string web;     ///< web address of the repository, or ""
        std::string flake;   ///< sub-directory
        std::string base, base_before, base_after;
        std::string branch;
        std::string candidate_commit, candidate_tree, lock_blob;  ///< git object ids
        bool operator==(const Repo&) const = default;
    } repo;

    struct Ending {
        Outcome outcome = Outcome::stopped;
        ExitCode exit = ExitCode::internal;
        std::string reason;       ///< one sentence
        std::string next_action;  ///< a command or a sentence; may be ""
        bool operator==(const Ending&) const = default;
    } ending;

    struct Pull {
        std::int64_t number = 0;
        std::string url, action;  ///< created, updated
        bool operator==(const Pull&) const = default;
    };

    std::vector<StageRecord> stages;
    std::vector<LockAlarm> alarms;  ///< of the lock change; those that stop first
    std::vector<InputChange> inputs;
    std::vector<HostResult> hosts;
    std::vector<Cause> causes;
    std::vector<LogEntry> logs;
    std::vector<Reason> reasons;
    std::optional<Pull> pull;

    /// Where the time of the proof went.
    struct Timing {
        std::vector<BuildRecord> slowest;        ///< at most 10, longest first
        std::vector<BuildRecord> critical_path;  ///< first to last
        int derivations_built = 0;
        std::uint64_t download_bytes = 0;
        bool operator==(const Timing&) const = default;
    } timing;
    std::vector<std::string> notices;         ///< things worth knowing that changed no verdict
    std::vector<std::string> limits;          ///< what was cut, by how much
    std::vector<Notification> notifications;  ///< who was told about the run, and who was not

    bool operator==(const RunReport&) const = default;
};

/// Schema "lockstep-report/1.4". Hosts sorted by name; foreign text cleaned. Ends with a newline.
[[nodiscard]] std::string report_json(const RunReport& report);
[[nodiscard]] Result<RunReport> report_from_json(std::string_view text);
/// The published JSON Schema (2020-12) of report.json.
[[nodiscard]] std::string_view report_schema();

[[nodiscard]] std::string report_markdown(const RunReport& report);
/// failed → failure; timeout, infra, interrupted → error; skipped, evaluated → skipped. Valid XML 1.0 whatever logs
/// hold.
[[nodiscard]] std::string report_junit(const RunReport& report);
/// Terminal summary: verdict, inputs, causes, table of hosts that need a look. `color` adds SGR codes of our own only.
[[nodiscard]] std::string report_text(const RunReport& report, bool color);
/// The last line of talk: verdict, exit code, report path, next command.
[[nodiscard]] std::string last_line(const RunReport& report, std::string_view report_path);

/// GITHUB_STEP_SUMMARY text of at most `max_bytes`: verdict, causes, table first; tails last; a cut is marked.
[[nodiscard]] std::string step_summary(const RunReport& report, std::size_t max_bytes);

}  // namespace lockstep
