// SPDX-License-Identifier: MIT
// What became of a push, from git's porcelain lines, its words and its end. A push is done only when git says so for
// this very ref; whatever cannot be told is unknown, so that the caller reads the remote before it acts.
#pragma once

#include "edges/git_cli.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep {

[[nodiscard]] PushOutcome push_outcome(const GitAnswer& answer, const std::string& ref);

}  // namespace lockstep
