// SPDX-License-Identifier: MIT
// Whom a deploy was begun for, written down once: what its selectors mean is another thing when it is resumed.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lockstep/core/deploy_past.hpp"

namespace lockstep {

/// Data of the facts "deploy-hosts" that name the hosts of a deploy; several where one line would be too long.
[[nodiscard]] std::vector<std::string> deploy_hosts_data(const std::vector<std::string>& names);

/// What these facts name; nothing when they are not there, or not all of them.
[[nodiscard]] std::optional<std::vector<std::string>> deploy_hosts(const std::vector<JournalRecord>& journal);

/// Hosts that an earlier process has touched, or failed to, and that are not among `targets`: as they ended, and
/// `unknown` where a switch is open. Sorted by name.
[[nodiscard]] std::vector<DeployHostRecord> lost_hosts(const DeployBegun& begun, const std::set<std::string>& targets);

}  // namespace lockstep
