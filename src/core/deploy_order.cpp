// SPDX-License-Identifier: MIT
// Names become indices, dependencies become levels; a cycle is shown whole.
#include "core/deploy_order.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

Result<void> resolve_names(DeployPlan& plan) {
    std::unordered_map<std::string_view, DeployIndex> by_name;
    by_name.reserve(plan.hosts.size());
    for (const auto& host : plan.hosts)
        if (!by_name.emplace(host.name, static_cast<DeployIndex>(by_name.size())).second)
            return Error{ErrorKind::config, fmt::format("two hosts of the deploy are called {}", host.name), "",
                         "every host has one name; remove or rename one of them"};
    plan.after.resize(plan.hosts.size());
    plan.dependents.resize(plan.hosts.size());
    std::vector<DeployIndex> named_by(plan.hosts.size(), k_no_host);
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at)
        for (const auto& name : plan.hosts[at].after) {
            const auto found = by_name.find(name);
            if (found == by_name.end() || named_by[found->second] == at) continue;
            named_by[found->second] = at;
            plan.after[at].push_back(found->second);
            plan.dependents[found->second].push_back(at);
        }
    return {};
}

/// `unmet` is not 0 for hosts that are on a cycle or behind one: walking to what a host still waits for ends on it.
Error cycle_error(const DeployPlan& plan, const std::vector<std::uint32_t>& unmet) {
    auto at = static_cast<DeployIndex>(std::find_if(unmet.begin(), unmet.end(), [](auto count) { return count != 0; }) -
                                       unmet.begin());
    std::vector<DeployIndex> path;
    auto seen = path.end();
    for (; (seen = std::find(path.begin(), path.end(), at)) == path.end();) {
        path.push_back(at);
        at = *std::find_if(plan.after[at].begin(), plan.after[at].end(), [&](auto next) { return unmet[next] != 0; });
    }
    std::vector<std::string> names;
    for (; seen != path.end(); ++seen) names.push_back(plan.hosts[*seen].name);
    names.push_back(names.front());
    return {ErrorKind::config, "hosts come after each other in a circle", join(names, " after "),
            "remove one of these from `after`"};
}

/// The host that goes last cannot be waited for by one that does not.
Result<void> check_last(const DeployPlan& plan, const std::vector<DeployIndex>& order) {
    std::vector<DeployIndex> behind(plan.hosts.size(), k_no_host);
    for (const auto at : order) {
        for (const auto before : plan.after[at]) {
            const auto& host = plan.hosts[before];
            if (host.last && !host.unchanged) behind[at] = before;
            if (behind[before] != k_no_host) behind[at] = behind[before];
        }
        const auto& host = plan.hosts[at];
        if (behind[at] == k_no_host || host.last || host.unchanged) continue;
        return Error{ErrorKind::config,
                     fmt::format("{} comes after {}, which goes last", host.name, plan.hosts[behind[at]].name),
                     "lockstep runs on that host: its own update can end the run, so nothing can wait for it",
                     fmt::format("remove {} from `after`, or run lockstep elsewhere", plan.hosts[behind[at]].name)};
    }
    return {};
}

}  // namespace

Result<std::vector<DeployIndex>> order_hosts(DeployPlan& plan) {
    LOCKSTEP_TRY_VOID(resolve_names(plan));
    const auto count = plan.hosts.size();
    std::vector<std::uint32_t> unmet(count);
    plan.level.assign(count, 0);
    std::vector<DeployIndex> order;
    order.reserve(count);
    for (DeployIndex at = 0; at < count; ++at) {
        unmet[at] = static_cast<std::uint32_t>(plan.after[at].size());
        if (unmet[at] == 0) order.push_back(at);
    }
    for (std::size_t next = 0; next < order.size(); ++next) {
        const auto at = order[next];
        const auto above = plan.level[at] + (plan.hosts[at].unchanged ? 0U : 1U);
        for (const auto dependent : plan.dependents[at]) {
            plan.level[dependent] = std::max(plan.level[dependent], above);
            if (--unmet[dependent] == 0) order.push_back(dependent);
        }
    }
    if (order.size() != count) return cycle_error(plan, unmet);
    LOCKSTEP_TRY_VOID(check_last(plan, order));
    return order;
}

}  // namespace lockstep
