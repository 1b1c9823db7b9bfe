// SPDX-License-Identifier: MIT
// The parts of the spine that a fresh run and a resumed one share.
#pragma once

#include <functional>

#include "app/run_state.hpp"

namespace lockstep {

/// Begins the report, runs the stages, ends it with a verdict.
[[nodiscard]] RunReport run_with(RunState& state, const std::function<Result<void>(RunState&)>& stages);

/// From an updated candidate (or from none: `changed` is false) to the end: proves it, lands or proposes, and follows a
/// base that moves.
[[nodiscard]] Result<void> prove_until_settled(RunState& state, bool changed);

/// Acts on the verdict about the hosts in the report, then follows a base that moves.
[[nodiscard]] Result<void> act_until_settled(RunState& state);

/// Tries the proved update on the canary hosts; when they are well it lands, and they keep it.
[[nodiscard]] Result<void> land_by_canary(RunState& state);
/// An earlier process landed the update: canaries that wait for that word get it.
void keep_canaries(RunState& state);

}  // namespace lockstep
