// SPDX-License-Identifier: MIT
// When a host counts as healthy. Pure: somebody else asks the questions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_events.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

struct HealthCheck {
    enum class Kind {
        unit,     ///< "unit NAME": it is active
        listens,  ///< "listens PORT": something on the host accepts TCP there
        closed,   ///< "closed PORT": nothing does
        tcp,      ///< "tcp PORT": the runner can connect
        http,     ///< "http URL [STATUS]": the runner gets that status (200); {host} in the URL is the host's address
        command,  ///< "command TEXT": exit code 0 by the host's sh
        quiet,    ///< "quiet UNIT PATTERN": no line of its journal since the activation matches
    };
    Kind kind = Kind::unit;
    std::string subject;  ///< unit, URL, command
    std::string pattern;  ///< of quiet
    int number = 0;       ///< port, status

    /// Whether the runner asks, not the host.
    [[nodiscard]] bool on_runner() const { return kind == Kind::tcp || kind == Kind::http; }
    bool operator==(const HealthCheck&) const = default;
};

/// Errors (config): says which words there are.
[[nodiscard]] Result<HealthCheck> parse_health_check(std::string_view text);
[[nodiscard]] std::string to_string(const HealthCheck& check);

struct HealthPolicy {
    std::vector<HealthCheck> checks;  ///< empty: reachable, and no unit failed that had not failed before
    std::size_t passes = 1;           ///< in a row
    Millis interval{2'000};           ///< between two looks
    Millis patience{30'000};          ///< from the first look; after it, what was not healthy by then is judged

    bool operator==(const HealthPolicy&) const = default;
};

/// One look: every check passes, one fails, or one could not be answered.
using HealthLook = DeployHealth;

/// Looks in their order. Pass: the last `passes` ones passed. Not yet settled: nullopt, look again. At the end of
/// patience: a run of looks that changes its mind, or that could not be answered, is inconclusive; one that failed to
/// its end is a failure.
[[nodiscard]] std::optional<DeployHealth> judge_health(const std::vector<HealthLook>& looks, const HealthPolicy& policy,
                                                       bool patience_over);

}  // namespace lockstep
