// SPDX-License-Identifier: MIT
// The sentences of the story.
#include "core/deploy_story.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_name = 60;

std::string name_of(const DeployPlan& plan, DeployIndex at) {
    return clean_line(plan.hosts[at].name, k_name);
}

std::string in_words(HostOutcome outcome) {
    return replace_all(std::string(word(outcome)), "_", " ");
}

std::string clock_of(Millis since) {
    const auto seconds = since.count() / 1000;
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string_view in_words(GateAnswer answer) {
    switch (answer) {
        case GateAnswer::approved:
            return "approved";
        case GateAnswer::refused:
            return "refused";
        case GateAnswer::unanswered:
            break;
    }
    return "nobody answers";
}

/// Hosts of one outcome, those that wait for another host with its name.
std::string named(const DeployPlan& plan, const DeployEngine& engine, HostOutcome outcome) {
    std::vector<std::string> names;
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at) {
        const auto& state = engine.hosts()[at];
        if (state.outcome != outcome) continue;
        names.push_back(name_of(plan, at));
        if (state.because != k_no_host) names.back() += fmt::format(" (after {})", name_of(plan, state.because));
    }
    return join(names, ", ");
}

}  // namespace

void DeployStory::line(Millis now, const std::string& text) {
    lines_.push_back(fmt::format("{:>8}  {}", clock_of(now - start_), text));
}

void DeployStory::tell(const DeployEvent& event, const DeployEngine& engine) {
    using Kind = DeployEvent::Kind;
    const auto host = event.host < plan_.hosts.size() ? name_of(plan_, event.host) : "";
    switch (event.kind) {
        case Kind::copied:
            line(event.at, host + " is copied");
            break;
        case Kind::ended: {
            const auto outcome = engine.hosts()[event.host].outcome.value_or(event.outcome);
            line(event.at, fmt::format("{}: {}", host, in_words(outcome)));
            break;
        }
        case Kind::health:
            if (event.health == DeployHealth::fail) line(event.at, host + " fails its health");
            if (event.health == DeployHealth::inconclusive) line(event.at, host + ": its health cannot be judged");
            break;
        case Kind::gate_answered:
            line(event.at, fmt::format("{}", in_words(event.answer)));
            break;
        case Kind::cancel:
            line(event.at, "somebody ends the run");
            break;
        default:
            break;
    }
}

void DeployStory::begin(const DeployAction& action, Millis now) {
    using Kind = DeployAction::Kind;
    const auto wave = [&] { return fmt::format("wave {} of {}", action.wave + 1, plan_.waves.size()); };
    switch (action.kind) {
        case Kind::begin_wave: {
            const auto& about = plan_.waves[action.wave];
            std::vector<std::string> names;
            for (const auto at : about.hosts) names.push_back(name_of(plan_, at));
            line(now, fmt::format("{}, {}: {}", wave(), about.name, join(names, ", ")));
            break;
        }
        case Kind::check:
            line(now, name_of(plan_, action.host) + " is checked");
            break;
        case Kind::roll_back:
            line(now, name_of(plan_, action.host) + " goes back");
            break;
        case Kind::ask:
            if (action.question == GateQuestion::inconclusive)
                line(now, "pauses and asks: go on although a host could not be judged?");
            else if (action.question == GateQuestion::no_evidence)
                line(now, "pauses and asks: go on although no host of the canary was proved?");
            else
                line(now, fmt::format("asks before {}: {}", wave(), clean_line(plan_.waves[action.wave].gate, 200)));
            break;
        case Kind::wait:
            line(now, "waits until " + clock_of(action.until - start_));
            break;
        default:
            break;
    }
}

void DeployStory::stopped(Millis now, const DeployVerdict& verdict) {
    line(now, fmt::format("{}: {}", word(verdict.stop), clean_line(verdict.reason, 200)));
}

void DeployStory::end(const DeployVerdict& verdict, const DeployEngine& engine, Millis now) {
    std::vector<std::string> counts;
    for (const auto outcome : k_all_host_outcomes)
        if (verdict.count(outcome) > 0)
            counts.push_back(fmt::format("{} {}", verdict.count(outcome), in_words(outcome)));
    line(now, fmt::format("ends after {} with exit code {}: {}", human_duration(now - start_),
                          static_cast<int>(verdict.exit), counts.empty() ? "no hosts" : join(counts, ", ")));
    for (const auto outcome : {HostOutcome::not_started, HostOutcome::cancelled, HostOutcome::rollback_failed,
                               HostOutcome::unhealthy, HostOutcome::unknown})
        if (verdict.count(outcome) > 0)
            lines_.push_back(fmt::format("          {}: {}", in_words(outcome), named(plan_, engine, outcome)));
}

}  // namespace lockstep
