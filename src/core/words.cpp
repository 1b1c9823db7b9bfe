// SPDX-License-Identifier: MIT
// The words and sentences of a report: what it is called in JSON, and how a person hears it.
#include <algorithm>

#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

int severity(HostState state) {
    if (is_broken(state)) return 0;
    if (state == HostState::unsupported) return 1;
    if (is_unknown(state)) return 2;
    return 3;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "YYYY-MM-DD" by shape.
bool is_day(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (i == 4 || i == 7 ? text[i] != '-' : !is_digit(text[i])) return false;
    return text.size() == 10;
}

}  // namespace

std::string_view stage_word(StageState state) {
    switch (state) {
        case StageState::done:
            return "done";
        case StageState::failed:
            return "failed";
        case StageState::skipped:
            return "skipped";
        case StageState::interrupted:
            return "interrupted";
    }
    LOCKSTEP_CHECK(false);
}

std::string_view outcome_word(Outcome outcome) {
    switch (outcome) {
        case Outcome::landed:
            return "landed";
        case Outcome::unchanged:
            return "unchanged";
        case Outcome::would_land:
            return "would_land";
        case Outcome::would_propose:
            return "would_propose";
        case Outcome::proposed:
            return "proposed";
        case Outcome::proposed_green:
            return "proposed_green";
        case Outcome::proved:
            return "proved";
        case Outcome::hosts_failed:
            return "hosts_failed";
        case Outcome::alarm:
            return "alarm";
        case Outcome::deployed:
            return "deployed";
        case Outcome::would_deploy:
            return "would_deploy";
        case Outcome::deploy_failed:
            return "deploy_failed";
        case Outcome::stopped:
            return "stopped";
    }
    LOCKSTEP_CHECK(false);
}

Outcome outcome_from_word(std::string_view word) {
    for (int i = 0; i <= static_cast<int>(Outcome::stopped); ++i)
        if (outcome_word(static_cast<Outcome>(i)) == word) return static_cast<Outcome>(i);
    return Outcome::stopped;
}

std::string_view target_kind_word(TargetKind kind) {
    switch (kind) {
        case TargetKind::nixos:
            return "nixos";
        case TargetKind::darwin:
            return "darwin";
        case TargetKind::home:
            return "home";
        case TargetKind::package:
            return "package";
        case TargetKind::check:
            return "check";
        case TargetKind::dev_shell:
            return "dev_shell";
    }
    LOCKSTEP_CHECK(false);
}

Tally tally_of(const std::vector<HostResult>& hosts) {
    Tally tally;
    for (const auto& host : hosts) {
        if (host.state == HostState::skipped) continue;
        ++tally.total;
        if (is_proved(host.state)) ++tally.proved;
        if (host.state == HostState::unchanged) ++tally.unchanged;
        if (host.state == HostState::evaluated) ++tally.evaluated;
        if (severity(host.state) == 3) continue;
        if (!host.required)
            ++tally.optional_trouble;
        else if (is_broken(host.state))
            ++tally.broken;
        else if (is_unknown(host.state))
            ++tally.unknown;
        else
            ++tally.unsupported;
    }
    return tally;
}

std::string headline(const Tally& tally) {
    if (tally.total == 0) return "no hosts";
    const auto of_all = fmt::format("of {}", plural(tally.total, "host"));
    std::vector<std::string> parts;
    if (tally.broken > 0) parts.push_back(fmt::format("{} fail{}", tally.broken, tally.broken == 1 ? "s" : ""));
    if (tally.unsupported > 0) parts.push_back(fmt::format("{} cannot be built here", tally.unsupported));
    if (tally.unknown > 0) parts.push_back(fmt::format("{} unknown", tally.unknown));
    if (!parts.empty()) {
        auto& first = parts.front();
        const auto space = first.find(' ');
        first = fmt::format("{} {}{}", first.substr(0, space), of_all, first.substr(space));
        return join(parts, ", ");
    }
    const auto all = tally.total == 1 ? "the one host is" : fmt::format("all {} hosts are", tally.total);
    if (tally.unchanged == tally.total) return all + " unchanged";
    auto text = tally.proved == tally.total ? all + " proved" : fmt::format("{} {} proved", tally.proved, of_all);
    if (tally.unchanged > 0) text += fmt::format(", {} unchanged", tally.unchanged);
    if (tally.evaluated > 0) text += fmt::format(", {} evaluated only", tally.evaluated);
    if (tally.optional_trouble > 0) text += fmt::format(", {} not required and not proved", tally.optional_trouble);
    return text;
}

