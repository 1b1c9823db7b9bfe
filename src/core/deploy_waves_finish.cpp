// SPDX-License-Identifier: MIT
// Soaks, gates and durations of waves, and the plan as text.
#include "core/deploy_waves_finish.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

Millis or_usual(Millis expected, Millis usual) {
    return expected > Millis{0} ? expected : usual;
}

/// An upper bound for steps that are begun as soon as one of `limit` places is free.
Millis bound(Millis chain, Millis sum, std::size_t limit, std::size_t steps) {
    return limit == 0 || limit >= steps ? chain : chain + sum / static_cast<Millis::rep>(limit);
}

/// Copies first, then activations; of hosts that wait for each other there is at most one on each level.
Millis expected_of(const DeployPlan& plan, const DeployWave& wave) {
    Millis longest_copy{0};
    Millis copies{0};
    Millis activations{0};
    Millis chain{0};
    Millis level_longest{0};
    std::uint32_t level = 0;
    for (const auto at : wave.hosts) {
        if (plan.hosts[at].done) continue;
        const auto copy = or_usual(plan.hosts[at].expected_copy, plan.policy.expected_copy);
        const auto activate = or_usual(plan.hosts[at].expected_activate, plan.policy.expected_activate);
        longest_copy = std::max(longest_copy, copy);
        copies += copy;
        activations += activate;
        if (plan.level[at] != level) chain += std::exchange(level_longest, Millis{0});
        level = plan.level[at];
        level_longest = std::max(level_longest, activate);
    }
    auto total = wave.soak.duration;
    total += bound(chain + level_longest, activations, plan.policy.activations, wave.hosts.size());
    if (!plan.stage_first) total += bound(longest_copy, copies, plan.policy.copies, wave.hosts.size());
    return total;
}

std::string gate_of(const DeployPlan& plan, std::size_t index) {
    const auto& gates = plan.policy.gates;
    const auto begins = [&](const DeployWave& wave) { return begins_hosts(plan, wave); };
    if (!begins(plan.waves[index])) return "";  // nothing that somebody could say no to
    const auto at_index = plan.waves.begin() + static_cast<std::ptrdiff_t>(index);
    const bool first = std::none_of(plan.waves.begin(), at_index, begins);
    const bool after_canary = index > 0 ? plan.waves[index - 1].canary : plan.before.canary_ended;
    std::vector<std::string> reasons;
    if (plan.stage_first && first)
        reasons.emplace_back("everything is staged");
    else if (gates.every || (gates.start && first))
        reasons.emplace_back("the policy asks before this wave");
    else if (gates.after_canary && after_canary)
        reasons.emplace_back("the policy asks after the canary");
    for (const auto at : plan.waves[index].hosts)
        if (!plan.hosts[at].done && !plan.hosts[at].approval.empty())
            reasons.push_back(plan.hosts[at].name + ": " + plan.hosts[at].approval);
    return join(reasons, "; ");
}

/// Between waves of rolling, parallel and blue-green; canary and smart soak after the canary only.
bool soaks_between(DeployStrategy strategy) {
    return strategy != DeployStrategy::canary && strategy != DeployStrategy::smart;
}

std::string names_of(const DeployPlan& plan, const std::vector<DeployIndex>& hosts) {
    std::string result;
    for (const auto at : hosts) result += (result.empty() ? "" : ", ") + plan.hosts[at].name;
    return result;
}

}  // namespace

void finish_waves(DeployPlan& plan) {
    plan.wave_of.assign(plan.hosts.size(), static_cast<std::uint32_t>(plan.waves.size()));
    for (std::size_t index = 0; index < plan.waves.size(); ++index) {
        auto& wave = plan.waves[index];
        for (const auto at : wave.hosts) plan.wave_of[at] = static_cast<std::uint32_t>(index);
        if (soaks_between(plan.policy.strategy) && index + 1 < plan.waves.size()) wave.soak = plan.policy.soak;
        if (wave.soak.duration > Millis{0}) wave.soak.checks = std::max<std::size_t>(1, wave.soak.checks);
        wave.gate = gate_of(plan, index);
        wave.expected = expected_of(plan, wave);
    }
}

std::string deploy_risk_words(const DeployHost& host) {
    if (host.risk == DeployRisk::leaf) return "leaf, said by hand";
    if (host.risk == DeployRisk::critical) return "critical, said by hand";
    return host.critical.empty() ? "leaf packages only" : "critical: " + join(host.critical, ", ");
}

std::vector<std::string> plan_lines(const DeployPlan& plan) {
    std::vector<std::string> lines;
    if (plan.stage_first) lines.emplace_back("first: copy to every host, change nothing that runs");
    for (std::size_t index = 0; index < plan.waves.size(); ++index) {
        const auto& wave = plan.waves[index];
        lines.push_back(fmt::format("wave {} of {}, {}: {} ({})", index + 1, plan.waves.size(), wave.name,
                                    names_of(plan, wave.hosts), wave.reason));
        if (plan.policy.strategy == DeployStrategy::smart)
            for (const auto at : wave.hosts)
                lines.push_back(fmt::format("  {}: {}", plan.hosts[at].name, deploy_risk_words(plan.hosts[at])));
        if (!wave.gate.empty()) lines.push_back("  waits for approval: " + wave.gate);
        lines.push_back(fmt::format(
            "  takes at most {} as far as is known; tolerates {} of {}", human_duration(wave.expected),
            plural(share_down(wave.tolerate, wave.hosts.size()), "failure"), plural(wave.hosts.size(), "host")));
        if (wave.soak.checks > 0)
            lines.push_back(fmt::format("  then {} within {}", plural(wave.soak.checks, "check"),
                                        human_duration(wave.soak.duration)));
    }
    if (!plan.skipped.empty()) lines.push_back("unchanged: " + names_of(plan, plan.skipped));
    return lines;
}

}  // namespace lockstep
