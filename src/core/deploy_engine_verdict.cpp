// SPDX-License-Identifier: MIT
// What a deploy came to: open ends, counts, exit code, and the words for them.
#include <algorithm>

#include "core/deploy_windows.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

namespace {

/// The more urgent one wins: a host that needs a person, a failure, an interruption, something that waits.
ExitCode exit_of(const DeployVerdict& verdict, std::size_t failures) {
    for (const auto outcome : k_all_host_outcomes)
        if (needs_person(outcome) && verdict.count(outcome) > 0) return ExitCode::deploy_unknown;
    if (failures > 0) return ExitCode::deploy_rolled_back;
    if (verdict.stop == DeployStop::cancelled) return ExitCode::interrupted;
    const auto waits = verdict.count(HostOutcome::not_started) + verdict.count(HostOutcome::deferred);
    return verdict.stop != DeployStop::none || waits > 0 ? ExitCode::approval_missing : ExitCode::ok;
}

}  // namespace

std::optional<Millis> window_for(const std::optional<std::vector<DeployWindow>>& windows, Millis now, Millis expected) {
    if (!windows) return now;
    for (const auto& window : *windows) {
        const auto start = std::max(now, window.from);
        if (start < window.until && start + expected <= window.until) return start;
    }
    return std::nullopt;
}

std::string_view word(DeployAction::Kind kind) {
    switch (kind) {
        case DeployAction::Kind::begin_wave:
            return "begin_wave";
        case DeployAction::Kind::end_wave:
            return "end_wave";
        case DeployAction::Kind::copy:
            return "copy";
        case DeployAction::Kind::activate:
            return "activate";
        case DeployAction::Kind::check:
            return "check";
        case DeployAction::Kind::roll_back:
            return "roll_back";
        case DeployAction::Kind::ask:
            return "ask";
        case DeployAction::Kind::wait:
            return "wait";
        case DeployAction::Kind::finish:
            return "finish";
    }
    LOCKSTEP_CHECK(false);
}

std::string_view word(DeployStop stop) {
    switch (stop) {
        case DeployStop::none:
            return "none";
        case DeployStop::no_window:
            return "no_window";
        case DeployStop::unanswered:
            return "unanswered";
        case DeployStop::refused:
            return "refused";
        case DeployStop::stopped:
            return "stopped";
        case DeployStop::cancelled:
            return "cancelled";
        case DeployStop::frozen:
            return "frozen";
    }
    LOCKSTEP_CHECK(false);
}

DeployVerdict DeployEngine::verdict() const {
    DeployVerdict verdict;
    verdict.stop = stop_;
    verdict.reason = stop_reason_;
    std::size_t failures = 0;
    for (DeployIndex at = 0; at < states_.size(); ++at) {
        const auto outcome = states_[at].outcome.value_or(HostOutcome::not_started);
        ++verdict.counts[static_cast<std::size_t>(outcome)];
        failures += counts_as_failure(plan_.hosts[at], outcome) ? 1U : 0U;
    }
    verdict.exit = exit_of(verdict, failures);
    return verdict;
}

std::vector<DeployAction> DeployEngine::open() const {
    std::vector<DeployAction> result;
    const auto add = [&](DeployAction::Kind kind, DeployIndex at) {
        result.push_back({.kind = kind, .host = at, .wave = plan_.wave_of[at]});
    };
    for (DeployIndex at = 0; at < states_.size(); ++at) {
        const auto& state = states_[at];
        if (state.stage == DeployStage::copying) add(DeployAction::Kind::copy, at);
        if (state.stage == DeployStage::activating) add(DeployAction::Kind::activate, at);
        if (state.stage == DeployStage::rolling_back) add(DeployAction::Kind::roll_back, at);
        if (state.checking) add(DeployAction::Kind::check, at);
    }
    if (gate_open_)
        result.push_back({.kind = DeployAction::Kind::ask, .wave = wave_, .gate = gate_, .question = question_});
    if (wake_) result.push_back({.kind = DeployAction::Kind::wait, .wave = wave_, .until = *wake_});
    return result;
}

}  // namespace lockstep
