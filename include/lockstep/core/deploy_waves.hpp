// SPDX-License-Identifier: MIT
// Which hosts are deployed together, and in which order: the plan that the deploy engine carries out and that people
// read beforehand. (Waves of *builds* are something else: src/app/wave_plan.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/deploy_outcome.hpp"
#include "lockstep/core/deploy_policy.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// What the strategy `smart` makes of a host.
enum class DeployRisk {
    by_change,  ///< critical if DeployHost::critical says why, else a leaf
    leaf,       ///< a person says: harmless
    critical,   ///< a person says: behind a canary
};

struct DeployHost {
    std::string name;
    /// Names of the hosts that this one comes after, resolved from tags. Names that are not in the fleet are not part
    /// of the run and hold nobody up.
    std::vector<std::string> after;
    bool unchanged = false;   ///< runs the wanted system already: skipped
    bool optional = false;    ///< the fleet can do without it: unreachable is no failure
    bool offline_ok = false;  ///< often off, updated when it is back: unreachable is no failure
    bool last = false;        ///< the machine that lockstep itself runs on goes last
    /// How an earlier process of the run ended it well, in a wave that was not watched to its end.
    std::optional<HostOutcome> done;
    bool canary = false;  ///< of a canary that an earlier process had begun and not ended
    DeployRisk risk = DeployRisk::by_change;
    std::vector<std::string>
        critical;             ///< why smart is careful ("kernel", "restarts sshd.service"); empty: leaf change
    std::string approval;     ///< why somebody has to agree before its wave; empty: nobody has to
    Millis expected_copy{0};  ///< 0: what the policy says
    Millis expected_activate{0};
};

using DeployFleet = std::vector<DeployHost>;

/// An index into DeployPlan::hosts.
using DeployIndex = std::uint32_t;
inline constexpr DeployIndex k_no_host = ~DeployIndex{0};

/// A set of hosts, fixed before it starts. Inside a wave hosts still wait for those that they come after.
struct DeployWave {
    std::string name;                ///< "canary", "batch 2 of 5", "level 1", "flip", "last"
    std::string reason;              ///< why these hosts are together
    std::vector<DeployIndex> hosts;  ///< in the order of their start
    bool canary = false;             ///< at least one host must be proved before the run goes on
    DeploySoak soak;                 ///< afterwards
    DeployShare tolerate;            ///< a canary wave tolerates nothing
    std::string gate;                ///< what somebody has to agree to before it; empty: nothing
    Millis expected{0};              ///< no longer than this, soak included, if every host takes what is expected
};

/// What earlier processes of the run had done.
struct DeployBefore {
    bool canary = false;             ///< hosts went ahead, or are about to: no others are chosen
    bool canary_ended = false;       ///< and nothing was begun since
    std::size_t failed_in_wave = 0;  ///< failures of the wave that DeployHost::done belongs to
    std::size_t failed = 0;          ///< failures of the run
    std::size_t ended = 0;           ///< hosts that are in no wave any more
};

struct DeployPlan {
    DeployPolicy policy;
    DeployFleet hosts;
    std::vector<DeployWave> waves;     ///< disjoint; with `skipped` they are the whole fleet
    std::vector<DeployIndex> skipped;  ///< unchanged hosts
    bool stage_first = false;          ///< copy to all hosts, then ask once, then begin the waves
    DeployBefore before;

    std::vector<std::uint32_t> wave_of;                ///< by host; for skipped hosts the number of waves
    std::vector<std::uint32_t> level;                  ///< by host: 1 + the highest level of what it comes after
    std::vector<std::vector<DeployIndex>> after;       ///< by host, without duplicates and strangers
    std::vector<std::vector<DeployIndex>> dependents;  ///< by host: who comes after it
};

/// The plan, or an Error that names the cycle, the unknown canary, or what contradicts itself. Near linear in hosts and
/// dependencies, and the same for the same input.
///
/// An unchanged host holds nobody up by itself: it counts as done once everything that it comes after is done.
[[nodiscard]] Result<DeployPlan> plan_waves(DeployFleet fleet, const DeployPolicy& policy,
                                            const DeployBefore& before = {});

/// Something new is begun in this wave: it is more than watching what an earlier process had begun.
[[nodiscard]] bool begins_hosts(const DeployPlan& plan, const DeployWave& wave);

/// The failure rule of definitions: unreachable hosts that are `optional` or `offline_ok` do not count.
[[nodiscard]] bool counts_as_failure(const DeployHost& host, HostOutcome outcome);

/// What the strategy `smart` makes of the host, and why: "critical: kernel, initrd".
[[nodiscard]] std::string deploy_risk_words(const DeployHost& host);

/// The plan for people, one line each: waves, hosts, gates, soak, reasons, skipped hosts.
[[nodiscard]] std::vector<std::string> plan_lines(const DeployPlan& plan);

}  // namespace lockstep
