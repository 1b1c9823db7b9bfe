// SPDX-License-Identifier: MIT
// The bookkeeping of a deploy: what each event says about hosts, dependencies, failures and gates.
#include "lockstep/core/deploy_engine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"

namespace lockstep {

DeployEngine::DeployEngine(const DeployPlan& plan)
    : plan_(plan), states_(plan.hosts.size()), books_(plan.hosts.size()), waves_(plan.waves.size()) {
    for (DeployIndex at = 0; at < states_.size(); ++at)
        if (plan.hosts[at].done) states_[at] = {.stage = DeployStage::ended, .outcome = plan.hosts[at].done};
    run_hosts_ = plan.before.ended;
    run_failures_ = plan.before.failed;
    for (std::size_t wave = 0; wave < waves_.size(); ++wave) {
        const auto& hosts = plan.waves[wave].hosts;
        waves_[wave].done = static_cast<std::size_t>(
            std::count_if(hosts.begin(), hosts.end(), [&](auto at) { return plan.hosts[at].done.has_value(); }));
        waves_[wave].open = hosts.size() - waves_[wave].done;
        if (waves_[wave].done > 0) waves_[wave].failures = plan.before.failed_in_wave;
        run_hosts_ += hosts.size();
        if (!plan.stage_first) continue;
        to_stage_.insert(to_stage_.end(), plan.waves[wave].hosts.begin(), plan.waves[wave].hosts.end());
        begin_denominator(wave);
    }
    run_tolerated_ = share_down(plan.policy.tolerate_total.value_or(plan.policy.tolerate), run_hosts_);
    for (DeployIndex at = 0; at < books_.size(); ++at)
        books_[at].unmet = static_cast<std::uint32_t>(plan.after[at].size());
    for (const auto at : plan.skipped) states_[at] = {.stage = DeployStage::ended, .outcome = HostOutcome::unchanged};
    for (const auto at : plan.skipped)
        if (plan.after[at].empty()) settle_well(at);
    for (DeployIndex at = 0; at < states_.size(); ++at)
        if (plan.hosts[at].done) settle_well(at);
}

std::vector<DeployAction> DeployEngine::apply(const DeployEvent& event) {
    if (finished()) return {};
    now_ = std::max(now_, event.at);
    if (wake_ && now_ >= *wake_) wake_.reset();
    accept(event);
    while (step()) {
    }
    return std::exchange(actions_, {});
}

void DeployEngine::accept(const DeployEvent& event) {
    const auto known = event.host < states_.size();
    switch (event.kind) {
        case DeployEvent::Kind::started:
            if (phase_ == Phase::idle) phase_ = plan_.stage_first ? Phase::staging : Phase::opening;
            break;
        case DeployEvent::Kind::copied:
            if (known) accept_copied(event.host);
            break;
        case DeployEvent::Kind::ended:
            if (known) accept_ended(event.host, event.outcome);
            break;
        case DeployEvent::Kind::health:
            if (known) accept_health(event.host, event.health);
            break;
        case DeployEvent::Kind::gate_answered:
            if (gate_open_ && event.gate == gate_) accept_answer(event.answer);
            break;
        case DeployEvent::Kind::cancel:
            if (phase_ == Phase::idle) phase_ = Phase::opening;
            raise(DeployStop::cancelled, "somebody ended the run");
            break;
        case DeployEvent::Kind::time:
            break;
    }
}

void DeployEngine::accept_copied(DeployIndex at) {
    auto& state = states_[at];
    if (state.stage != DeployStage::copying) return;
    --copies_;
    if (state.outcome) {  // a host that it comes after failed meanwhile
        state.stage = DeployStage::ended;
        return;
    }
    state.stage = DeployStage::copied;
    begin_if_ready(at);
}

void DeployEngine::accept_ended(DeployIndex at, HostOutcome outcome) {
    auto& state = states_[at];
    switch (state.stage) {
        case DeployStage::copying:
            --copies_;
            state.stage = DeployStage::ended;
            if (!state.outcome) end_host(at, outcome);
            break;
        case DeployStage::activating:
            --activations_;
            state.stage = DeployStage::ended;
            end_host(at, outcome);
            break;
        case DeployStage::rolling_back:
            --rollbacks_;
            state.stage = DeployStage::ended;
            end_rollback(at, outcome);
            break;
        case DeployStage::ended:
            // Whoever is asked about it may take longer than it waits.
            if (state.outcome != HostOutcome::inconclusive || outcome == HostOutcome::inconclusive) break;
            std::erase(inconclusive_, at);
            end_host(at, outcome);
            break;
        default:
            break;
    }
}

void DeployEngine::accept_health(DeployIndex at, DeployHealth health) {
    auto& state = states_[at];
    if (!state.checking) return;
    state.checking = false;
    --checks_;
    if (health == DeployHealth::inconclusive) {
        state.outcome = HostOutcome::inconclusive;
        inconclusive_.push_back(at);
        pause_wanted_ = true;
        pause_question_ = GateQuestion::inconclusive;
    }
    if (health != DeployHealth::fail) return;
    --soaking_;
    state.stage = DeployStage::failing;
    failing_.push_back(at);
    count_failure(at);
    settle_badly(at);
}

void DeployEngine::accept_answer(GateAnswer answer) {
    gate_open_ = false;
    const auto paused = question_ != GateQuestion::before_wave;
    const auto where = "wave " + plan_.waves[wave_].name;
    switch (answer) {
        case GateAnswer::approved:
            if (paused)
                accept_pause();
            else
                gate_passed_ = true;
            break;
        case GateAnswer::refused:
            stop_wave_ = wave_;
            if (paused)
                raise(DeployStop::stopped, where + ": what could not be judged was not accepted");
            else
                raise(DeployStop::refused, where + " was refused");
            break;
        case GateAnswer::unanswered:
            raise(DeployStop::unanswered, where + " waits for an answer");
            break;
    }
}

void DeployEngine::accept_pause() {
    pause_wanted_ = false;
    if (question_ == GateQuestion::no_evidence) evidence_waived_ = true;
    for (const auto at : std::exchange(inconclusive_, {}))
        if (states_[at].outcome == HostOutcome::inconclusive) settle_well(at);
}

void DeployEngine::end_host(DeployIndex at, HostOutcome outcome) {
    set_outcome(at, outcome);
    if (outcome == HostOutcome::inconclusive) {
        inconclusive_.push_back(at);
        pause_wanted_ = true;
        pause_question_ = GateQuestion::inconclusive;
        return;
    }
    if (counts_as_failure(plan_.hosts[at], outcome)) count_failure(at);
    if (outcome == HostOutcome::rollback_failed)
        raise(DeployStop::frozen, plan_.hosts[at].name + " could not be rolled back");
    // A host that may be off and is off was not needed, so nobody waits for it.
    if (is_success(outcome) || (is_failure(outcome) && !books_[at].counted))
        settle_well(at);
    else
        settle_badly(at);
}

void DeployEngine::end_rollback(DeployIndex at, HostOutcome outcome) {
    auto& now = states_[at].outcome;
    if (outcome == HostOutcome::rolled_back) {
        now = outcome;
        return;
    }
    const auto lost = outcome == HostOutcome::unknown || outcome == HostOutcome::unreachable;
    now = lost ? HostOutcome::unknown : HostOutcome::rollback_failed;
    raise(DeployStop::frozen, plan_.hosts[at].name + " could not be rolled back");
}

void DeployEngine::set_outcome(DeployIndex at, HostOutcome outcome) {
    auto& state = states_[at];
    if (!state.outcome) --waves_[plan_.wave_of[at]].open;
    state.outcome = outcome;
}

/// Whoever waits for this host waits for one less; unchanged hosts pass it on.
void DeployEngine::settle_well(DeployIndex at) {
    if (std::exchange(books_[at].settled, true)) return;
    std::vector<DeployIndex> todo = {at};
    while (!todo.empty()) {
        const auto next = todo.back();
        todo.pop_back();
        for (const auto dependent : plan_.dependents[next]) {
            if (--books_[dependent].unmet != 0) continue;
            if (plan_.hosts[dependent].unchanged)
                todo.push_back(dependent);
            else
                begin_if_ready(dependent);
        }
    }
}

/// Nobody who comes after this host is started any more; unchanged hosts pass it on.
void DeployEngine::settle_badly(DeployIndex at) {
    std::vector<DeployIndex> todo = {at};
    while (!todo.empty()) {
        const auto next = todo.back();
        todo.pop_back();
        for (const auto dependent : plan_.dependents[next]) {
            auto& state = states_[dependent];
            const auto passes_on = plan_.hosts[dependent].unchanged;
            if (books_[dependent].blocked || (!passes_on && (state.outcome || state.stage == DeployStage::activating)))
                continue;
            books_[dependent].blocked = true;
            todo.push_back(dependent);
            if (passes_on) continue;
            state.because = at;
            if (state.stage != DeployStage::copying) state.stage = DeployStage::ended;
            set_outcome(dependent, HostOutcome::not_started);
        }
    }
}

void DeployEngine::count_failure(DeployIndex at) {
    books_[at].counted = true;
    const auto index = plan_.wave_of[at];
    auto& wave = waves_[index];
    ++wave.failures;
    ++run_failures_;
    const auto in_wave = wave.failures > wave.tolerated;
    if (!in_wave && run_failures_ <= run_tolerated_) return;
    if (stop_ < DeployStop::stopped) stop_wave_ = index;
    if (in_wave)
        raise(DeployStop::stopped,
              fmt::format("wave {}: {} of {}, tolerated {}", plan_.waves[index].name, plural(wave.failures, "failure"),
                          plural(wave.hosts, "host"), wave.tolerated));
    else
        raise(DeployStop::stopped, fmt::format("the run: {} of {}, tolerated {}", plural(run_failures_, "failure"),
                                               plural(run_hosts_, "host"), run_tolerated_));
}

void DeployEngine::raise(DeployStop stop, std::string reason) {
    if (stop <= stop_) return;
    stop_ = stop;
    stop_reason_ = std::move(reason);
    gate_open_ = false;
    wake_.reset();
}

}  // namespace lockstep
