// SPDX-License-Identifier: MIT
// Somebody's word that a plan may be carried out: a text that is signed with an ssh key, and what it is good for.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_plan_file.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

inline constexpr std::string_view k_approval_schema = "lockstep-approval/1.0";
inline constexpr std::string_view k_approval_namespace = "lockstep-approval";  ///< of ssh-keygen -Y
inline constexpr std::uint64_t k_longest_approval = 4U << 20U;

/// What names a signer here: no glob, no list, no option.
[[nodiscard]] bool is_principal(std::string_view text);

struct Approval {
    std::string commit, proof, plan;  ///< `plan` is its hash
    std::vector<std::string> hosts;   ///< that it covers
    std::vector<std::string> waves;   ///< for people
    std::string signer;               ///< a principal of the file of approvers
    std::chrono::system_clock::time_point signed_at{}, expires{};

    bool operator==(const Approval&) const = default;
};

/// Of everything in the plan. Times are cut to whole seconds.
[[nodiscard]] Approval approval_of(const DeployPlanFile& plan, const std::string& signer,
                                   std::chrono::system_clock::time_point now, std::chrono::milliseconds valid);

/// What is signed: the member `approval` of the file as compact JSON with sorted keys and a newline.
[[nodiscard]] std::string approval_text(const Approval& approval);

struct SignedApproval {
    Approval approval;
    std::string signature;  ///< armoured, as ssh-keygen writes it

    bool operator==(const SignedApproval&) const = default;
};
[[nodiscard]] std::string approval_file_json(const SignedApproval& file);
/// Errors (config): no approval, of another version, members that this version does not know, texts that are not clean.
[[nodiscard]] Result<SignedApproval> read_approval_file(std::string_view text);

/// Why an approval, whoever signed it, is no word for this plan at this moment. Nothing: it is.
/// `longest`: an approval that was signed longer ago does not count, whatever it says itself; 0 = any time.
[[nodiscard]] std::optional<std::string> approval_trouble(const Approval& approval, const DeployPlanFile& plan,
                                                          std::chrono::system_clock::time_point now,
                                                          std::chrono::milliseconds longest);

/// An approval whose signature was checked.
struct GivenApproval {
    Approval approval;
    std::string key;  ///< fingerprint, "SHA256:…"

    bool operator==(const GivenApproval&) const = default;
};
/// "alice@example.org (SHA256:…)".
[[nodiscard]] std::string approver_words(const GivenApproval& given);

/// The hosts of the wave that no approval covers.
[[nodiscard]] std::vector<std::string> uncovered_hosts(const PlannedWave& wave,
                                                       const std::vector<GivenApproval>& given);

}  // namespace lockstep
