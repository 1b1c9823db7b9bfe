// SPDX-License-Identifier: MIT
// Which earlier run a command line means.
#pragma once

#include "cli/environment.hpp"
#include "cli/options.hpp"
#include "cli/runs.hpp"

namespace lockstep::cli {

/// `--run-dir`, else the operand as find_run() reads it, among the runs of the repository we are in.
[[nodiscard]] Result<FoundRun> wanted_run(const Options& options, const Environment& environment);

}  // namespace lockstep::cli
