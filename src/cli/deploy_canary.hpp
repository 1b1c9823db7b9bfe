// SPDX-License-Identifier: MIT
// Canaries of an update that has not landed yet.
#pragma once

#include "cli/options.hpp"
#include "cli/runs.hpp"
#include "cli/wiring.hpp"

namespace lockstep::cli {

/// Gives a run the port that tries what it proved on the canaries of the fleet. `past`: the run that is gone on with,
/// or nullptr. The port holds what it is given.
void add_canary(RunPorts& ports, const Options& options, Machine& machine, const FoundRun* past);

}  // namespace lockstep::cli
