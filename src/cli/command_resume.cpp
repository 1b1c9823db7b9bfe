// SPDX-License-Identifier: MIT
// resume: going on with a run that was cut off.
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "cli/command_deploy.hpp"
#include "cli/command_notify.hpp"
#include "cli/commands.hpp"
#include "cli/deploy_canary.hpp"
#include "cli/deploy_request.hpp"
#include "cli/outputs.hpp"
#include "cli/run_hooks.hpp"
#include "cli/runs.hpp"
#include "cli/wanted_run.hpp"
#include "cli/wiring.hpp"
#include "edges/state_paths.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr auto k_look_again = std::chrono::milliseconds(200);

/// A later run that came to an end for the same flake on the same base: its update is newer than ours.
std::optional<RunHistory> superseded_by(const RunHistory& ours, const fs::path& runs) {
    using Deploy = RunHistory::Deploy;
    // A deploy is of no base branch, and not every run came to know its own.
    if (ours.command != "run" || ours.base.empty()) return std::nullopt;
    for (const auto& later : list_runs(runs)) {
        const auto& history = later.history;
        if (history.run_id <= ours.run_id) return std::nullopt;
        const bool same =
            history.command == "run" && !history.dry_run && history.base == ours.base && history.flake == ours.flake;
        const bool over = history.verdict && (history.deploy != Deploy::none || !is_resumable(history));
        // What ours has landed is not on hosts because a later run found nothing to do.
        if (same && over && (ours.deploy == Deploy::none || history.base_pushed)) return history;
    }
    return std::nullopt;
}

/// Ends as the later run did.
int tell_superseded(const RunHistory& ours, const RunHistory& later) {
    const bool deploys = later.deploy == RunHistory::Deploy::begun;
    const auto exit = deploys ? ExitCode::approval_missing : static_cast<ExitCode>(later.verdict->exit);
    const bool good = exit == ExitCode::ok || exit == ExitCode::nothing_to_do;
    const auto how =
        deploys ? fmt::format("has landed; `lockstep resume {}` goes on with its deploy", later.run_id)
        : good  ? std::string("is done")
                : fmt::format("ended with `{}` (exit {})", clean_line(later.verdict->outcome, 40), later.verdict->exit);
    std::cerr << fmt::format("lockstep: nothing to resume: run {} came after {} and {}\n", later.run_id, ours.run_id,
                             how);
    return static_cast<int>(good ? ExitCode::ok : exit);
}

/// A journal that contradicts itself is not acted on: it is set aside, and what it said up to there is told.
int tell_damaged(const FoundRun& run) {
    std::error_code failed;
    const auto aside = run.directory / k_damaged_journal;
    fs::rename(run.directory / "journal.jsonl", aside, failed);
    const auto& past = run.history;
    std::string known = past.candidate.empty() ? "it made no commit before that line"
                                               : fmt::format("its candidate is {} on {} at {}", past.candidate,
                                                             clean_line(past.base, 100), past.base_commit);
    if (past.base_wanted)
        known += fmt::format("; it was about to move {}: look whether {} holds that commit", clean_line(past.base, 100),
                             clean_line(past.base, 100));
    return tell_error({ErrorKind::infrastructure,
                       fmt::format("the journal of run {} is damaged at line {}; how the run stands is unknown",
                                   past.run_id, run.journal.damaged_line),
                       (failed ? "it was left where it is" : "it was set aside as " + aside.string()) + "; " + known,
                       "nothing was changed; start a new run: it reads the remote and goes on from there"});
}

void show(const Options& options, const Environment& environment, const RunReport& report, const std::string& path) {
    const SystemClock clock;
    ConsoleOptions wish{.plain = true};
    wish.runner = runner::detect([&](const char* name) { return environment.get(name); }).kind;
    Console console(wish, clock);
    console.stop();
    if (!options.quiet) console.foreign(report_text(report, false));
    console.foreign(last_line(report, path) + "\n");
}

/// What proof and journal know of a run that came to its end, without the report that it may have written.
RunReport report_without_file(const FoundRun& run) {
    const auto& past = run.history;
    RunReport rest = read_proof(run).value_or(RunReport{});
    rest.run.id = past.run_id;
    rest.run.command = past.command;
    rest.run.started = past.started;
    rest.run.finished = past.verdict->time;
    rest.run.duration = std::chrono::duration_cast<Millis>(past.verdict->time - past.started);
    rest.repo.base = past.base;
    rest.repo.candidate_commit = past.candidate;
    rest.repo.base_before = past.base_commit;
    rest.repo.base_after = past.base_pushed ? past.candidate : past.base_commit;
    rest.ending = {outcome_from_word(past.verdict->outcome), static_cast<ExitCode>(past.verdict->exit),
                   past.verdict->reason, past.verdict->next};
    return rest;
}

