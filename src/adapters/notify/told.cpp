// SPDX-License-Identifier: MIT
// told.json: written, read back with types checked, and folded.
#include <chrono>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/json_members.hpp"
#include "lockstep/adapters/notify.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::notify {

namespace {

using Json = nlohmann::ordered_json;  // as it is written
using Read = nlohmann::json;

constexpr std::size_t k_most_bytes = 1U << 20U;
constexpr const char* k_schema = "lockstep-told/1.0";

std::int64_t seconds(TimePoint time) {
    return std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string line_in(const Read& object, const char* key) {
    return clean_line(text_of(object, key), 200);
}

int small_in(const Read& object, const char* key) {
    const auto number = number_of(object, key);
    return number < 0 || number > std::numeric_limits<int>::max() ? 0 : static_cast<int>(number);
}

Json verdict_value(const Verdict& verdict) {
    return {{"outcome", verdict.outcome}, {"exit_code", verdict.exit}};
}

Verdict verdict_in(const Read& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_object()) return {};
    return {line_in(*found, "outcome"), small_in(*found, "exit_code")};
}

Json value_of(const LastRun& run) {
    Json hosts = Json::object();
    for (const auto& [state, count] : run.hosts) hosts[state] = count;
    return {{"verdict", verdict_value(run.verdict)},
            {"finished", run.finished},
            {"success", run.success},
            {"landing", run.landing},
            {"duration_ms", run.duration_ms},
            {"hosts", std::move(hosts)},
            {"alarms_critical", run.alarms_critical},
            {"alarms_warn", run.alarms_warn}};
}

LastRun run_of(const Read& object) {
    LastRun run;
    run.verdict = verdict_in(object, "verdict");
    run.finished = number_of(object, "finished");
    run.success = number_of(object, "success");
    run.landing = number_of(object, "landing");
    run.duration_ms = number_of(object, "duration_ms");
    if (const auto hosts = object.find("hosts"); hosts != object.end() && hosts->is_object())
        for (const auto& [state, count] : hosts->items())
            run.hosts[clean_line(state, 60)] = small_in(*hosts, state.c_str());
    run.alarms_critical = small_in(object, "alarms_critical");
    run.alarms_warn = small_in(object, "alarms_warn");
    return run;
}

}  // namespace

bool is_success(const Verdict& verdict) {
    return verdict.exit == static_cast<int>(ExitCode::ok) || verdict.exit == static_cast<int>(ExitCode::nothing_to_do);
}

std::string told_subject(const RunReport& report) {
    auto subject = report.run.command;
    for (const auto* part : {&report.repo.base, &report.repo.flake})
        if (!part->empty()) subject += " " + *part;
    return clean_line(subject, 400);
}

Told with_run(Told told, const RunReport& report) {
    const Verdict verdict{std::string(outcome_word(report.ending.outcome)), static_cast<int>(report.ending.exit)};
    // Trouble that came before base was known concerns every base.
    const auto subject = told_subject(report), any = clean_line(report.run.command, 400);
    const auto id = news_id(report);
    for (const auto& name : {subject, any}) told.verdicts.try_emplace(name);
    for (auto& [name, known] : told.verdicts) {
        if (name != any && name != subject && !(subject == any && name.starts_with(any + " "))) continue;
        if (known.id != id) known.before = known.verdict;
        known.id = id;
        known.verdict = verdict;
    }
    auto& last = told.commands[report.run.command];
    last.verdict = verdict;
    last.finished = seconds(report.run.finished);
    last.duration_ms = report.run.duration.count();
    if (is_success(last.verdict)) last.success = last.finished;
    // What landed may still fail to be deployed, or be cut off then.
    const auto& repo = report.repo;
    const bool moved = !repo.candidate_commit.empty() && repo.base_after != repo.base_before &&
                       repo.base_after == repo.candidate_commit;
    if (report.ending.outcome == Outcome::landed || (report.run.command == "run" && moved))
        last.landing = last.finished;
    last.hosts.clear();
    for (const auto& host : report.hosts) ++last.hosts[std::string(state_word(host.state))];
    last.alarms_critical = last.alarms_warn = 0;
    for (const auto& alarm : report.alarms)
        ++(alarm.severity == AlarmSeverity::critical ? last.alarms_critical : last.alarms_warn);
    told.version = report.run.tool_version;
    if (!report.run.nix_version.empty()) told.nix_version = report.run.nix_version;
    return told;
}

std::string told_json(const Told& told) {
    Json commands = Json::object();
    for (const auto& [name, run] : told.commands) commands[name] = value_of(run);
    Json verdicts = Json::object();
    for (const auto& [subject, last] : told.verdicts)
        verdicts[subject] = {
            {"id", last.id}, {"verdict", verdict_value(last.verdict)}, {"before", verdict_value(last.before)}};
    const Json root{{"schema", k_schema},
                    {"version", told.version},
                    {"nix_version", told.nix_version},
                    {"commands", std::move(commands)},
                    {"verdicts", std::move(verdicts)}};
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Told read_told(std::string_view text) {
    if (text.size() > k_most_bytes || json_depth(text) > 8) return {};
    const auto root = Read::parse(text, nullptr, false);
    if (!root.is_object() || line_in(root, "schema") != k_schema) return {};
    Told told{line_in(root, "version"), line_in(root, "nix_version"), {}, {}};
    if (const auto commands = root.find("commands"); commands != root.end() && commands->is_object())
        for (const auto& [name, run] : commands->items())
            if (run.is_object()) told.commands[clean_line(name, 40)] = run_of(run);
    if (const auto verdicts = root.find("verdicts"); verdicts != root.end() && verdicts->is_object())
        for (const auto& [subject, last] : verdicts->items())
            if (last.is_object())
                told.verdicts[clean_line(subject, 400)] = {line_in(last, "id"), verdict_in(last, "verdict"),
                                                           verdict_in(last, "before")};
    return told;
}

}  // namespace lockstep::notify
