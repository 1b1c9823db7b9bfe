// SPDX-License-Identifier: MIT
// The phases of a deploy: what may be begun now, and what comes next when nothing is in flight.
#include <algorithm>
#include <utility>

#include "core/deploy_windows.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

namespace {

/// What waits for its boot runs nothing new that could be judged.
bool is_watched(HostOutcome outcome) {
    return runs_candidate(outcome) && outcome != HostOutcome::boot_pending;
}

}  // namespace

bool DeployEngine::step() {
    if (phase_ == Phase::idle || phase_ == Phase::finished) return false;
    if (stop_ < DeployStop::cancelled) begin_rollbacks_of_failing();
    if (stop_ != DeployStop::none) return wind_down();
    if (gate_open_) return false;
    if (pause_wanted_ && phase_ != Phase::soaking) return pause();
    switch (phase_) {
        case Phase::staging:
            return stage_all();
        case Phase::opening:
            return open_wave();
        case Phase::running:
            return run_wave();
        case Phase::soaking:
            return soak_wave();
        default:
            LOCKSTEP_CHECK(false);
    }
}

bool DeployEngine::stage_all() {
    begin_copies(to_stage_);
    if (next_copy_ != to_stage_.size() || !still()) return false;
    phase_ = Phase::opening;
    return true;
}

bool DeployEngine::open_wave() {
    if (wave_ == waves_.size()) {
        finish();
        return false;
    }
    if (waves_[wave_].open + waves_[wave_].done ==
        0) {  // all of its hosts wait for one that failed, or failed to be staged
        ++wave_;
        gate_passed_ = false;
        return true;
    }
    const auto& wave = plan_.waves[wave_];
    // To watch is not to begin.
    const auto start = begins_hosts(plan_, wave) ? window_for(plan_.policy.windows, now_, wave.expected) : now_;
    if (!start) {  // nobody is asked for what cannot be
        raise(DeployStop::no_window, "wave " + wave.name + " fits into no window");
        return true;
    }
    if (!wave.gate.empty() && !gate_passed_) {
        ask(GateQuestion::before_wave);
        return false;
    }
    if (*start > now_) {
        wait_until(*start);
        return false;
    }
    begin_wave();
    return true;
}

void DeployEngine::begin_wave() {
    phase_ = Phase::running;
    next_copy_ = 0;
    if (!plan_.stage_first) begin_denominator(wave_);
    wave_begun_ = true;
    emit(DeployAction::Kind::begin_wave);
    for (const auto at : plan_.waves[wave_].hosts) begin_if_ready(at);
}

void DeployEngine::begin_denominator(std::size_t wave) {
    waves_[wave].hosts = waves_[wave].open + waves_[wave].done + waves_[wave].failures;
    waves_[wave].tolerated = share_down(plan_.waves[wave].tolerate, waves_[wave].hosts);
}

bool DeployEngine::run_wave() {
    begin_copies(plan_.waves[wave_].hosts);
    begin_activations();
    if (waves_[wave_].open != 0 || !still()) return false;
    phase_ = Phase::soaking;
    soak_from_ = now_;
    soak_round_ = 0;
    soaking_ = 0;
    for (const auto at : plan_.waves[wave_].hosts) soaking_ += is_watched(*states_[at].outcome) ? 1U : 0U;
    return true;
}

void DeployEngine::begin_copies(const std::vector<DeployIndex>& hosts) {
    const auto limit = plan_.policy.copies;
    for (; next_copy_ < hosts.size() && (limit == 0 || copies_ < limit); ++next_copy_) {
        auto& state = states_[hosts[next_copy_]];
        if (state.stage != DeployStage::waiting) continue;
        state.stage = DeployStage::copying;
        ++copies_;
        emit(DeployAction::Kind::copy, hosts[next_copy_]);
    }
}

/// A host is ready once: when it is copied, when the last host that it waits for is settled, or when its wave begins.
void DeployEngine::begin_if_ready(DeployIndex at) {
    if (phase_ != Phase::running || plan_.wave_of[at] != wave_ || books_[at].unmet != 0) return;
    if (states_[at].stage == DeployStage::copied) ready_.push_back(at);
}

void DeployEngine::begin_activations() {
    while (!ready_.empty() && may_activate()) {
        const auto at = ready_.front();
        ready_.pop_front();
        LOCKSTEP_CHECK(!states_[at].outcome);  // hosts that were settled well stay so until the soak
        states_[at].stage = DeployStage::activating;
        ++activations_;
        emit(DeployAction::Kind::activate, at);
    }
}

bool DeployEngine::soak_wave() {
    const auto& soak = plan_.waves[wave_].soak;
    if (checks_ != 0) return false;
    if (soak_round_ < soak.checks && soaking_ != 0) {
        const auto parts = static_cast<Millis::rep>(soak.checks);
        const auto due = soak_from_ + soak.duration * static_cast<Millis::rep>(soak_round_ + 1) / parts;
        if (now_ < due) {
            wait_until(due);
            return false;
        }
        ++soak_round_;
        begin_checks();
        return true;
    }
    wake_.reset();
    if (!still()) return false;
    return pause_wanted_ ? pause() : close_wave();
}

