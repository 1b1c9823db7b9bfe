// SPDX-License-Identifier: MIT
// The hosts' part of `plan`.
#pragma once

#include <string>

#include "cli/wiring.hpp"

namespace lockstep::cli {

/// What a deploy of the newest proof would bring to hosts that earlier deploys left somewhere. Asks only this machine's
/// store.
[[nodiscard]] std::string deploy_outlook(Machine& machine);

}  // namespace lockstep::cli
