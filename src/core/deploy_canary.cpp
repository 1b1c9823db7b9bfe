// SPDX-License-Identifier: MIT
// Named canaries, or the first hosts that are able to prove something.
#include "core/deploy_canary.hpp"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// A canary that may be switched off proves nothing.
bool can_prove(const DeployHost& host) {
    return !host.optional && !host.offline_ok;
}

/// Adds what the chosen hosts come after, through unchanged hosts too. Returns how many that were.
std::size_t close(const DeployPlan& plan, std::vector<bool>& chosen) {
    std::vector<DeployIndex> todo;
    for (DeployIndex at = 0; at < chosen.size(); ++at)
        if (chosen[at]) todo.push_back(at);
    std::vector<bool> seen = chosen;
    std::size_t added = 0;
    while (!todo.empty()) {
        const auto at = todo.back();
        todo.pop_back();
        for (const auto before : plan.after[at]) {
            if (seen[before]) continue;
            seen[before] = true;
            todo.push_back(before);
            if (plan.hosts[before].unchanged) continue;
            chosen[before] = true;
            ++added;
        }
    }
    return added;
}

DeployCanary finish(const DeployPlan& plan, std::vector<bool> chosen, std::string reason) {
    const auto added = close(plan, chosen);
    if (added > 0) reason += fmt::format("; {} because a canary comes after it", plural(added, "more host"));
    return {std::move(chosen), std::move(reason)};
}

/// The canaries that the policy names and that change; empty if it names none or none of them changes.
Result<std::vector<DeployIndex>> named(const DeployPlan& plan) {
    std::vector<DeployIndex> result;
    for (const auto& name : plan.policy.canary_hosts) {
        const auto found = std::find_if(plan.hosts.begin(), plan.hosts.end(),
                                        [&](const DeployHost& host) { return host.name == name; });
        if (found == plan.hosts.end())
            return Error{ErrorKind::config, fmt::format("the canary {} is not among the hosts of this deploy", name),
                         "", "name a host that is deployed, or give a number (canary: 1)"};
        if (found->unchanged) continue;
        if (found->last)
            return Error{ErrorKind::config, fmt::format("{} cannot be a canary", name),
                         "lockstep runs on it, so it goes last", "name another host"};
        result.push_back(static_cast<DeployIndex>(found - plan.hosts.begin()));
    }
    return result;
}

/// The first `size` candidates that can prove something and wait for nobody outside; else the first ones.
std::vector<bool> first_of(const DeployPlan& plan, const std::vector<DeployIndex>& candidates, std::size_t size) {
    std::vector<bool> chosen(plan.hosts.size(), false);
    std::size_t count = 0;
    const auto is_ready = [&](DeployIndex at) {
        return std::all_of(plan.after[at].begin(), plan.after[at].end(),
                           [&](auto before) { return chosen[before] || plan.hosts[before].unchanged; });
    };
    const auto take = [&](const auto& fits) {
        for (const auto at : candidates)
            if (count < size && !chosen[at] && fits(at)) {
                chosen[at] = true;
                ++count;
            }
    };
    take([&](DeployIndex at) { return can_prove(plan.hosts[at]) && is_ready(at); });
    if (count == 0) take([&](DeployIndex at) { return can_prove(plan.hosts[at]); });
    if (count == 0) take([](DeployIndex) { return true; });
    return chosen;
}

DeployCanary of_names(const DeployPlan& plan, const std::vector<DeployIndex>& names) {
    std::vector<bool> chosen(plan.hosts.size(), false);
    for (const auto at : names) chosen[at] = true;
    return finish(plan, std::move(chosen), "named by the policy");
}

std::string not_named(const DeployPlan& plan) {
    return plan.policy.canary_hosts.empty() ? "" : "; the named canaries do not change";
}

}  // namespace

Result<DeployCanary> choose_canary(const DeployPlan& plan, const std::vector<DeployIndex>& changed) {
    LOCKSTEP_TRY(const auto names, named(plan));
    if (!names.empty()) return of_names(plan, names);
    const auto share = plan.policy.canary_size.value_or(DeployShare{1, false});
    return finish(plan, first_of(plan, changed, share_up(share, changed.size())),
                  fmt::format("the first {} in the order of dependencies{}", to_string(share), not_named(plan)));
}

Result<DeployCanary> choose_smart_canary(const DeployPlan& plan, const std::vector<DeployIndex>& changed,
                                         const std::vector<DeployIndex>& critical) {
    LOCKSTEP_TRY(const auto names, named(plan));
    if (!names.empty()) return of_names(plan, names);
    const auto most = share_up(plan.policy.canary_size.value_or(DeployShare{10, true}), changed.size());
    std::unordered_set<std::string_view> covered;
    std::vector<DeployIndex> picks;
    for (const auto at : critical) {
        const auto& host = plan.hosts[at];
        if (!can_prove(host)) continue;
        const auto known = covered.size();
        covered.insert(host.critical.begin(), host.critical.end());
        if (host.critical.empty()) covered.insert("");  // made critical by hand
        if (covered.size() > known) picks.push_back(at);
        if (picks.size() == most) break;
    }
    if (picks.empty()) return finish(plan, first_of(plan, critical, 1), "the first critical host");
    std::vector<bool> chosen(plan.hosts.size(), false);
    for (const auto at : picks) chosen[at] = true;
    return finish(plan, std::move(chosen), "one host for each critical change, at most " + std::to_string(most));
}

DeployCanary begun_canary(const DeployPlan& plan) {
    std::vector<bool> chosen(plan.hosts.size(), false);
    for (DeployIndex at = 0; at < chosen.size(); ++at) chosen[at] = plan.hosts[at].canary && !plan.hosts[at].unchanged;
    return finish(plan, std::move(chosen), "begun as the canary before");
}

}  // namespace lockstep
