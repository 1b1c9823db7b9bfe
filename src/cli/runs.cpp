// SPDX-License-Identifier: MIT
// Reading the directories of runs; nothing is changed here.
#include "cli/runs.hpp"

#include <algorithm>

#include "edges/disk_files.hpp"
#include "edges/state_paths.hpp"
#include "lockstep/core/crc32.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_longest_journal = 256U << 20U;

}  // namespace

std::vector<std::string> run_ids(const fs::path& runs) {
    std::vector<std::string> ids;
    std::error_code failed;
    for (fs::directory_iterator it(runs, failed), end; !failed && it != end; it.increment(failed))
        if (auto name = it->path().filename().string(); is_run_id(name)) ids.push_back(std::move(name));
    std::sort(ids.rbegin(), ids.rend());
    return ids;
}

Result<FoundRun> read_run(const fs::path& directory) {
    FoundRun run{.directory = directory};
    DiskFiles files;
    run.alive = run_is_alive(directory);
    auto text = files.read((directory / "journal.jsonl").string(), k_longest_journal);
    if (!text.ok())
        return Error{ErrorKind::config, "there is no run in " + directory.string(), text.error().why,
                     "`lockstep history` lists the runs of this repository"};
    run.journal = read_journal(text.value());
    LOCKSTEP_TRY(run.history, fold_journal(run.journal.records));
    return run;
}

std::vector<FoundRun> list_runs(const fs::path& runs) {
    std::vector<FoundRun> found;
    for (const auto& id : run_ids(runs))
        if (auto run = read_run(runs / id); run.ok()) found.push_back(std::move(run).value());
    return found;
}

Result<FoundRun> find_run(const fs::path& runs, const std::string& wish) {
    const Error none{ErrorKind::usage, "there is no run `" + clean_line(wish, 100) + "`", "looked in " + runs.string(),
                     "`lockstep history` lists the runs of this repository"};
    if (wish.find('/') != std::string::npos) return read_run(fs::absolute(wish).lexically_normal());
    std::vector<std::string> fitting;
    for (const auto& id : run_ids(runs))
        if (wish.empty() || id == wish || (wish.size() >= 4 && id.rfind(wish, 0) == 0)) fitting.push_back(id);
    if (wish.empty()) {
        // The newest that is a run or a deploy: `plan` and `build` leave directories too.
        for (const auto& id : fitting)
            if (auto run = read_run(runs / id);
                run.ok() && (run->history.command == "run" || run->history.command == "deploy"))
                return run;
        return Error{ErrorKind::usage, "this repository has had no run yet", "looked in " + runs.string(),
                     "start one with `lockstep run`, or name its directory"};
    }
    if (fitting.empty()) return none;
    if (fitting.size() > 1 && fitting.front() != wish)
        return Error{ErrorKind::usage, "`" + clean_line(wish, 100) + "` is the beginning of several runs",
                     fitting[0] + ", " + fitting[1], "write more of it"};
    return read_run(runs / fitting.front());
}

Result<RunReport> read_report(const FoundRun& run, const std::string& name) {
    DiskFiles files;
    auto text = files.read((run.directory / name).string(), k_longest_journal);
    if (!text.ok())
        return Error{ErrorKind::config, "the run has no " + name, text.error().why,
                     "`lockstep why " + run.history.run_id + "` tells how far it got"};
    return report_from_json(text.value());
}

std::optional<RunReport> read_proof(const FoundRun& run) {
    if (run.history.proof_commit.empty() || run.history.proof_commit != run.history.candidate) return std::nullopt;
    DiskFiles files;
    const auto text = files.read((run.directory / "proof.json").string(), k_longest_journal);
    if (!text.ok() || crc32(text.value()) != run.history.proof_crc) return std::nullopt;
    auto report = report_from_json(text.value());
    return report.ok() ? std::optional<RunReport>(std::move(report).value()) : std::nullopt;
}

}  // namespace lockstep::cli
