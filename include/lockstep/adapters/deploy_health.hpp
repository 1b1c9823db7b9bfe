// SPDX-License-Identifier: MIT
// Asking a host about its health: one question, one answer for each check.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy.hpp"
#include "lockstep/core/host_health.hpp"

namespace lockstep::deploy {

/// What one check said.
struct CheckAnswer {
    DeployHealth health = DeployHealth::inconclusive;
    std::string words;  ///< "nginx.service is failed"; cleaned, one line
};

/// Asks the checks that are not on_runner(). `since`: seconds since 1970 by the host's clock, for `quiet`; `limit`:
/// seconds for each command.
[[nodiscard]] Command health_command(const SshTarget& target, Connection connection,
                                     const std::vector<HealthCheck>& checks, std::int64_t since, int limit,
                                     const std::string& nonce);
/// One answer for each of the checks asked, in their order; nullopt: cut off or not our answer.
[[nodiscard]] std::optional<std::vector<CheckAnswer>> parse_health(std::string_view text, std::string_view nonce,
                                                                   const std::vector<HealthCheck>& checks);

}  // namespace lockstep::deploy
