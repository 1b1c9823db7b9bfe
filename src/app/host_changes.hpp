// SPDX-License-Identifier: MIT
// What an update changes on hosts, told from this machine's store alone.
#pragma once

#include "app/run_state.hpp"

namespace lockstep {

/// Compares what was proved with what landed before on the same base and flake, host by host, and fills `change` of the
/// report's hosts. Once for a run and only before the new generation is kept; does nothing when time is short. What
/// cannot be found out stays unknown: no verdict depends on it.
void find_host_changes(RunState& state);

}  // namespace lockstep
