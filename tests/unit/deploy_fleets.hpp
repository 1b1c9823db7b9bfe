// SPDX-License-Identifier: MIT
// Small fleets for the tests of deploying.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "lockstep/core/deploy_waves.hpp"

namespace lockstep {

using HostNames = std::vector<std::string>;

inline DeployHost deploy_host(const std::string& name, HostNames after = {}) {
    DeployHost host;
    host.name = name;
    host.after = std::move(after);
    return host;
}

/// h0, h1, …: hosts without dependencies.
inline DeployFleet plain_fleet(std::size_t count) {
    DeployFleet fleet;
    for (std::size_t at = 0; at < count; ++at) fleet.push_back(deploy_host("h" + std::to_string(at)));
    return fleet;
}

inline DeployPolicy deploy_policy(DeployStrategy strategy) {
    DeployPolicy policy;
    policy.strategy = strategy;
    return policy;
}

/// A plan that must be possible.
inline DeployPlan planned(DeployFleet fleet, const DeployPolicy& policy, const DeployBefore& before = {}) {
    auto plan = plan_waves(std::move(fleet), policy, before);
    EXPECT_TRUE(plan.ok()) << (plan.ok() ? "" : plan.error().what + ": " + plan.error().why);
    return plan.ok() ? std::move(plan).value() : DeployPlan{};
}

inline HostNames wave_hosts(const DeployPlan& plan, std::size_t wave) {
    HostNames names;
    for (const auto at : plan.waves.at(wave).hosts) names.push_back(plan.hosts[at].name);
    return names;
}

/// The hosts of all waves, wave by wave.
inline std::vector<HostNames> all_waves(const DeployPlan& plan) {
    std::vector<HostNames> waves;
    for (std::size_t at = 0; at < plan.waves.size(); ++at) waves.push_back(wave_hosts(plan, at));
    return waves;
}

inline DeployIndex index_of(const DeployPlan& plan, const std::string& name) {
    for (DeployIndex at = 0; at < plan.hosts.size(); ++at)
        if (plan.hosts[at].name == name) return at;
    ADD_FAILURE() << "no host " << name;
    return 0;
}

}  // namespace lockstep
