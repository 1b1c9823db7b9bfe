// SPDX-License-Identifier: MIT
// An answer of a host as a look at it.
#pragma once

#include "lockstep/app/fleet_commands.hpp"

namespace lockstep {

[[nodiscard]] FleetLook look_from(const FleetTarget& target, const FleetAnswer& answer);

}  // namespace lockstep
