// SPDX-License-Identifier: MIT
// Telling the sinks outside of a run.
#pragma once

#include "cli/environment.hpp"
#include "cli/options.hpp"
#include "cli/runs.hpp"

namespace lockstep::cli {

/// What a run that is over could not deliver is tried once more, with the configuration as its own command line finds
/// it now. Says in `report` and in the run's files what became of it.
void tell_once_more(const Options& options, const Environment& environment, const FoundRun& run, RunReport& report);

}  // namespace lockstep::cli
