// SPDX-License-Identifier: MIT
// Read from the table of keys, so that a new key is part of plans by itself.
#include "lockstep/core/deploy_plan_policy.hpp"

#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

std::map<std::string, std::string> plan_policy(const Config& config) {
    constexpr std::size_t k_longest = 4000;
    const Config defaults;
    std::map<std::string, std::string> policy;
    for (const auto& key : config_keys()) {
        if (!key.path.starts_with("deploy.") || !key.show) continue;
        if (key.path == "deploy.approvers" || key.path == "deploy.approval_valid") continue;
        const auto text = key.show(config);
        if (key.path == "deploy.strategy" || text != key.show(defaults))
            policy[std::string(key.path)] = clean_line(text, k_longest);
    }
    return policy;
}

}  // namespace lockstep
