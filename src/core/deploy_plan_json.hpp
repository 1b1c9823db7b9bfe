// SPDX-License-Identifier: MIT
// What writer and reader of plans share.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "lockstep/core/deploy_plan_file.hpp"

namespace lockstep {

/// The member `plan` of the file.
[[nodiscard]] nlohmann::json plan_agreed_json(const DeployPlanFile& plan);

/// Compact, keys sorted, with a newline: what is hashed and what is signed.
[[nodiscard]] std::string canonical_json(const nlohmann::json& value);

}  // namespace lockstep
