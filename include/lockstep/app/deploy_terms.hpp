// SPDX-License-Identifier: MIT
// What a deploy was agreed to beforehand: a plan, and the signed words of those who may agree to it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/deploy_approval.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep {

struct DeployTerms {
    std::optional<DeployPlanFile> plan;  ///< exactly this is carried out, or nothing
    bool signed_only = false;            ///< there is a file of approvers: gates are answered by approvals alone
    std::vector<GivenApproval> approvals;
    std::chrono::milliseconds longest{0};  ///< how long an approval counts at most; 0 = as long as it says
    std::string refusal;                   ///< why nothing may be begun, known before any look at a host; "" = nothing
};

/// An approval as it was given, with the name of its file for people.
struct ApprovalFile {
    std::string name, text;
};

/// Checks approvals of `plan` against the text of a file of approvers, by ssh-keygen; both are kept in the run's
/// directory. What is wrong with any of them is a refusal: nobody gives an approval that is not to count.
void take_approvals(DeployTerms& terms, const std::vector<ApprovalFile>& files, const std::string& approvers,
                    ProcessRunner& processes, RunStore& store, const Clock& clock);

}  // namespace lockstep
