// SPDX-License-Identifier: MIT
// land.after: canary. What every host builds is brought onto a few hosts first; base moves while they wait, proved and
// with nothing permanent, and what became of that is their answer.
#include <csignal>

#include <fmt/format.h>

#include "app/pipeline.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

void tell_canaries(RunState& state, const DeployRecord& record) {
    for (const auto& host : record.hosts) {
        const std::string outcome(host.outcome ? word(*host.outcome) : "waiting");
        state.notice(fmt::format("canary {}: {}{}", clean_line(host.name, 100), replace_all(outcome, "_", " "),
                                 host.detail.empty() ? "" : ": " + clean_line(host.detail, 600)),
                     host.outcome && is_failure(*host.outcome) && !host.blameless);
    }
}

/// What the pull request says: each canary, with what was looked at.
void give_reasons(RunState& state, const DeployRecord& record) {
    for (const auto& host : record.hosts) {
        if (!host.outcome || is_success(*host.outcome)) continue;
        std::string text = fmt::format("canary {}", replace_all(std::string(word(*host.outcome)), "_", " "));
        if (!host.detail.empty()) text += ": " + host.detail;
        if (!host.evidence.empty()) text += " (" + join(host.evidence, "; ") + ")";
        if (!host.running.empty()) text += "; it runs " + host.running;
        if (!host.manual.empty()) text += "; it needs a person: " + host.manual;
        state.report.reasons.push_back({host.name, clean_line(text, 1500)});
    }
    if (!record.reason.empty()) state.report.reasons.push_back({"", clean_line(record.reason, 600)});
}

bool any_needs_person(const DeployRecord& record) {
    for (const auto& host : record.hosts)
        if (host.outcome && needs_person(*host.outcome)) return true;
    return false;
}

/// The signal that ends the canaries; the end of the run's time is one.
int signal_of(const RunState& state) {
    const int signal = state.ports.interrupted();
    return signal != 0 || !state.time_is_up ? signal : SIGTERM;
}

/// Base was not touched: the update becomes a pull request with what the canaries showed.
Result<void> propose_after_canary(RunState& state, const DeployRecord& record) {
    if (state.interrupted())
        return Error{ErrorKind::interrupted, "interrupted while canaries were tried",
                     "they go back to the system that they ran before by themselves", "lockstep resume"};
    give_reasons(state, record);
    const auto why = "a canary is not well: " + deploy_counts(record);
    const auto proposed = stage(state, "propose", "the canary is not well: writing the pull request",
                                [&] { return propose(state, Proposal::refused, why); });
    auto& ending = state.report.ending;
    if (any_needs_person(record)) {
        if (!proposed.ok()) end_with(state, proposed.error());
        ending.exit = ExitCode::deploy_unknown;
        ending.next_action = "a canary needs a person: see deployment-report.md";
        return {};
    }
    return proposed;
}

void after_landing(RunState& state, const DeployRecord& record) {
    auto& ending = state.report.ending;
    if (record.exit == ExitCode::ok) return;
    ending.exit = record.exit;
    ending.reason += "; canaries: " + deploy_counts(record);
    // They wait for the word that they may keep it, or go back by themselves: the next process tells them.
    if (const int signal = signal_of(state); signal != 0 && record.exit == ExitCode::deploy_unknown) {
        ending.exit = state.ports.interrupted() == 0 ? ExitCode::infrastructure : exit_code_of_signal(signal);
        ending.next_action = "lockstep resume";
        return;
    }
    ending.next_action = "look at deployment-report.md; `lockstep deploy` brings hosts to what landed";
}

/// Base did not move, and a canary could not be brought back: no further try, whatever kept base from moving.
Result<void> end_with_person(RunState& state, const Result<void>& landing, const DeployRecord& record) {
    if (!landing.ok()) end_with(state, landing.error());
    auto& ending = state.report.ending;
    ending.exit = ExitCode::deploy_unknown;
    ending.reason += "; a canary needs a person: " + deploy_counts(record);
    ending.next_action = "see deployment-report.md for the canary that needs a person";
    return {};
}

}  // namespace

Result<void> land_by_canary(RunState& state) {
    if (!state.ports.canary)
        return Error{ErrorKind::config, "land.after is canary, and there is nobody who deploys", "",
                     "set land.after to builds"};
    bool asked = false;
    Result<void> landing;
    state.canaries_wait = true;
    const auto tried = stage(state, "canary", "every host is proved: trying the canaries", [&] {
        return state.ports.canary(
            state.report, false,
            [&] {
                asked = true;
                landing = stage(
                    state, "land",
                    fmt::format("the canaries are well: moving {} to {}", state.base, short_id(state.candidate.id)),
                    [&] { return land(state); });
                if (landing.ok())
                    return state.report.ending.outcome == Outcome::landed ? LandingAnswer::keep
                                                                          : LandingAnswer::go_back;
                return state.base_unknown ? LandingAnswer::unknown : LandingAnswer::go_back;
            },
            [&] { return signal_of(state); });
    });
    state.canaries_wait = false;
    if (!tried.ok() && !asked) return tried.error();
    if (tried.ok()) tell_canaries(state, tried.value());
    if (!asked) return propose_after_canary(state, tried.value());
    const bool landed = landing.ok() && state.report.ending.outcome == Outcome::landed;
    if (landed) {
        if (tried.ok()) after_landing(state, tried.value());
        finish_landing(state);
    } else if (tried.ok() && any_needs_person(tried.value()) && !state.base_unknown && signal_of(state) == 0) {
        return end_with_person(state, landing, tried.value());
    }
    return landing;
}

void keep_canaries(RunState& state) {
    if (!state.ports.canary) return;
    const auto kept = state.ports.canary(
        state.report, true, [] { return LandingAnswer::keep; }, [&] { return signal_of(state); });
    if (!kept.ok()) {
        state.notice("the canaries could not be told that the update landed: " + kept.error().what, true);
        return;
    }
    tell_canaries(state, kept.value());
    after_landing(state, kept.value());
}

}  // namespace lockstep
