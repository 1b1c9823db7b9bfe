// SPDX-License-Identifier: MIT
// Deploying, for those commands that end in it.
#pragma once

#include <vector>

#include "cli/options.hpp"
#include "cli/runs.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/deploy.hpp"

namespace lockstep::cli {

/// Deploys what `proof` proved to the chosen hosts, on an open machine; `past` is the run that is gone on with, or
/// nullptr. The report tells of it alone.
[[nodiscard]] RunReport deploy_with(const Options& options, Machine& machine, const RunReport& proof,
                                    const FoundRun* past);

/// With --deploy: what has landed goes onto the hosts. The report keeps what it says of the landing; its ending and
/// exit code are then those of the deploy. `past` as above.
[[nodiscard]] RunReport deploy_landed(const Options& options, Machine& machine, RunReport landed,
                                      const FoundRun* past = nullptr);

}  // namespace lockstep::cli
