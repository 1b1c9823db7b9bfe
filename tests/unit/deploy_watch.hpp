// SPDX-License-Identifier: MIT
// Looks over a deploy engine's shoulder: keeps its own books from the plan, the actions and the events, and complains
// when an action breaks a rule.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "deploy_random.hpp"

namespace lockstep {

class DeployWatch {
public:
    DeployWatch(const RandomDeploy& deploy, const DeployPlan& plan)
        : deploy_(deploy), plan_(plan), failures_(plan.waves.size()), denominators_(plan.waves.size()) {
        for (const auto& wave : plan.waves) changed_ += wave.hosts.size();
        for (std::size_t wave = 0; plan.stage_first && wave < plan.waves.size(); ++wave) fix_denominator(wave);
    }

    /// The first broken rule; empty while all hold.
    const std::string& complaint() const { return complaint_; }
    bool exceeded() const { return exceeded_; }
    bool froze() const { return froze_; }
    bool refused_pause() const { return refused_pause_; }
    bool ended_early() const { return ended_early_; }
    std::uint32_t stop_wave() const { return stop_wave_; }
    /// Whether the driver itself said that a host was not started.
    bool said_not_started(DeployIndex at) const { return said_not_started_.test(at); }

    void before(const DeployEvent& event, const DeployAction& answered) {
        switch (event.kind) {
            case DeployEvent::Kind::copied:
                --copies_;
                break;
            case DeployEvent::Kind::ended:
                ended(event, answered.kind);
                break;
            case DeployEvent::Kind::health:
                if (event.health != DeployHealth::fail) break;
                good_.reset(event.host);
                failing_.set(event.host);
                failed(event.host);
                break;
            case DeployEvent::Kind::gate_answered:
                answer(event, answered);
                break;
            case DeployEvent::Kind::cancel:
                ended_early_ = true;
                break;
            default:
                break;
        }
    }

    void after(const std::vector<DeployAction>& actions, Millis now) {
        for (const auto& action : actions) begun(action, now);
        const auto& policy = plan_.policy;
        expect(policy.copies == 0 || copies_ <= policy.copies, "more copies than allowed");
        expect(policy.activations == 0 || active_ <= policy.activations, "more activations than allowed");
    }

private:
    void expect(bool holds, const char* rule, DeployIndex host = k_no_host) {
        if (holds || !complaint_.empty()) return;
        complaint_ = rule;
        if (host != k_no_host) complaint_ += ": " + plan_.hosts[host].name;
    }

    void fix_denominator(std::size_t wave) {
        for (const auto at : plan_.waves[wave].hosts) denominators_[wave] += blocked(at) ? 0U : 1U;
    }
    /// Whether something that it comes after ended badly. The hosts of the waves are in the order of dependencies, so
    /// one pass over them finds everybody.
    bool blocked(DeployIndex at) {
        for (std::size_t wave = 0; news_ && wave < plan_.waves.size(); ++wave)
            for (const auto host : plan_.waves[wave].hosts)
                if (!began_.test(host) && !good_.test(host) && (deploy_.needs[host] & bad_).any()) {
                    bad_.set(host);
                    blocked_.set(host);
                }
        news_ = false;
        return blocked_.test(at);
    }

    void ended(const DeployEvent& event, DeployAction::Kind was) {
        const auto at = event.host;
        if (was == DeployAction::Kind::copy) --copies_;
        if (was != DeployAction::Kind::copy) --active_;
        said_not_started_.set(at, event.outcome == HostOutcome::not_started);
        running_.set(at, runs_candidate(event.outcome));
        if (was == DeployAction::Kind::roll_back) {
            froze_ = froze_ || event.outcome != HostOutcome::rolled_back;
            return;
        }
        if (was == DeployAction::Kind::copy && blocked(at)) return;  // counts as not started, whatever it says
        froze_ = froze_ || event.outcome == HostOutcome::rollback_failed;
        if (counts_as_failure(plan_.hosts[at], event.outcome))
            failed(at);
        else if (is_success(event.outcome) || event.outcome == HostOutcome::unreachable)
            good_.set(at);
        else if (event.outcome == HostOutcome::inconclusive)
            waits_.set(at);
        else
            mark_bad(at);
    }

    void failed(DeployIndex at) {
        mark_bad(at);
        const auto wave = plan_.wave_of[at];
        ++failures_[wave];
        ++run_failures_;
        const auto& policy = plan_.policy;
        const auto tolerate = plan_.waves[wave].canary ? DeployShare{} : policy.tolerate;
        const auto total = policy.tolerate_total.value_or(policy.tolerate);
        if (failures_[wave] <= allowed(tolerate, denominators_[wave]) && run_failures_ <= allowed(total, changed_))
            return;
        if (!exceeded_ && !refused_pause_) stop_wave_ = wave;
        exceeded_ = true;
    }
    static std::size_t allowed(DeployShare share, std::size_t hosts) {
        return share.percent ? hosts * share.amount / 100 : share.amount;
    }
    void mark_bad(DeployIndex at) {
        bad_.set(at);
        news_ = true;
    }