void DeployEngine::begin_checks() {
    for (const auto at : plan_.waves[wave_].hosts) {
        auto& state = states_[at];
        if (state.stage != DeployStage::ended || !is_watched(*state.outcome)) continue;
        state.checking = true;
        ++checks_;
        emit(DeployAction::Kind::check, at);
    }
}

/// No evidence is never green: a canary of which no host was proved asks before the rest follows.
bool DeployEngine::close_wave() {
    const auto& wave = plan_.waves[wave_];
    if (wave.canary && !evidence_waived_ && wave_ + 1 < waves_.size() && !was_proved(wave)) {
        pause_wanted_ = true;
        pause_question_ = GateQuestion::no_evidence;
        return true;
    }
    end_wave();
    actions_.back().complete = true;
    ++wave_;
    gate_passed_ = false;
    phase_ = Phase::opening;
    return true;
}

void DeployEngine::end_wave() {
    if (std::exchange(wave_begun_, false)) emit(DeployAction::Kind::end_wave);
}

bool DeployEngine::was_proved(const DeployWave& wave) const {
    return std::any_of(wave.hosts.begin(), wave.hosts.end(), [&](auto at) {
        const auto outcome = *states_[at].outcome;
        return (is_success(outcome) && outcome != HostOutcome::boot_pending) || outcome == HostOutcome::inconclusive;
    });
}

bool DeployEngine::pause() {
    if (still()) ask(pause_question_);
    return false;
}

bool DeployEngine::wind_down() {
    if (stop_ >= DeployStop::cancelled) give_up_failing();
    if (phase_ == Phase::undoing && stop_ == DeployStop::stopped) begin_rollbacks_on_stop();
    if (!still()) return false;
    if (phase_ != Phase::undoing && stop_ == DeployStop::stopped && plan_.policy.on_stop != OnStop::keep) {
        collect_rollbacks();
        phase_ = Phase::undoing;
        return true;
    }
    finish();
    return false;
}

/// After a freeze or a signal nothing is begun, so these stay as they are, and somebody has to look.
void DeployEngine::give_up_failing() {
    for (const auto at : std::exchange(failing_, {})) {
        states_[at].stage = DeployStage::ended;
        states_[at].outcome = HostOutcome::unhealthy;
    }
}

void DeployEngine::collect_rollbacks() {
    for (DeployIndex at = 0; at < states_.size(); ++at) {
        const auto chosen = plan_.policy.on_stop == OnStop::rollback_run || plan_.wave_of[at] == stop_wave_;
        if (chosen && states_[at].outcome && runs_candidate(*states_[at].outcome)) to_undo_.push_back(at);
    }
    std::stable_sort(to_undo_.begin(), to_undo_.end(), [&](auto a, auto b) { return plan_.level[a] > plan_.level[b]; });
}

/// Level by level from the top: a host goes back after those that come after it.
void DeployEngine::begin_rollbacks_on_stop() {
    while (next_undo_ < to_undo_.size() && may_activate()) {
        const auto at = to_undo_[next_undo_];
        if (rollbacks_ != 0 && plan_.level[at] != plan_.level[to_undo_[next_undo_ - 1]]) return;
        ++next_undo_;
        begin_rollback(at);
    }
}

void DeployEngine::begin_rollbacks_of_failing() {
    while (!failing_.empty() && may_activate()) {
        begin_rollback(failing_.front());
        failing_.pop_front();
    }
}

void DeployEngine::begin_rollback(DeployIndex at) {
    states_[at].stage = DeployStage::rolling_back;
    ++rollbacks_;
    emit(DeployAction::Kind::roll_back, at);
}

void DeployEngine::ask(GateQuestion question) {
    gate_open_ = true;
    question_ = question;
    ++gate_;
    emit(DeployAction::Kind::ask);
}

void DeployEngine::wait_until(Millis time) {
    if (wake_ == time) return;
    wake_ = time;
    emit(DeployAction::Kind::wait);
}

void DeployEngine::finish() {
    const auto rest = stop_ == DeployStop::cancelled ? HostOutcome::cancelled : HostOutcome::not_started;
    for (auto& state : states_) {
        state.stage = DeployStage::ended;
        if (!state.outcome) state.outcome = rest;
    }
    end_wave();
    phase_ = Phase::finished;
    emit(DeployAction::Kind::finish);
}

bool DeployEngine::still() const {
    return copies_ + activations_ + checks_ + rollbacks_ == 0 && failing_.empty();
}

bool DeployEngine::may_activate() const {
    const auto limit = plan_.policy.activations;
    return limit == 0 || activations_ + rollbacks_ < limit;
}

void DeployEngine::emit(DeployAction::Kind kind, DeployIndex host) {
    auto& action = actions_.emplace_back();
    action.kind = kind;
    action.host = host;
    action.wave = host == k_no_host ? wave_ : plan_.wave_of[host];
    if (kind == DeployAction::Kind::ask) {
        action.gate = gate_;
        action.question = question_;
    }
    if (kind == DeployAction::Kind::wait) action.until = *wake_;
}

}  // namespace lockstep
