// SPDX-License-Identifier: MIT
// What the parts of the fleet share.
#pragma once

#include "lockstep/core/fleet.hpp"

namespace lockstep::fleet {

/// "nixosConfigurations" for nixos and custom.
[[nodiscard]] std::string set_of(ProfileType type);

}  // namespace lockstep::fleet
