// SPDX-License-Identifier: MIT
// What every strategy does with its waves once the hosts are divided.
#pragma once

#include "lockstep/core/deploy_waves.hpp"

namespace lockstep {

/// Fills in soak, gates, expected durations and wave_of.
void finish_waves(DeployPlan& plan);

}  // namespace lockstep
