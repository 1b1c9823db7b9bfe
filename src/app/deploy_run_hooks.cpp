// SPDX-License-Identifier: MIT
// Hooks of waves and hosts. A hook before a wave is a gate that a program answers: the engine knows gates. What went
// before something is followed by what comes after it, however it ended.
#include <algorithm>
#include <utility>

#include "app/deploy_run.hpp"

namespace lockstep {

HookFacts DeployRun::host_facts(HookPoint point, const DeployHostSession& session) {
    auto facts = ports_.hooks->facts(point);
    const auto& record = session.record();
    facts.host = record.name;
    facts.address = record.address;
    facts.user = session.user();
    facts.from = record.from;
    facts.to = record.to;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& host : record_.hosts)
            if (host.name == record.name) facts.wave = host.wave;
    }
    if (is_before(point)) return facts;
    if (record.outcome) facts.outcome = std::string(word(*record.outcome));
    facts.detail = record.detail;
    return facts;
}

HookFacts DeployRun::wave_facts(HookPoint point, std::uint32_t wave) {
    auto facts = ports_.hooks->facts(point);
    facts.wave = plan_.waves[wave].name;
    DeployRecord of_wave;
    const std::lock_guard lock(mutex_);
    for (const auto host : plan_.waves[wave].hosts) {
        facts.hosts.push_back(plan_.hosts[host].name);
        of_wave.hosts.push_back(record_.hosts[of_plan_[host]]);
    }
    if (!is_before(point)) facts.outcome = deploy_counts(of_wave);
    return facts;
}

void DeployRun::gate_waves_for_hooks() {
    const bool hooks = ports_.hooks != nullptr && ports_.hooks->any(HookPoint::before_wave);
    for (auto& wave : plan_.waves) {
        asks_.push_back(wave.gate.empty() ? 0 : 1);
        if (hooks && wave.gate.empty() && begins_hosts(plan_, wave)) wave.gate = "hooks";
    }
}

bool DeployRun::hooks_before_wave(std::uint32_t wave) {
    if (ports_.hooks == nullptr) return true;
    const auto facts = wave_facts(HookPoint::before_wave, wave);
    {
        const std::lock_guard lock(mutex_);
        hooked_wave_ = wave;
    }
    const auto no = ports_.hooks->before(facts);
    const std::lock_guard lock(mutex_);
    if (no) hook_refusal_ = "wave " + facts.wave + " is not begun: " + *no;
    return !no;
}

void DeployRun::hooks_after_wave(std::uint32_t wave) {
    if (ports_.hooks == nullptr) return;
    ports_.hooks->after(wave_facts(HookPoint::after_wave, wave));
    const std::lock_guard lock(mutex_);
    hooked_wave_.reset();
}

HostOutcome DeployRun::activate(DeployHostSession& session) {
    const auto began = ports_.clock.steady();
    const auto* hooks = ports_.hooks;
    const auto no = hooks == nullptr ? std::nullopt : ports_.hooks->before(host_facts(HookPoint::before_host, session));
    const auto outcome = no ? session.leave_alone(*no) : session.activate();
    if (hooks != nullptr) ports_.hooks->after(host_facts(HookPoint::after_host, session));
    session.set_took(std::chrono::duration_cast<Millis>(ports_.clock.steady() - began));
    return outcome;
}

/// Nothing goes before a rollback: it must not be held up.
HostOutcome DeployRun::roll_back(DeployHostSession& session) {
    const auto outcome = session.roll_back();
    if (ports_.hooks != nullptr) ports_.hooks->after(host_facts(HookPoint::after_host, session));
    return outcome;
}

void DeployRun::end_hooks() {
    if (ports_.hooks == nullptr) return;
    if (const auto wave = std::exchange(hooked_wave_, std::nullopt)) hooks_after_wave(*wave);
    record_.hooks_run = ports_.hooks->run_so_far();
    record_.hooks_failed = ports_.hooks->failed();
}

}  // namespace lockstep
