// SPDX-License-Identifier: MIT
// What a user decides about a deploy: how hosts are grouped into waves, when to stop, and what then.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

enum class DeployStrategy {
    parallel,    ///< one wave per level of dependencies
    rolling,     ///< batches, one after another
    canary,      ///< a few hosts, a soak, then the rest
    blue_green,  ///< stage everywhere, one gate, then flip all
    smart,       ///< what changed on each host decides: leaf packages together, critical units behind a canary
};

[[nodiscard]] std::string_view word(DeployStrategy strategy);  ///< "parallel", …, "blue-green", "smart"
[[nodiscard]] Result<DeployStrategy> parse_deploy_strategy(std::string_view text);

/// A number of hosts, or a part of them: "3", "25%".
struct DeployShare {
    std::size_t amount = 0;
    bool percent = false;

    bool operator==(const DeployShare&) const = default;
};

[[nodiscard]] Result<DeployShare> parse_deploy_share(std::string_view text);
[[nodiscard]] std::string to_string(DeployShare share);
/// The size of a batch or of the canary: percent rounds up, and it is at least 1.
[[nodiscard]] std::size_t share_up(DeployShare share, std::size_t hosts);
/// The failures that are tolerated: percent rounds down.
[[nodiscard]] std::size_t share_down(DeployShare share, std::size_t hosts);

/// What happens to the hosts that were already done when a run stops.
enum class OnStop {
    keep,           ///< they stay on the new system
    rollback_wave,  ///< those of the wave that stopped the run go back
    rollback_run,   ///< all of this run go back
};

[[nodiscard]] std::string_view word(OnStop on_stop);
[[nodiscard]] Result<OnStop> parse_on_stop(std::string_view text);

/// Waiting after a wave, with checks spread evenly over it; the last check is at the end.
struct DeploySoak {
    Millis duration{0};
    std::size_t checks = 0;  ///< at least 1 when there is a duration: waiting alone proves nothing

    bool operator==(const DeploySoak&) const = default;
};

/// Where somebody has to agree before the run goes on. blue_green always asks before the flip, and hosts may ask for
/// themselves (DeployHost::approval).
struct DeployGates {
    bool start = false;         ///< before the first wave
    bool after_canary = false;  ///< before the wave that follows the canary
    bool every = false;         ///< before each wave

    bool operator==(const DeployGates&) const = default;
};

/// A span of time in which waves may be begun, since the epoch; `until` is outside. Zones and weekdays were resolved by
/// the caller: the engine knows no calendar.
struct DeployWindow {
    Millis from{0};
    Millis until{0};

    bool operator==(const DeployWindow&) const = default;
};

struct DeployPolicy {
    DeployStrategy strategy = DeployStrategy::smart;
    /// Sizes of the batches; the last one repeats. Empty: [1] for rolling, everything at once for canary and smart.
    std::vector<DeployShare> batches;
    std::vector<std::string> canary_hosts;   ///< by name; wins over canary_size
    std::optional<DeployShare> canary_size;  ///< default: 1, for smart up to a tenth
    DeploySoak soak;
    DeployShare tolerate;                       ///< failures per wave; the run stops when they are exceeded
    std::optional<DeployShare> tolerate_total;  ///< failures of the whole run; unset: what `tolerate` says, of the run
    OnStop on_stop = OnStop::keep;
    std::size_t copies = 0;       ///< at the same time; 0 = no limit
    std::size_t activations = 0;  ///< at the same time, rollbacks included; 0 = no limit
    DeployGates gates;
    std::optional<std::vector<DeployWindow>> windows;  ///< ascending; unset: always open; empty: never
    Millis expected_copy{20'000};                      ///< for hosts that nothing is known about
    Millis expected_activate{30'000};

    bool operator==(const DeployPolicy&) const = default;
};

/// Refuses what cannot be meant: batches of 0 hosts, more than 100 %, windows that end before they start.
[[nodiscard]] Result<void> check_deploy_policy(const DeployPolicy& policy);

}  // namespace lockstep