/// It landed, and the deploy after that was begun and did not come to its end.
bool deploy_is_open(const FoundRun& run) {
    return run.history.verdict && run.history.deploy == RunHistory::Deploy::begun;
}

bool is_over(const FoundRun& run) {
    return run.history.verdict && !is_resumable(run.history);
}

Result<Options> options_of(const RunHistory& past, const Options& now) {
    auto options = parse_options(past.args);
    if (!options.ok()) {
        auto error = std::move(options).error();
        error.what = "the command line of run " + past.run_id + " is not understood any more: " + error.what;
        return error;
    }
    options->json = now.json;
    options->quiet = now.quiet;
    options->plain = now.plain;
    options->color = now.color;
    options->wait = now.wait;
    return options;
}

/// A run that is over gets the files that it may lack, and ends as it ended.
int tell_over(const Options& options, const Environment& environment, const FoundRun& run) {
    const auto& past = run.history;
    auto report = read_report(run, "report.json");
    // What was written at a signal, or by an earlier process, may be all that is there.
    const bool stale = report.ok() && (outcome_word(report->ending.outcome) != past.verdict->outcome ||
                                       static_cast<int>(report->ending.exit) != past.verdict->exit);
    if (!report.ok() || stale) {
        const auto rest = report_without_file(run);
        const SystemClock clock;
        if (auto store = DirRunStore::reopen(run.directory, past.run_id, run.journal.records.size(), clock); store.ok())
            (void)write_reports(**store, rest);
        report = rest;
    }
    if (const auto was = options_of(past, options); was.ok())
        tell_once_more(was.value(), environment, run, report.value());
    show(options, environment, report.value(), (run.directory / "report.json").string());
    if (options.json) tell_result(report_json(report.value()));
    return static_cast<int>(report->ending.exit);
}

}  // namespace

int command_resume(const Options& options, Environment environment) {
    auto run = wanted_run(options, environment);
    if (!run.ok()) return tell_error(run.error());
    if (options.wait) {
        while (run_is_alive(run->directory)) std::this_thread::sleep_for(k_look_again);
        run = read_run(run->directory);
        if (!run.ok()) return tell_error(run.error());
        if (is_over(run.value())) return 0;
    }
    const auto& past = run->history;
    if (run->alive)
        return tell_error({ErrorKind::locked, "run " + past.run_id + " is still under way",
                           fmt::format("process {} on {}", past.pid, clean_line(past.host, 100)),
                           "wait for it to end, or stop it; `lockstep why` tells what it waits for"});
    if (run->journal.damaged_line != 0) return tell_damaged(run.value());
    if (past.command != "run" && past.command != "deploy")
        return tell_error({ErrorKind::usage, "only a `run` or a `deploy` can be resumed",
                           "this was `lockstep " + past.command + "`",
                           "start it again: what was built is in the store"});
    if (is_over(run.value())) return tell_over(options, environment, run.value());
    if (past.dry_run) return tell_error({ErrorKind::usage, "a dry run has nothing to resume", "", "start it again"});
    if (const auto later = superseded_by(past, run->directory.parent_path())) return tell_superseded(past, *later);
    std::error_code failed;
    fs::current_path(past.directory, failed);
    if (failed)
        return tell_error({ErrorKind::config, "the directory of run " + past.run_id + " is gone: " + past.directory,
                           failed.message(), "start a new run"});
    const auto was = options_of(past, options);
    if (!was.ok()) return tell_error(was.error());
    Machine machine(was.value(), std::move(environment));
    if (const auto opened = machine.reopen(run->directory, past, run->journal.records.size()); !opened.ok())
        return tell_error(opened.error());
    if (past.command == "deploy") {
        const auto named = deploy_proof(run->journal.records);
        const auto proof = proved_run(machine.runs(), named.empty() ? was->from : named);
        if (!proof.ok()) return tell_error(proof.error());
        return finish_resumed(was.value(), machine,
                              [&] { return deploy_with(was.value(), machine, proof.value(), &run.value()); });
    }
    if (deploy_is_open(run.value()))
        return finish_resumed(was.value(), machine, [&] {
            return deploy_landed(was.value(), machine, report_without_file(run.value()), &run.value());
        });
    Resumption resumption{past, read_proof(run.value())};
    auto ports = machine.ports();
    add_canary(ports, was.value(), machine, &run.value());
    return finish_resumed(was.value(), machine,
                          [&] { return resume_update(machine.settings("run"), ports, resumption); });
}

}  // namespace lockstep::cli
