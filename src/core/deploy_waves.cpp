// SPDX-License-Identifier: MIT
// One function per strategy; all of them cut the same list, which is sorted by dependencies.
#include "lockstep/core/deploy_waves.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/deploy_canary.hpp"
#include "core/deploy_order.hpp"
#include "core/deploy_waves_finish.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Hosts = std::vector<DeployIndex>;

/// Nothing is to be done about it but to watch it.
bool is_only_watched(const DeployHost& host) {
    return host.done && !host.canary;
}

/// The changed hosts by level, in the order of the fleet inside a level; those that go last are left out.
Hosts changed_by_level(const DeployPlan& plan, bool last) {
    Hosts result;
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at) {
        const auto& host = plan.hosts[at];
        if (!host.unchanged && host.last == last && !is_only_watched(host)) result.push_back(at);
    }
    std::stable_sort(result.begin(), result.end(), [&](auto a, auto b) { return plan.level[a] < plan.level[b]; });
    return result;
}

void add_wave(DeployPlan& plan, std::string name, std::string reason, Hosts hosts) {
    if (hosts.empty()) return;
    auto& wave = plan.waves.emplace_back();
    wave.name = std::move(name);
    wave.reason = std::move(reason);
    wave.hosts = std::move(hosts);
    wave.tolerate = plan.policy.tolerate;
}

/// Cuts `hosts` into the batches of the policy; everything at once if it names none.
void add_batches(DeployPlan& plan, const std::vector<DeployShare>& sizes, const std::string& name,
                 const std::string& reason, const Hosts& hosts) {
    std::vector<Hosts> cut;
    for (std::size_t from = 0; from < hosts.size();) {
        const auto share = sizes.empty() ? DeployShare{100, true} : sizes[std::min(cut.size(), sizes.size() - 1)];
        const auto until = std::min(hosts.size(), from + share_up(share, hosts.size()));
        cut.emplace_back(hosts.begin() + static_cast<std::ptrdiff_t>(from),
                         hosts.begin() + static_cast<std::ptrdiff_t>(until));
        from = until;
    }
    for (std::size_t at = 0; at < cut.size(); ++at)
        add_wave(plan, cut.size() == 1 ? name : fmt::format("{} {} of {}", name, at + 1, cut.size()), reason,
                 std::move(cut[at]));
}

/// Takes the hosts of the canary out of `hosts` and makes them a wave.
void add_canary(DeployPlan& plan, const DeployCanary& canary, Hosts& hosts) {
    Hosts first;
    const auto rest = std::stable_partition(hosts.begin(), hosts.end(), [&](auto at) { return !canary.hosts[at]; });
    first.assign(rest, hosts.end());
    hosts.erase(rest, hosts.end());
    if (first.empty()) return;
    add_wave(plan, "canary", canary.reason, std::move(first));
    plan.waves.back().canary = true;
    plan.waves.back().tolerate = {};
    plan.waves.back().soak = plan.policy.soak;
}

void plan_parallel(DeployPlan& plan, const Hosts& changed) {
    for (auto from = changed.begin(); from != changed.end();) {
        const auto level = plan.level[*from];
        const auto until = std::find_if(from, changed.end(), [&](auto at) { return plan.level[at] != level; });
        add_wave(plan, fmt::format("level {}", plan.waves.size() + 1),
                 plan.waves.empty() ? "comes after nobody who changes" : "comes after hosts of earlier levels",
                 Hosts(from, until));
        from = until;
    }
}

void plan_rolling(DeployPlan& plan, const Hosts& changed) {
    const std::vector<DeployShare> one = {{1, false}};
    add_batches(plan, plan.policy.batches.empty() ? one : plan.policy.batches, "batch", "one batch after another",
                changed);
}

Result<void> plan_canary(DeployPlan& plan, Hosts changed) {
    DeployCanary canary = begun_canary(plan);
    if (!plan.before.canary) {
        LOCKSTEP_TRY(canary, choose_canary(plan, changed));
    }
    add_canary(plan, canary, changed);
    add_batches(plan, plan.policy.batches, "rest", "after the canary", changed);
    return {};
}

bool is_critical(const DeployHost& host) {
    if (host.risk != DeployRisk::by_change) return host.risk == DeployRisk::critical;
    return !host.critical.empty();
}

