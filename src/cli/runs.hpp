// SPDX-License-Identifier: MIT
// Earlier runs of a repository, as their directories tell of them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/journal.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::cli {

struct FoundRun {
    std::filesystem::path directory;
    JournalReading journal;
    RunHistory history;  ///< of the readable part
    bool alive = false;  ///< its process holds the journal
};

/// Errors: config when there is no journal, or it is none that we can read.
[[nodiscard]] Result<FoundRun> read_run(const std::filesystem::path& directory);

/// Names of the directories of runs below `runs`, newest first.
[[nodiscard]] std::vector<std::string> run_ids(const std::filesystem::path& runs);

/// The runs below `runs`, newest first. Directories without a readable journal are left out.
[[nodiscard]] std::vector<FoundRun> list_runs(const std::filesystem::path& runs);

/// The run that is meant: a run id or the beginning of one (at least four characters), the path of a run's directory,
/// or nothing: the newest. Errors (usage): none, or several.
[[nodiscard]] Result<FoundRun> find_run(const std::filesystem::path& runs, const std::string& wish);

/// A file of a run's directory that holds a report.
[[nodiscard]] Result<RunReport> read_report(const FoundRun& run, const std::string& name);
/// proof.json, when it is what the journal says it is.
[[nodiscard]] std::optional<RunReport> read_proof(const FoundRun& run);

}  // namespace lockstep::cli
