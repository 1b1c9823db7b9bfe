// SPDX-License-Identifier: MIT
// Random fleets and policies of all shapes, and what the rules say about them, worked out in another way than the
// engine does it.
#pragma once

#include <bitset>
#include <random>
#include <string>
#include <vector>

#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

inline constexpr std::size_t k_most_hosts = 200;
using HostSet = std::bitset<k_most_hosts>;

struct RandomDeploy {
    DeployFleet fleet;
    DeployPolicy policy;
    std::vector<HostSet> needs;  ///< by host: the changed hosts that it comes after, through unchanged ones too
    double failing = 0;          ///< how often something goes wrong
    bool cancels = false;
};

class DeployDice {
public:
    explicit DeployDice(std::uint32_t seed) : engine_(seed) {}

    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : engine_() % limit; }
    bool chance(double part) { return static_cast<double>(engine_()) < part * static_cast<double>(engine_.max()); }
    std::mt19937& engine() { return engine_; }

    RandomDeploy deploy() {
        RandomDeploy result;
        hosts(result);
        result.policy = policy(result.fleet);
        const double rates[] = {0, 0.003, 0.03, 0.3};
        result.failing = rates[below(4)];
        result.cancels = chance(0.1);
        return result;
    }

private:
    /// Who comes after whom follows a hidden order, so there are no cycles.
    void hosts(RandomDeploy& result) {
        const auto count = chance(0.5) ? below(k_most_hosts + 1) : below(31);
        const double unchanged = chance(0.3) ? 0.6 : 0.1;
        const double edges = chance(0.3) ? 0 : 0.5;
        std::vector<DeployIndex> order(count);
        result.needs.resize(count);
        for (DeployIndex at = 0; at < count; ++at) {
            order[at] = at;
            auto& host = result.fleet.emplace_back();
            host.name = "h" + std::to_string(at);
            host.unchanged = chance(unchanged);
            host.optional = chance(0.1);
            host.offline_ok = chance(0.1);
            if (chance(0.2)) host.critical = {chance(0.5) ? "kernel" : "sshd"};
            if (chance(0.003)) host.approval = "asks";
        }
        std::shuffle(order.begin(), order.end(), engine_);
        for (std::size_t at = 1; at < count; ++at)
            for (int edge = 0; edge < 3; ++edge)
                if (chance(edges)) add_edge(result, order[at], order[below(at)]);
        if (count > 0 && chance(0.3)) result.fleet[order.back()].last = true;
    }

    static void add_edge(RandomDeploy& result, DeployIndex host, DeployIndex before) {
        result.fleet[host].after.push_back(result.fleet[before].name);
        if (result.fleet[before].unchanged)
            result.needs[host] |= result.needs[before];
        else
            result.needs[host].set(before);
    }

    DeployPolicy policy(const DeployFleet& fleet) {
        DeployPolicy result;
        result.strategy = static_cast<DeployStrategy>(below(5));
        for (auto count = below(4); count > 0; --count) result.batches.push_back({1 + below(40), chance(0.5)});
        if (chance(0.3)) result.canary_size = DeployShare{1 + below(20), chance(0.5)};
        if (!fleet.empty() && chance(0.3)) {
            const auto& host = fleet[below(fleet.size())];
            if (!host.last) result.canary_hosts = {host.name};
        }
        if (chance(0.5)) result.soak = {Millis{below(100'000)}, below(3)};
        result.tolerate = {below(chance(0.5) ? 3 : 30), chance(0.5)};
        if (chance(0.3)) result.tolerate_total = DeployShare{below(20), chance(0.5)};
        result.on_stop = static_cast<OnStop>(below(3));
        result.copies = below(6);
        result.activations = below(6);
        result.gates = {chance(0.1), chance(0.1), chance(0.05)};
        if (chance(0.1)) result.windows = windows();
        return result;
    }

    std::vector<DeployWindow> windows() {
        std::vector<DeployWindow> result;
        Millis from{0};
        for (auto count = below(20); count > 0; --count) {
            from += Millis{1 + below(1'000'000)};
            const auto until = from + Millis{1 + below(4'000'000)};
            result.push_back({from, until});
            from = until;
        }
        return result;
    }

    std::mt19937 engine_;
};

}  // namespace lockstep