/// Splits off the hosts that need not wait for the proof of critical ones; what comes after a critical host does.
Hosts split_leaves(const DeployPlan& plan, const std::vector<DeployIndex>& order, const DeployCanary& canary,
                   Hosts& hosts) {
    std::vector<bool> late(plan.hosts.size(), false);
    for (const auto at : order) {
        const auto& host = plan.hosts[at];
        late[at] = !host.unchanged && !canary.hosts[at] && is_critical(host);
        for (const auto before : plan.after[at]) late[at] = late[at] || late[before];
    }
    const auto rest = std::stable_partition(hosts.begin(), hosts.end(), [&](auto at) { return !late[at]; });
    Hosts leaves(hosts.begin(), rest);
    hosts.erase(hosts.begin(), rest);
    return leaves;
}

Result<void> plan_smart(DeployPlan& plan, const std::vector<DeployIndex>& order, Hosts changed) {
    Hosts critical;
    std::copy_if(changed.begin(), changed.end(), std::back_inserter(critical),
                 [&](auto at) { return is_critical(plan.hosts[at]); });
    if (critical.empty() && !plan.before.canary) {
        add_wave(plan, "leaves", "only leaf packages change", std::move(changed));
        return {};
    }
    DeployCanary canary = begun_canary(plan);
    if (!plan.before.canary) {
        LOCKSTEP_TRY(canary, choose_smart_canary(plan, changed, critical));
    }
    add_canary(plan, canary, changed);
    auto leaves = split_leaves(plan, order, canary, changed);
    add_wave(plan, "leaves", "only leaf packages change", std::move(leaves));
    add_batches(plan, plan.policy.batches, "critical", "critical changes that the canary went ahead with", changed);
    return {};
}

/// First of all what was begun and not watched to its end. With nothing to follow nobody needs to watch it.
void add_watched(DeployPlan& plan) {
    Hosts hosts;
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at)
        if (is_only_watched(plan.hosts[at])) hosts.push_back(at);
    if (hosts.empty()) return;
    if (plan.waves.empty()) {
        for (const auto at : hosts) plan.hosts[at].unchanged = true;
        plan.skipped.insert(plan.skipped.end(), hosts.begin(), hosts.end());
        return;
    }
    add_wave(plan, "watched", "begun before, and not watched to the end", std::move(hosts));
    std::rotate(plan.waves.begin(), plan.waves.end() - 1, plan.waves.end());
}

}  // namespace

bool begins_hosts(const DeployPlan& plan, const DeployWave& wave) {
    return std::any_of(wave.hosts.begin(), wave.hosts.end(), [&](auto at) { return !plan.hosts[at].done; });
}

bool counts_as_failure(const DeployHost& host, HostOutcome outcome) {
    if (outcome == HostOutcome::unreachable) return !host.optional && !host.offline_ok;
    return is_failure(outcome);
}

Result<DeployPlan> plan_waves(DeployFleet fleet, const DeployPolicy& policy, const DeployBefore& before) {
    LOCKSTEP_TRY_VOID(check_deploy_policy(policy));
    DeployPlan plan;
    plan.before = before;
    plan.policy = policy;
    plan.hosts = std::move(fleet);
    LOCKSTEP_TRY(const auto order, order_hosts(plan));
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at)
        if (plan.hosts[at].unchanged) plan.skipped.push_back(at);
    auto changed = changed_by_level(plan, false);
    switch (policy.strategy) {
        case DeployStrategy::parallel:
            plan_parallel(plan, changed);
            break;
        case DeployStrategy::rolling:
            plan_rolling(plan, changed);
            break;
        case DeployStrategy::canary:
            LOCKSTEP_TRY_VOID(plan_canary(plan, std::move(changed)));
            break;
        case DeployStrategy::blue_green:
            plan.stage_first = true;
            add_wave(plan, "flip", "everything is on every host before", std::move(changed));
            break;
        case DeployStrategy::smart:
            LOCKSTEP_TRY_VOID(plan_smart(plan, order, std::move(changed)));
            break;
    }
    add_wave(plan, "last", "lockstep runs on it", changed_by_level(plan, true));
    add_watched(plan);
    finish_waves(plan);
    return plan;
}

}  // namespace lockstep