    void answer(const DeployEvent& event, const DeployAction& asked) {
        const auto pause = asked.question != GateQuestion::before_wave;
        if (event.answer == GateAnswer::approved) {
            if (pause) good_ |= waits_;
            waits_.reset();
        } else if (pause && event.answer == GateAnswer::refused) {
            refused_pause_ = true;
            stop_wave_ = asked.wave;
        } else {
            ended_early_ = true;
        }
    }

    void begun(const DeployAction& action, Millis now) {
        const auto at = action.host;
        const auto halted = exceeded_ || froze_ || ended_early_ || refused_pause_;
        switch (action.kind) {
            case DeployAction::Kind::begin_wave:
                expect(!std::exchange(in_wave_, true), "a wave begins inside another");
                expect(!halted, "a wave begins after the stop");
                if (!plan_.stage_first) fix_denominator(action.wave);
                expect(fits(plan_.waves[action.wave].expected, now), "a wave begins outside the windows");
                break;
            case DeployAction::Kind::end_wave:
                expect(std::exchange(in_wave_, false), "a wave ends that was not begun");
                expect(copies_ + active_ == 0, "a wave ends while something is in flight");
                break;
            case DeployAction::Kind::finish:
                expect(!in_wave_, "a wave never ends");
                break;
            case DeployAction::Kind::copy:
                expect(!halted, "a copy begins after the stop", at);
                expect(!copied_.test(at), "copied twice", at);
                copied_.set(at);
                ++copies_;
                break;
            case DeployAction::Kind::activate:
                expect(!halted, "an activation begins after the stop", at);
                expect(!began_.test(at), "activated twice", at);
                expect(copied_.test(at), "activated before it was copied", at);
                expect((deploy_.needs[at] & ~good_).none(), "activated before what it comes after", at);
                began_.set(at);
                ++active_;
                break;
            case DeployAction::Kind::roll_back:
                rollback_begun(at);
                break;
            case DeployAction::Kind::check:
                expect(!halted, "a check begins after the stop", at);
                expect(!failing_.test(at), "a host is checked that failed already", at);
                expect(running_.test(at), "a host is checked that does not run the new system", at);
                break;
            default:
                break;
        }
    }

    void rollback_begun(DeployIndex at) {
        expect(!froze_, "a rollback begins after the freeze", at);
        expect(!went_back_.test(at), "rolled back twice", at);
        expect(running_.test(at), "a host goes back that does not run the new system", at);
        if (!failing_.test(at)) {
            expect((exceeded_ || refused_pause_) && !ended_early_, "a good host goes back without a stop", at);
            expect(plan_.policy.on_stop != OnStop::keep, "goes back although the policy keeps", at);
            expect(scope().test(at), "a host of another wave goes back", at);
            expect((needed_by(at) & running_ & scope()).none(), "goes back before a host that comes after it", at);
        }
        went_back_.set(at);
        ++active_;
    }

    /// What on_stop is about.
    const HostSet& scope() {
        if (scope_.none())
            for (DeployIndex at = 0; at < plan_.hosts.size(); ++at)
                scope_.set(at, plan_.policy.on_stop == OnStop::rollback_run || plan_.wave_of[at] == stop_wave_);
        return scope_;
    }
    const HostSet& needed_by(DeployIndex at) {
        if (needed_by_.empty()) {
            needed_by_.resize(plan_.hosts.size());
            for (DeployIndex host = 0; host < plan_.hosts.size(); ++host)
                for (auto before = deploy_.needs[host]._Find_first(); before < k_most_hosts;
                     before = deploy_.needs[host]._Find_next(before))
                    needed_by_[before].set(host);
        }
        return needed_by_[at];
    }

    bool fits(Millis expected, Millis now) const {
        const auto& windows = plan_.policy.windows;
        return !windows || std::any_of(windows->begin(), windows->end(), [&](const DeployWindow& window) {
            return window.from <= now && now < window.until && now + expected <= window.until;
        });
    }

    const RandomDeploy& deploy_;
    const DeployPlan& plan_;
    std::vector<std::size_t> failures_;
    std::vector<std::size_t> denominators_;
    std::size_t run_failures_ = 0;
    std::size_t changed_ = 0;
    HostSet good_, bad_, blocked_, waits_, failing_, running_, copied_, began_, went_back_, scope_, said_not_started_;
    std::vector<HostSet> needed_by_;
    bool news_ = false;
    std::size_t copies_ = 0;
    std::size_t active_ = 0;
    bool in_wave_ = false;
    bool exceeded_ = false;
    bool froze_ = false;
    bool ended_early_ = false;
    bool refused_pause_ = false;
    std::uint32_t stop_wave_ = 0;
    std::string complaint_;
};

}  // namespace lockstep
