// SPDX-License-Identifier: MIT
// What a wave has to do, before it does it: reads the closures of what is invalid, and sorts out what cannot be built,
// failed before, or needs no building. No child processes here.
#pragma once

#include <string>
#include <vector>

#include "app/settle.hpp"

namespace lockstep {

/// Reads the closures of the wave's invalid targets into the graph; notes derivations that nobody here can build and
/// those that earlier runs found to fail; skips what is unchanged and proved. Returns the targets, taken out of the
/// wave, that wait for the evaluation of the base commit.
[[nodiscard]] std::vector<ReadyTarget> look(const ProveRequest& request, const ProvePorts& ports, Wave& wave,
                                            ProofState& state);

/// With the dry run's answer: what each target still needs, and which ones are not even tried. Tells the totals.
void weigh(const ProvePorts& ports, Wave& wave, const ProofState& state);

}  // namespace lockstep
