// SPDX-License-Identifier: MIT
// The short texts of a pull request: its title and the commit statuses.
#include "lockstep/core/pull_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_title_bytes = 200;        // GitHub allows 256 characters, Gitea cuts at 255
constexpr std::size_t k_description_bytes = 140;  // GitHub refuses more characters; bytes are never fewer
constexpr std::size_t k_context_bytes = 100;

std::string run_state(const RunReport& report) {
    if (is_good(report.ending.outcome)) return "success";
    return report.ending.outcome == Outcome::stopped ? "error" : "failure";
}

std::string run_description(const RunReport& report) {
    const auto tally = tally_of(report.hosts);
    if (report.ending.outcome == Outcome::unchanged) return "nothing to update";
    auto text = tally.total == 0 ? verdict_phrase(report) : headline(report);
    if (const auto alarm = alarm_headline(report.alarms); !alarm.empty()) text = alarm + "; " + text;
    if (report.ending.outcome == Outcome::stopped && !report.ending.reason.empty())
        text += ": " + report.ending.reason;
    else if (const auto causes = causes_by_weight(report); !causes.empty() && tally.broken > 0)
        text += ": " + blast_radius(*causes.front(), tally);
    return text;
}

/// Position of a host's cause by weight; hosts without one come last.
std::size_t rank(const std::vector<const Cause*>& causes, const HostResult& host) {
    for (std::size_t i = 0; i < causes.size(); ++i)
        if (causes[i]->id == host.cause) return i;
    return causes.size();
}

}  // namespace

std::string pull_title(const RunReport& report) {
    auto where = report.repo.flake.empty() ? std::string() : report.repo.flake + "/";
    const auto alarm = alarm_headline(report.alarms);
    return clean_line(fmt::format("{}flake.lock update {}: {}{}{}", where, update_day(report), alarm,
                                  alarm.empty() ? "" : "; ", headline(report)),
                      k_title_bytes);
}

std::vector<StatusText> status_texts(const RunReport& report, int max_hosts) {
    std::vector<StatusText> texts{
        {"lockstep", run_state(report), clean_line(run_description(report), k_description_bytes)}};
    const auto causes = causes_by_weight(report);
    std::vector<std::pair<std::size_t, const HostResult*>> ranked;
    for (const auto* host : hosts_to_look_at(report)) ranked.emplace_back(rank(causes, *host), host);
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
        if (is_broken(a.second->state) != is_broken(b.second->state)) return is_broken(a.second->state);
        return a.first < b.first;
    });
    const auto wanted = std::min(ranked.size(), static_cast<std::size_t>(std::max(0, max_hosts)));
    for (std::size_t i = 0; i < wanted; ++i) {
        const auto& host = *ranked[i].second;
        const auto story = host_story(report, host);
        const auto text = story.empty() ? std::string(state_phrase(host.state))
                                        : fmt::format("{}: {}", state_phrase(host.state), story);
        texts.push_back({clean_line("lockstep/" + clean_line(host.name), k_context_bytes),
                         is_broken(host.state) ? "failure" : "error", clean_line(text, k_description_bytes)});
    }
    return texts;
}

}  // namespace lockstep
