// SPDX-License-Identifier: MIT
// A deploy engine that is told things by host name and answers in words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "deploy_fleets.hpp"
#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

class DeployRig {
public:
    DeployRig(DeployFleet fleet, const DeployPolicy& policy, const DeployBefore& before = {})
        : plan_(planned(std::move(fleet), policy, before)), engine_(std::make_unique<DeployEngine>(plan_)) {}

    HostNames start() { return tell(DeployEvent::started(now_)); }
    HostNames copied(const std::string& host) { return tell(DeployEvent::copied(now_, index_of(plan_, host))); }
    HostNames ended(const std::string& host, HostOutcome outcome = HostOutcome::confirmed) {
        return tell(DeployEvent::ended(now_, index_of(plan_, host), outcome));
    }
    /// From copying to its end.
    HostNames through(const std::string& host, HostOutcome outcome = HostOutcome::confirmed) {
        auto said = copied(host);
        for (auto& more : ended(host, outcome)) said.push_back(std::move(more));
        return said;
    }
    HostNames health(const std::string& host, DeployHealth health) {
        return tell(DeployEvent::checked(now_, index_of(plan_, host), health));
    }
    HostNames answer(GateAnswer answer) { return tell(DeployEvent::answered(now_, gate_, answer)); }
    HostNames at(Millis time) { return tell(DeployEvent::time(now_ = time)); }
    HostNames cancel() { return tell(DeployEvent::cancel(now_)); }

    /// "" while the host has no outcome.
    std::string outcome(const std::string& host) const {
        const auto& outcome = engine_->hosts()[index_of(plan_, host)].outcome;
        return outcome ? std::string(word(*outcome)) : "";
    }
    const DeployPlan& plan() const { return plan_; }
    const DeployEngine& engine() const { return *engine_; }
    DeployVerdict verdict() const { return engine_->verdict(); }
    int exit() const { return static_cast<int>(engine_->verdict().exit); }

private:
    HostNames tell(const DeployEvent& event) {
        HostNames said;
        for (const auto& action : engine_->apply(event)) {
            if (action.kind == DeployAction::Kind::ask) gate_ = action.gate;
            said.push_back(in_words(action));
        }
        return said;
    }
    std::string in_words(const DeployAction& action) const {
        const std::string kind(word(action.kind));
        switch (action.kind) {
            case DeployAction::Kind::finish:
                return kind;
            case DeployAction::Kind::begin_wave:
            case DeployAction::Kind::end_wave:
                return kind + " " + plan_.waves[action.wave].name;
            case DeployAction::Kind::wait:
                return kind + " " + std::to_string(action.until.count());
            case DeployAction::Kind::ask:
                return kind + " " + question(action.question);
            default:
                return kind + " " + plan_.hosts[action.host].name;
        }
    }
    static std::string question(GateQuestion question) {
        if (question == GateQuestion::before_wave) return "before_wave";
        return question == GateQuestion::inconclusive ? "inconclusive" : "no_evidence";
    }

    DeployPlan plan_;
    std::unique_ptr<DeployEngine> engine_;
    Millis now_{0};
    std::uint32_t gate_ = 0;
};

}  // namespace lockstep
