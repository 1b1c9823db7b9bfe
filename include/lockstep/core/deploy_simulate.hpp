// SPDX-License-Identifier: MIT
// What a policy would do if this and that went wrong: the real engine, with hosts that follow a script and a clock that
// jumps.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_engine.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// Where a simulated host fails.
enum class FaultStage {
    probe,     ///< before anything is copied
    copy,      ///< while copying
    check,     ///< the host is asked whether it may switch
    activate,  ///< the new system does not come up
    health,    ///< the proof over a new connection fails
    confirm,   ///< making it permanent fails
    soak,      ///< a check after its wave fails
    rollback,  ///< going back fails, whenever it is tried
};

struct DeployFault {
    std::string host;
    FaultStage stage = FaultStage::health;
    HostOutcome outcome = HostOutcome::rolled_back;

    bool operator==(const DeployFault&) const = default;
};

[[nodiscard]] std::string_view word(FaultStage stage);

/// "web3@health", or with one of the other endings of that stage "web3@health=inconclusive". Errors (usage) list what
/// there is.
[[nodiscard]] Result<DeployFault> parse_deploy_fault(std::string_view text);

/// What follows --fail: hosts, stages and endings, a line per stage.
[[nodiscard]] std::vector<std::string> deploy_fault_help();

struct DeployScript {
    std::vector<DeployFault> faults;
    GateAnswer answer = GateAnswer::approved;  ///< to every gate
    std::optional<Millis> cancel_after;
    Millis start{0};  ///< since the epoch; matters for windows only
};

struct DeploySimulation {
    DeployVerdict verdict;
    std::vector<DeployHostState> hosts;
    Millis took{0};
    std::vector<std::string> lines;   ///< the timeline, for people
    std::vector<DeployEvent> events;  ///< what the engine was told
};

/// Every step takes what the plan expects. An Error (usage) names a fault of a host that is not deployed.
[[nodiscard]] Result<DeploySimulation> simulate_deploy(const DeployPlan& plan, const DeployScript& script);

}  // namespace lockstep
