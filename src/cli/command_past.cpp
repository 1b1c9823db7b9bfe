// SPDX-License-Identifier: MIT
// status, why, history, report: reading what runs left behind.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/commands.hpp"
#include "cli/runs.hpp"
#include "cli/wanted_run.hpp"
#include "cli/wiring.hpp"
#include "edges/disk_files.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/core/host_history.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::cli {

namespace {

using Json = nlohmann::ordered_json;

/// A run that landed and did not end its deploy has not come to its end.
bool is_cut_off(const RunHistory& past) {
    return !past.verdict || past.deploy == RunHistory::Deploy::begun;
}

std::string state_of(const FoundRun& run) {
    if (run.alive) return "running";
    if (is_cut_off(run.history)) return "cut off";
    return run.history.verdict->outcome;
}

Millis time_taken(const FoundRun& run, std::chrono::system_clock::time_point now) {
    const auto& past = run.history;
    const auto end = run.alive ? now : is_cut_off(past) ? past.last : past.verdict->time;
    return std::chrono::duration_cast<Millis>(std::max(end - past.started, decltype(end - past.started)::zero()));
}

Json as_json(const FoundRun& run, std::chrono::system_clock::time_point now) {
    const auto& past = run.history;
    Json json{{"run", past.run_id},
              {"command", past.command},
              {"state", state_of(run)},
              {"started", format_utc(past.started)},
              {"duration_s", static_cast<double>(time_taken(run, now).count()) / 1000.0},
              {"stage", past.stage},
              {"base", past.base},
              {"base_commit", past.base_commit},
              {"candidate", past.candidate},
              {"hosts_found", past.hosts_found},
              {"hosts_done", past.hosts_done},
              {"resumable", !run.alive && is_resumable(past)},
              {"resumed", past.resumed},
              {"directory", run.directory.string()}};
    if (!is_cut_off(past)) {
        json["exit_code"] = past.verdict->exit;
        json["reason"] = past.verdict->reason;
    }
    if (past.pull != 0) json["pull_request"] = past.pull;
    return json;
}

std::string printed(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string status_text(const FoundRun& run, std::chrono::system_clock::time_point now) {
    const auto& past = run.history;
    std::string text = fmt::format("run {} · {} · {}\n", past.run_id, state_of(run), clean_line(past.command, 40));
    const auto row = [&](const char* label, const std::string& value) {
        if (!value.empty()) text += fmt::format("  {:<10} {}\n", label, clean_line(value, 400));
    };
    row("started",
        format_utc(past.started) + ", " + human_duration(time_taken(run, now)) + (run.alive ? " so far" : ""));
    if (!past.base.empty()) row("base", past.base + " at " + std::string(short_id(past.base_commit)));
    if (!past.candidate.empty()) row("candidate", std::string(short_id(past.candidate)) + " on " + past.branch);
    if (past.hosts_found > 0) row("hosts", fmt::format("{} of {} done", past.hosts_done, past.hosts_found));
    if (past.pull != 0) row("pull", fmt::format("#{}", past.pull));
    if (!is_cut_off(past))
        row("ended", fmt::format("{} (exit {}): {}", past.verdict->outcome, past.verdict->exit, past.verdict->reason));
    if (run.journal.damaged_line != 0) row("journal", fmt::format("damaged at line {}", run.journal.damaged_line));
    row("directory", run.directory.string());
    text += why_sentence(past, run.alive, now) + "\n";
    return text;
}

std::string history_text(const std::vector<FoundRun>& runs, std::chrono::system_clock::time_point now) {
    std::string text;
    for (const auto& run : runs) {
        const auto& past = run.history;
        std::string result = state_of(run);
        if (!is_cut_off(past)) result += fmt::format(" ({})", past.verdict->exit);
        std::string moved;
        if (past.base_pushed) moved = fmt::format("{} → {}", short_id(past.base_commit), short_id(past.candidate));
        if (past.pull != 0) moved = fmt::format("pull request #{}", past.pull);
        text += fmt::format("{}  {:<8}  {:<20}  {:>10}  {}\n", past.run_id, clean_line(past.command, 8),
                            clean_line(result, 40), human_duration(time_taken(run, now)), moved);
    }
    return text.empty() ? "no runs yet\n" : text;
}

/// What deploys did to one host.
int tell_host(const Options& options, const std::vector<FoundRun>& runs, const std::string& host) {
    constexpr std::uint64_t k_longest_status = 64U << 20U;
    DiskFiles files;
    std::vector<HostDeploy> deploys;
    for (const auto& run : runs)
        if (const auto status = files.read((run.directory / "deployment-status.json").string(), k_longest_status);
            status.ok())
            for (auto& deploy : host_deploys(status.value(), host)) deploys.push_back(std::move(deploy));
    if (deploys.empty() && !options.json)
        return tell_error({ErrorKind::usage, "no deploy had a host \"" + clean_line(host, 100) + "\"",
                           "as far as runs of this repository are kept (`report.keep_runs`)",
                           "`lockstep fleet info` lists the hosts"});
    tell_result(options.json ? host_history_json(host, deploys) : host_history_text(deploys));
    return 0;
}

int tell_history(const Options& options, const Environment& environment, std::chrono::system_clock::time_point now) {
    Machine machine(options, environment);
    if (const auto opened = machine.open_reading(); !opened.ok()) return tell_error(opened.error());
    const auto found = list_runs(machine.runs());
    if (!options.operands.empty()) return tell_host(options, found, options.operands.front());
    if (!options.json) {
        tell_result(history_text(found, now));
        return 0;
    }
    Json list = Json::array();
    for (const auto& run : found) list.push_back(as_json(run, now));
    tell_result(printed(list));
    return 0;
}

int tell_report(const Options& options, const FoundRun& run) {
    const auto report = read_report(run, "report.json");
    if (!report.ok()) return tell_error(report.error());
    tell_result(options.json       ? report_json(report.value())
                : options.markdown ? report_markdown(report.value())
                                   : report_text(report.value(), false));
    return 0;
}

}  // namespace

int command_past(const Options& options, const Environment& environment) {
    const auto now = SystemClock().now();
    if (options.command == "history") return tell_history(options, environment, now);
    const auto run = wanted_run(options, environment);
    if (!run.ok()) return tell_error(run.error());
    if (options.command == "report") return tell_report(options, run.value());
    if (options.command == "why")
        tell_result(why_sentence(run->history, run->alive, now) + "\n");
    else
        tell_result(options.json ? printed(as_json(run.value(), now)) : status_text(run.value(), now));
    return 0;
}

}  // namespace lockstep::cli
