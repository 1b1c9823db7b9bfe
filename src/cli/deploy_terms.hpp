// SPDX-License-Identifier: MIT
// What the command line and the configuration say about agreement: a plan's file, approvals, and who may approve.
#pragma once

#include <optional>
#include <string>

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/deploy_terms.hpp"
#include "lockstep/app/fleet.hpp"

namespace lockstep::cli {

/// The plan that is to be carried out: of --plan, or, when the run is resumed, the one that it keeps. Errors: usage
/// (flags that contradict a plan), config (no plan).
[[nodiscard]] Result<std::optional<DeployPlanFile>> wanted_plan(const Options& options, Machine& machine, bool resumed);

/// Its terms, with the approvals checked. A relative deploy.approvers is read at the base commit. Errors (config): the
/// file of approvers or of an approval cannot be read.
[[nodiscard]] Result<DeployTerms> deploy_terms(const Options& options, Machine& machine, const GatheredFleet& gathered,
                                               std::optional<DeployPlanFile> plan, bool resumed);

/// What somebody is to do after a deploy that nobody agreed to.
[[nodiscard]] std::string next_after_refusal(const DeployTerms& terms);

}  // namespace lockstep::cli
