// SPDX-License-Identifier: MIT
// A deploy's plan as a file: made now, read by people, signed, and carried out later only if nothing differs.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_impact.hpp"
#include "lockstep/core/deploy_waves.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

inline constexpr std::string_view k_plan_schema = "lockstep-plan/1.0";
inline constexpr std::uint64_t k_longest_plan = 16U << 20U;

struct PlannedHost {
    std::string name;
    std::string from;  ///< what runs there; "" = it was not reached
    std::string to;
    std::string action, reboot;               ///< words of the fleet: "switch", "if-needed"
    std::string backend;                      ///< who activates: "embedded", "colmena"
    std::vector<std::string> reboot_reasons;  ///< parts by which the booted system and the new one differ
    std::string wave;                         ///< "" = it is in none: unchanged
    std::vector<std::string> after;
    std::string risk;      ///< in words
    std::string approval;  ///< why somebody has to agree to this host; "" = nobody has to
    HostImpact impact;

    bool operator==(const PlannedHost&) const = default;
};

struct PlannedWave {
    std::string name, reason;
    std::string gate;  ///< what somebody has to agree to before it; "" = nothing
    std::vector<std::string> hosts;

    bool operator==(const PlannedWave&) const = default;
};

struct DeployPlanFile {
    // What is agreed to: the hash covers it.
    std::string commit, proof;                  ///< what is deployed, and the run that proved it
    std::map<std::string, std::string> policy;  ///< keys of the configuration that are set, as YAML flow text
    std::vector<PlannedWave> waves;
    std::vector<PlannedHost> hosts;  ///< sorted by name
    // What the moment says: it does not.
    std::chrono::system_clock::time_point created{};
    std::string run, tool;                        ///< that made it
    std::map<std::string, HostMeasure> measured;  ///< by host

    bool operator==(const DeployPlanFile&) const = default;
};

/// "sha256:" and 64 digits, of the canonical text of what is agreed to: the member `plan` of the file as compact JSON
/// with sorted keys and a newline (`jq -cS .plan FILE | sha256sum`).
[[nodiscard]] std::string plan_hash(const DeployPlanFile& plan);

/// The whole file. Ends with a newline.
[[nodiscard]] std::string plan_file_json(const DeployPlanFile& plan);

/// Errors (config): no plan, of another version, members that this version does not know, texts that are not clean, or
/// a `hash` that is not its own.
[[nodiscard]] Result<DeployPlanFile> read_plan_file(std::string_view text);

/// Everything by which what would be done now is not what the plan says, one line each; impact and measures do not
/// count. Empty: it is the same.
[[nodiscard]] std::vector<std::string> plan_differences(const DeployPlanFile& wanted, const DeployPlanFile& now);

/// Waves that somebody has to agree to.
[[nodiscard]] std::vector<const PlannedWave*> gated_waves(const DeployPlanFile& plan);

}  // namespace lockstep
