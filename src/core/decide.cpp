// SPDX-License-Identifier: MIT
// The one place that decides between landing, proposing and stopping.
#include "lockstep/core/decide.hpp"

#include <algorithm>

#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Predicate = bool (*)(HostState);

bool is_unsupported(HostState state) {
    return state == HostState::unsupported;
}
bool is_interrupted(HostState state) {
    return state == HostState::interrupted;
}
bool is_evidence(HostState state) {
    return is_proved(state) || state == HostState::evaluated;
}

std::vector<const HostResult*> required_hosts(const std::vector<HostResult>& hosts) {
    std::vector<const HostResult*> required;
    for (const auto& host : hosts)
        if (host.required) required.push_back(&host);
    return required;
}

bool any(const std::vector<const HostResult*>& hosts, Predicate predicate) {
    return std::any_of(hosts.begin(), hosts.end(), [&](const auto* host) { return predicate(host->state); });
}

/// One reason per host to which the predicate applies.
std::vector<Reason> reasons_for(const std::vector<const HostResult*>& hosts, Predicate predicate) {
    std::vector<Reason> reasons;
    for (const auto* host : hosts) {
        if (!predicate(host->state)) continue;
        std::string text(state_phrase(host->state));
        if (const auto detail = clean_line(host->detail); !detail.empty()) text += ": " + detail;
        reasons.push_back({host->name, std::move(text)});
    }
    return reasons;
}

std::size_t count(const std::vector<const HostResult*>& hosts, Predicate predicate) {
    return static_cast<std::size_t>(
        std::count_if(hosts.begin(), hosts.end(), [&](const auto* host) { return predicate(host->state); }));
}

std::string landing_reason(const std::vector<const HostResult*>& hosts) {
    const auto proved = count(hosts, is_proved);
    const auto evaluated = count(hosts, [](HostState state) { return state == HostState::evaluated; });
    const auto skipped = count(hosts, [](HostState state) { return state == HostState::skipped; });
    std::string text = plural(proved, "host") + " proved";
    if (evaluated > 0) text += ", " + std::to_string(evaluated) + " only evaluated";
    if (skipped > 0) text += ", " + std::to_string(skipped) + " skipped";
    return text;
}

/// By the hosts alone.
Verdict judge_hosts(const std::vector<HostResult>& hosts) {
    if (hosts.empty()) return {Action::stop, ExitCode::config, {{"", "there are no hosts to prove"}}};
    const auto required = required_hosts(hosts);
    if (required.empty())
        return {Action::stop, ExitCode::config, {{"", "no host is required, so nothing can be proved"}}};

    if (any(required, is_broken)) return {Action::propose, ExitCode::hosts_failed, reasons_for(required, is_broken)};
    if (any(required, is_unsupported)) return {Action::stop, ExitCode::config, reasons_for(required, is_unsupported)};
    if (any(required, is_unknown)) {
        const auto exit = any(required, is_interrupted) ? ExitCode::interrupted : ExitCode::infrastructure;
        return {Action::stop, exit, reasons_for(required, is_unknown)};
    }
    if (!any(required, is_evidence))
        return {Action::stop, ExitCode::config, {{"", "every required host was skipped, so nothing was proved"}}};
    return {Action::land, ExitCode::ok, {{"", landing_reason(required)}}};
}

std::vector<Reason> reasons_for(const std::vector<LockAlarm>& alarms) {
    std::vector<Reason> reasons;
    for (const auto& alarm : alarms)
        if (alarm.stops) reasons.push_back({"", "alarm " + alarm_line(alarm)});
    return reasons;
}

}  // namespace

std::string_view action_word(Action action) {
    switch (action) {
        case Action::land:
            return "land";
        case Action::propose:
            return "propose";
        case Action::stop:
            return "stop";
    }
    LOCKSTEP_CHECK(false);
}

Verdict decide(const std::vector<HostResult>& hosts, const std::vector<LockAlarm>& alarms) {
    auto verdict = judge_hosts(hosts);
    if (verdict.action == Action::stop || !any_stops(alarms)) return verdict;
    auto reasons = reasons_for(alarms);
    reasons.insert(reasons.end(), verdict.reasons.begin(), verdict.reasons.end());
    return {Action::propose, ExitCode::alarm, std::move(reasons)};
}

}  // namespace lockstep
