// SPDX-License-Identifier: MIT
// A queue of things that will happen, and the engine in front of it.
#include "lockstep/core/deploy_simulate.hpp"

#include <algorithm>
#include <map>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>

#include "core/deploy_story.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"

namespace lockstep {

namespace {

constexpr Millis k_probe{1'000};
constexpr Millis k_check{2'000};

using Faults = std::map<std::pair<DeployIndex, FaultStage>, HostOutcome>;

Result<Faults> resolve(const DeployPlan& plan, const std::vector<DeployFault>& faults) {
    std::unordered_map<std::string_view, DeployIndex> by_name;
    std::vector<std::string> names;
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at) {
        if (plan.hosts[at].unchanged) continue;
        by_name.emplace(plan.hosts[at].name, at);
        names.push_back(plan.hosts[at].name);
    }
    Faults result;
    for (const auto& fault : faults) {
        const auto found = by_name.find(fault.host);
        if (found == by_name.end()) {
            const auto near = nearest(fault.host, names);
            return Error{ErrorKind::usage,
                         fmt::format("{} cannot fail: this deploy does not touch it", clean_line(fault.host, 80)),
                         "a simulated failure needs a host that is selected and changes",
                         near.empty() ? "" : "did you mean " + clean_line(near, 80) + "?"};
        }
        result[{found->second, fault.stage}] = fault.outcome;
    }
    return result;
}

struct Upcoming {
    DeployEvent event;
    std::size_t number = 0;  ///< of two at the same time the one that was begun first
};

bool comes_later(const Upcoming& a, const Upcoming& b) {
    return a.event.at != b.event.at ? a.event.at > b.event.at : a.number > b.number;
}

class Simulator {
public:
    Simulator(const DeployPlan& plan, const DeployScript& script, const Faults& faults)
        : plan_(plan), script_(script), faults_(faults), engine_(plan), story_(plan, script.start) {}

    DeploySimulation run() {
        expect(DeployEvent::started(script_.start));
        if (script_.cancel_after) expect(DeployEvent::cancel(script_.start + *script_.cancel_after));
        DeploySimulation result;
        while (!engine_.finished() && !queue_.empty()) {
            const auto event = queue_.top().event;
            queue_.pop();
            now_ = std::max(now_, event.at);
            const auto before = engine_.stop();
            const auto actions = engine_.apply(event);
            story_.tell(event, engine_);
            if (engine_.stop() != before) story_.stopped(now_, engine_.verdict());
            for (const auto& action : actions) {
                story_.begin(action, now_);
                answer(action);
            }
            result.events.push_back(event);
        }
        result.verdict = engine_.verdict();
        result.hosts = engine_.hosts();
        result.took = now_ - script_.start;
        story_.end(result.verdict, engine_, now_);
        result.lines = std::move(story_).lines();
        return result;
    }

private:
    void expect(const DeployEvent& event) { queue_.push({event, number_++}); }

    std::optional<HostOutcome> fault(DeployIndex host, FaultStage stage) const {
        const auto found = faults_.find({host, stage});
        return found == faults_.end() ? std::nullopt : std::optional(found->second);
    }

    Millis copy_time(DeployIndex host) const {
        const auto own = plan_.hosts[host].expected_copy;
        return own > Millis{0} ? own : plan_.policy.expected_copy;
    }
    Millis activate_time(DeployIndex host) const {
        const auto own = plan_.hosts[host].expected_activate;
        return own > Millis{0} ? own : plan_.policy.expected_activate;
    }

    void answer(const DeployAction& action) {
        switch (action.kind) {
            case DeployAction::Kind::copy:
                copy(action.host);
                break;
            case DeployAction::Kind::activate:
                activate(action.host);
                break;
            case DeployAction::Kind::check:
                check(action.host);
                break;
            case DeployAction::Kind::roll_back:
                expect(DeployEvent::ended(now_ + activate_time(action.host), action.host,
                                          fault(action.host, FaultStage::rollback).value_or(HostOutcome::rolled_back)));
                break;
            case DeployAction::Kind::ask:
                expect(DeployEvent::answered(now_, action.gate, script_.answer));
                break;
            case DeployAction::Kind::wait:
                expect(DeployEvent::time(action.until));
                break;
            default:
                break;
        }
    }

    void copy(DeployIndex host) {
        if (const auto wrong = fault(host, FaultStage::probe)) {
            expect(DeployEvent::ended(now_ + k_probe, host, *wrong));
            return;
        }
        const auto done = now_ + copy_time(host);
        auto wrong = fault(host, FaultStage::copy);
        if (!wrong) wrong = fault(host, FaultStage::check);
        expect(wrong ? DeployEvent::ended(done, host, *wrong) : DeployEvent::copied(done, host));
    }

    /// A host that goes back by itself takes as long again, and can fail at that too.
    void activate(DeployIndex host) {
        auto done = now_ + activate_time(host);
        auto outcome = HostOutcome::confirmed;
        for (const auto stage : {FaultStage::confirm, FaultStage::health, FaultStage::activate})
            outcome = fault(host, stage).value_or(outcome);
        if (outcome == HostOutcome::rolled_back) {
            done += activate_time(host);
            outcome = fault(host, FaultStage::rollback).value_or(outcome);
        }
        expect(DeployEvent::ended(done, host, outcome));
    }

    void check(DeployIndex host) {
        const auto wrong = fault(host, FaultStage::soak);
        const auto bad = wrong == HostOutcome::inconclusive ? DeployHealth::inconclusive : DeployHealth::fail;
        expect(DeployEvent::checked(now_ + k_check, host, wrong ? bad : DeployHealth::pass));
    }

    const DeployPlan& plan_;
    const DeployScript& script_;
    const Faults& faults_;
    DeployEngine engine_;
    DeployStory story_;
    std::priority_queue<Upcoming, std::vector<Upcoming>, decltype(&comes_later)> queue_{&comes_later};
    std::size_t number_ = 0;
    Millis now_{0};
};

}  // namespace

Result<DeploySimulation> simulate_deploy(const DeployPlan& plan, const DeployScript& script) {
    LOCKSTEP_TRY(const auto faults, resolve(plan, script.faults));
    return Simulator(plan, script, faults).run();
}

}  // namespace lockstep
