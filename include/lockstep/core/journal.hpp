// SPDX-License-Identifier: MIT
// What a run's journal says: its lines read back, and what they add up to. Pure; the file itself is written by
// edges/run_journal.hpp, which documents its form.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// The version that this program writes and the newest that it reads.
inline constexpr int k_journal_version = 1;

/// The data of a line.
using JournalValue = std::variant<std::string, std::int64_t>;
using JournalData = std::vector<std::pair<std::string_view, JournalValue>>;
[[nodiscard]] std::string journal_data(const JournalData& data);

/// The text of one line without its line feed: {"seq":…,"time":…,"kind":…,"step":…,"data":…,"crc":…}. `data_json` is a
/// JSON object; foreign bytes in it are replaced.
[[nodiscard]] std::string journal_line(std::uint64_t seq, std::string_view time, std::string_view kind,
                                       std::string_view step, std::string_view data_json);

struct JournalRecord {
    std::uint64_t seq = 0;
    std::chrono::system_clock::time_point time{};
    std::string kind;       ///< "intent", "outcome" or "fact"
    std::string step;       ///< "push-base", "stage-prove", …
    std::string data_json;  ///< a JSON object
    bool operator==(const JournalRecord&) const = default;
};

struct JournalReading {
    std::vector<JournalRecord> records;  ///< up to the first damage, seq 0, 1, 2 …
    bool torn = false;                   ///< ends in the middle of a line: a crash or a full disk; harmless
    std::uint64_t damaged_line = 0;  ///< 1-based number of a line that cannot be read although others follow; 0: none
};

/// Reads the lines of a journal. Tolerates lines that were cut and repeated (same seq on the next line); anything else
/// that cannot be read, or a gap in the numbers, is damage: what follows it is not believed. Lines longer than 1 MiB
/// and data deeper than 32 levels are damage too.
[[nodiscard]] JournalReading read_journal(std::string_view text);

/// What a run had found out, wanted and done by the end of its journal.
struct RunHistory {
    std::string run_id;
    int version = 0;
    // The fact "settings":
    std::string command;                          ///< "run", "build", "plan"
    std::vector<std::string> args;                ///< its command line
    std::string directory;                        ///< where it was started
    std::chrono::system_clock::time_point now{};  ///< the moment that names the branch and dates the commit
    std::string host;                             ///< machine
    std::int64_t pid = 0;

    std::chrono::system_clock::time_point started{}, last{};  ///< first and last record
    std::string stage;                                        ///< the last stage that began
    std::chrono::system_clock::time_point stage_since{};
    std::string remote, base;  ///< without credentials; branch name
    std::string base_commit;   ///< the last one that the update was put on
    std::string flake;         ///< its sub-directory, or ""
    std::string branch;        ///< wanted name of the update branch
    std::string candidate, candidate_tree;
    std::string action;  ///< "land", "propose", "stop" once decided
    bool decided = false;
    std::string proof_commit;     ///< whose results proof.json holds, or ""
    std::uint32_t proof_crc = 0;  ///< CRC-32 of that file
    bool dry_run = false;
    int hosts_done = 0, hosts_found = 0;
    int resumed = 0;  ///< how often another process has gone on with it

    /// An intent whose outcome is not known: the last of each step.
    struct Open {
        std::string step, data_json;
        std::chrono::system_clock::time_point since{};
        bool operator==(const Open&) const = default;
    };
    std::vector<Open> open;
    bool base_wanted = false;  ///< the candidate was about to be pushed onto base
    bool base_pushed = false;  ///< that push was answered with "done"
    std::int64_t pull = 0;     ///< number of the pull request that was written, or 0

    struct Verdict {
        std::string outcome;
        int exit = 0;
        std::string reason, next;
        bool unpublished = false;  ///< the pull request that it wanted is not there as it should be
        std::chrono::system_clock::time_point time{};
        bool operator==(const Verdict&) const = default;
    };
    /// Taken back by a "resumed" after it, unless the run had landed and deploys. A deploy that failed is in it.
    std::optional<Verdict> verdict;

    enum class Deploy { none, begun, ended };
    Deploy deploy = Deploy::none;  ///< the one of `run --deploy` after landing
};
/// Errors (config): the journal of a newer lockstep, or one that does not begin like a journal.
[[nodiscard]] Result<RunHistory> fold_journal(const std::vector<JournalRecord>& records);

/// Whether a run that ended so may end better when it goes on.
[[nodiscard]] bool may_be_resumed(ExitCode exit);
/// Whether `lockstep resume` can bring a run further: it never got a verdict, or one that time may heal (interrupted,
/// infrastructure, credentials, base moved, pull request missing), or its deploy after landing did not end.
[[nodiscard]] bool is_resumable(const RunHistory& run);

/// One sentence: what the run waits for, since when, until when if that is known, and what happens then. `alive`:
/// its process still runs.
[[nodiscard]] std::string why_sentence(const RunHistory& run, bool alive, std::chrono::system_clock::time_point now);

}  // namespace lockstep
