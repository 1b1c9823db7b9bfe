// SPDX-License-Identifier: MIT
// What the lines of a journal add up to.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_members.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/journal.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

/// Seconds since the epoch, within what system_clock can hold.
std::chrono::system_clock::time_point moment_of(const Json& data, const char* key) {
    constexpr std::int64_t k_last = 9'223'372'035;  // in the year 2262
    return std::chrono::system_clock::time_point(
        std::chrono::seconds(std::clamp<std::int64_t>(number_of(data, key), 0, k_last)));
}

void settings(RunHistory& run, const Json& data) {
    run.command = text_of(data, "command");
    run.directory = text_of(data, "directory");
    run.host = text_of(data, "host");
    run.pid = number_of(data, "pid");
    run.dry_run = number_of(data, "dry_run") != 0;
    run.now = moment_of(data, "now");
    if (const auto args = data.find("args"); args != data.end() && args->is_array())
        for (const auto& word : *args)
            if (word.is_string()) run.args.push_back(word.get<std::string>());
}

void resumed(RunHistory& run, const Json& data) {
    ++run.resumed;
    if (run.deploy == RunHistory::Deploy::none) run.verdict.reset();
    run.host = text_of(data, "host");
    run.pid = number_of(data, "pid");
}

void fact(RunHistory& run, const JournalRecord& record, const Json& data) {
    const auto& step = record.step;
    if (step == "settings") settings(run, data);
    if (step == "resumed") resumed(run, data);
    if (step.rfind("stage-", 0) == 0) {
        run.stage = step.substr(6);
        run.stage_since = record.time;
    }
    if (step == "base") {
        run.base_commit = text_of(data, "commit");
        run.flake = text_of(data, "flake");
        if (auto name = text_of(data, "branch"); !name.empty()) run.base = std::move(name);
        if (auto remote = text_of(data, "remote"); !remote.empty()) run.remote = std::move(remote);
    }
    if (step == "commit") {
        run.candidate = text_of(data, "commit");
        run.candidate_tree = text_of(data, "tree");
        run.branch = text_of(data, "branch");
        run.decided = run.base_wanted = run.base_pushed = false;
        run.action.clear();
        run.proof_commit.clear();
        run.hosts_done = run.hosts_found = 0;
    }
    if (step == "hosts") run.hosts_found = static_cast<int>(number_of(data, "count"));
    if (step == "host") ++run.hosts_done;
    if (step == "proof") {
        run.proof_commit = text_of(data, "commit");
        run.proof_crc = static_cast<std::uint32_t>(number_of(data, "crc"));
    }
    if (step == "decided") {
        run.decided = true;
        run.action = text_of(data, "action");
    }
    if (step == "deploy-proof" && run.command == "run" && run.verdict) run.deploy = RunHistory::Deploy::begun;
}

RunHistory::Verdict verdict_of(const JournalRecord& record, const Json& data) {
    return {text_of(data, "outcome"), static_cast<int>(number_of(data, "exit")), text_of(data, "reason"),
            text_of(data, "next"),    number_of(data, "unpublished") != 0,       record.time};
}

/// The run has landed, and ends like its deploy.
void deployed(RunHistory& run, const JournalRecord& record, const Json& data) {
    run.deploy = RunHistory::Deploy::ended;
    if (!run.verdict) return;
    auto deploy = verdict_of(record, data);
    auto& verdict = *run.verdict;
    const auto reason = verdict.reason + "; " + deploy.reason;
    if (deploy.exit != static_cast<int>(ExitCode::ok)) verdict = std::move(deploy);
    verdict.reason = reason;
    verdict.time = record.time;
}

void outcome(RunHistory& run, const JournalRecord& record, const Json& data) {
    const auto state = text_of(data, "state");
    if (state != "unknown") std::erase_if(run.open, [&](const auto& open) { return open.step == record.step; });
    if (record.step == "push-base" && state == "done") run.base_pushed = true;
    if (record.step == "pull") run.pull = number_of(data, "number");
    if (record.step == "verdict") run.verdict = verdict_of(record, data);
    if (record.step == "deploy" && run.command == "run") deployed(run, record, data);
}

}  // namespace

Result<RunHistory> fold_journal(const std::vector<JournalRecord>& records) {
    const auto no_journal = [](const std::string& why) {
        return Error{ErrorKind::config, "the journal of the run cannot be used", why,
                     "look into the run's directory; a new run is always safe"};
    };
    if (records.empty()) return no_journal("it has no readable line");
    RunHistory run;
    for (const auto& record : records) {
        const auto data = Json::parse(record.data_json, nullptr, false);
        if (!data.is_object()) return no_journal(fmt::format("line {} holds no object", record.seq + 1));
        if (record.seq == 0) {
            if (record.step != "journal") return no_journal("it does not begin like a journal");
            run.version = static_cast<int>(number_of(data, "version"));
            run.run_id = text_of(data, "run");
            run.started = record.time;
            if (run.version > k_journal_version)
                return Error{ErrorKind::config, "the run was made by a newer lockstep",
                             fmt::format("its journal has version {}, this lockstep reads up to {}", run.version,
                                         k_journal_version),
                             "resume it with the lockstep that started it, or newer"};
            if (run.version < 1) return no_journal("it names no version");
        }
        run.last = record.time;
        if (record.kind == "fact") fact(run, record, data);
        if (record.kind == "outcome") outcome(run, record, data);
        if (record.kind == "intent") {
            std::erase_if(run.open, [&](const auto& open) { return open.step == record.step; });
            run.open.push_back({record.step, record.data_json, record.time});
            if (record.step == "push-base") run.base_wanted = true;
        }
    }
    return run;
}

bool may_be_resumed(ExitCode exit) {
    switch (exit) {
        case ExitCode::interrupted:
        case ExitCode::terminated:
        case ExitCode::infrastructure:
        case ExitCode::credentials:
        case ExitCode::base_moved:
        case ExitCode::hosts_failed_no_pr:
        case ExitCode::locked:
            return true;
        default:
            return false;
    }
}

bool is_resumable(const RunHistory& run) {
    if (run.command != "run" || run.dry_run) return false;
    if (!run.verdict || run.deploy == RunHistory::Deploy::begun) return true;
    const auto exit = static_cast<ExitCode>(run.verdict->exit);
    const bool untold = exit == ExitCode::alarm && run.verdict->unpublished;  // alarms are told by a pull request
    return run.deploy == RunHistory::Deploy::none && (untold || may_be_resumed(exit));
}

}  // namespace lockstep