bool canary_said_no(const RunReport& report) {
    const auto outcome = report.ending.outcome;
    const bool tried = std::any_of(report.stages.begin(), report.stages.end(),
                                   [](const StageRecord& stage) { return stage.name == "canary"; });
    return tried && (outcome == Outcome::proposed || outcome == Outcome::hosts_failed) && !any_stops(report.alarms) &&
           tally_of(report.hosts).broken == 0;
}

std::string headline(const RunReport& report) {
    return (canary_said_no(report) ? "a canary is not well; " : "") + headline(tally_of(report.hosts));
}

std::string verdict_phrase(const RunReport& report) {
    switch (report.ending.outcome) {
        case Outcome::landed:
            return "landed";
        case Outcome::unchanged:
            return "nothing to update";
        case Outcome::would_land:
            return "would land";
        case Outcome::would_propose:
            return "would open a pull request";
        case Outcome::proposed:
        case Outcome::proposed_green:
            return report.pull && report.pull->action == "updated" ? "pull request updated" : "pull request opened";
        case Outcome::proved:
            return "proved";
        case Outcome::hosts_failed:
            return "hosts failed";
        case Outcome::alarm:
            if (!report.pull) return "alarm";
            return report.pull->action == "updated" ? "alarm: pull request updated" : "alarm: pull request opened";
        case Outcome::deployed:
            return "deployed";
        case Outcome::would_deploy:
            return "would deploy";
        case Outcome::deploy_failed:
            return fmt::format("deploy failed ({})", exit_code_word(report.ending.exit));
        case Outcome::stopped:
            return fmt::format("stopped ({})", exit_code_word(report.ending.exit));
    }
    LOCKSTEP_CHECK(false);
}

std::string blast_radius(const Cause& cause, const Tally& tally) {
    if (cause.drv.empty() && cause.hosts.size() <= 1) return cause.name + " does not evaluate";
    return fmt::format("{} breaks {} of {}", cause.name, cause.hosts.size(), plural(tally.total, "host"));
}

std::vector<const Cause*> causes_by_weight(const RunReport& report) {
    std::vector<const Cause*> causes;
    causes.reserve(report.causes.size());
    for (const auto& cause : report.causes) causes.push_back(&cause);
    std::stable_sort(causes.begin(), causes.end(), [](const Cause* a, const Cause* b) {
        if (is_infrastructure(a->cls) != is_infrastructure(b->cls)) return is_infrastructure(b->cls);
        return a->hosts.size() > b->hosts.size();
    });
    return causes;
}

std::vector<const HostResult*> hosts_to_look_at(const RunReport& report) {
    std::vector<const HostResult*> hosts;
    for (const auto& host : report.hosts)
        if (severity(host.state) < 3) hosts.push_back(&host);
    std::stable_sort(hosts.begin(), hosts.end(), [](const HostResult* a, const HostResult* b) {
        return severity(a->state) != severity(b->state) ? severity(a->state) < severity(b->state) : a->name < b->name;
    });
    return hosts;
}

std::string host_story(const RunReport& report, const HostResult& host) {
    // The chain begins with the host's own derivation, which says nothing that its row does not say.
    if (host.chain.size() > 1) {
        const std::vector<std::string> steps(host.chain.begin() + 1, host.chain.end());
        if (steps.size() <= 4) return join(steps, " ← ");
        return fmt::format("{} ← … ← {} ← {}", steps.front(), steps[steps.size() - 2], steps.back());
    }
    if (!host.detail.empty()) return host.detail;
    const auto cause = std::find_if(report.causes.begin(), report.causes.end(),
                                    [&](const Cause& each) { return each.id == host.cause; });
    if (cause == report.causes.end()) return join(host.chain, " ← ");
    return cause->drv.empty() || cause->hosts.size() <= 1 ? cause->first_error : cause->name;
}

std::string update_day(const RunReport& report) {
    const std::string_view branch = report.repo.branch;
    for (std::size_t at = 0; at + 10 <= branch.size(); ++at)
        if (is_day(branch.substr(at, 10))) return std::string(branch.substr(at, 10));
    return format_utc(report.run.started).substr(0, 10);
}

bool is_good(Outcome outcome) {
    switch (outcome) {
        case Outcome::landed:
        case Outcome::unchanged:
        case Outcome::would_land:
        case Outcome::proposed_green:
        case Outcome::proved:
        case Outcome::deployed:
        case Outcome::would_deploy:
            return true;
        case Outcome::deploy_failed:
        case Outcome::would_propose:
        case Outcome::proposed:
        case Outcome::hosts_failed:
        case Outcome::alarm:
        case Outcome::stopped:
            return false;
    }
    LOCKSTEP_CHECK(false);
}

}  // namespace lockstep
