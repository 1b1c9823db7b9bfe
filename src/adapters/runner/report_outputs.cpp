// SPDX-License-Identifier: MIT
// A run's report as step outputs and annotations.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/report_words.hpp"
#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::runner {

namespace {

constexpr std::size_t k_max_annotations = 8;       // GitHub shows ten of a kind for a step and drops the rest silently
constexpr std::size_t k_host_list_bytes = 30'000;  // one line, which act-family runners limit to 64 KiB

std::vector<std::string> broken_hosts(const RunReport& report) {
    std::vector<std::string> names;
    for (const auto& host : report.hosts)
        if (is_broken(host.state)) names.push_back(host.name);
    std::sort(names.begin(), names.end());
    return names;
}

/// A JSON array on one line. Names that do not fit are left out: failed_count tells how many there are.
std::string json_list(const std::vector<std::string>& names) {
    auto list = nlohmann::json::array();
    std::size_t size = 2;
    for (const auto& name : names) {
        nlohmann::json item = clean_line(name);
        size += item.dump(-1, ' ', true).size() + 1;
        if (size > k_host_list_bytes) break;
        list.push_back(std::move(item));
    }
    return list.dump(-1, ' ', true);
}

std::string about(const Cause& cause) {
    auto text = std::string(cause_phrase(cause.cls));
    if (!cause.first_error.empty()) text += ": " + clean_line(cause.first_error, 300);
    auto hosts = cause.hosts;
    constexpr std::size_t k_shown = 12;
    const auto more = hosts.size() > k_shown ? hosts.size() - k_shown : 0;
    hosts.resize(hosts.size() - more);
    text +=
        fmt::format(" ({}{})", clean_line(join(hosts, ", "), 600), more > 0 ? fmt::format(" and {} more", more) : "");
    return text;
}

std::string annotation(const RunReport& report, const Cause& cause) {
    const auto title = blast_radius(cause, tally_of(report.hosts));
    return command(is_infrastructure(cause.cls) ? "warning" : "error", {{"file", "flake.lock"}, {"title", title}},
                   about(cause));
}

/// Hosts that need a look although no root cause names them: vanished, unsupported and the like.
std::vector<std::string> without_cause(const RunReport& report) {
    std::vector<std::string> lines;
    for (const auto& host : report.hosts) {
        const bool looked_at = is_broken(host.state) || host.state == HostState::unsupported;
        if (!looked_at || !host.cause.empty()) continue;
        const auto title = fmt::format("{}: {}", clean_line(host.name, 100), state_phrase(host.state));
        const bool error = is_broken(host.state) && host.required;
        lines.push_back(command(error ? "error" : "warning", {{"file", "flake.lock"}, {"title", title}},
                                host.detail.empty() ? title : host.detail));
    }
    return lines;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> output_values(const RunReport& report, std::string_view report_path) {
    const auto broken = broken_hosts(report);
    const auto slash = report_path.rfind('/');
    return {
        {"result", std::string(outcome_word(report.ending.outcome))},
        {"exit_code", fmt::format("{}", static_cast<int>(report.ending.exit))},
        {"base_before", report.repo.base_before},
        {"base_after", report.repo.base_after},
        {"branch", report.repo.branch},
        {"commit", report.repo.candidate_commit},
        {"pull_request", report.pull ? fmt::format("{}", report.pull->number) : ""},
        {"pull_request_url", report.pull ? report.pull->url : ""},
        {"changed", report.inputs.empty() ? "false" : "true"},
        {"failed_hosts", json_list(broken)},
        {"failed_count", fmt::format("{}", broken.size())},
        {"report", std::string(report_path)},
        {"run_dir", std::string(slash == std::string_view::npos ? "" : report_path.substr(0, slash))},
    };
}

std::vector<std::string> annotations(const RunReport& report) {
    std::vector<std::string> lines;
    for (const auto& alarm : report.alarms)
        lines.push_back(
            command(alarm.stops ? "error" : "warning",
                    {{"file", "flake.lock"},
                     {"title", "lock alarm " + clean_line(alarm.code, 60) + ": " + clean_line(alarm.input, 100)}},
                    clean_line(alarm.detail, 700)));
    for (const auto* cause : causes_by_weight(report)) lines.push_back(annotation(report, *cause));
    for (auto& line : without_cause(report)) lines.push_back(std::move(line));
    std::stable_partition(lines.begin(), lines.end(),
                          [](const std::string& line) { return line.starts_with("::error"); });
    if (lines.empty() && report.ending.outcome == Outcome::stopped)
        lines.push_back(command("error", {{"title", "lockstep stopped"}}, report.ending.reason));
    if (lines.size() > k_max_annotations) {
        const auto more = lines.size() - (k_max_annotations - 1);
        lines.resize(k_max_annotations - 1);
        lines.push_back(command("notice", {{"title", "lockstep"}},
                                fmt::format("{} more problems: see the summary and the report of the run", more)));
    }
    return lines;
}

}  // namespace lockstep::runner
