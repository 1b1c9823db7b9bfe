// SPDX-License-Identifier: MIT
// Deploying, for those commands that end in it.
#pragma once

#include <vector>

#include "cli/deploy_request.hpp"
#include "cli/options.hpp"
#include "cli/runs.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/deploy.hpp"

namespace lockstep::cli {

/// Deploys what `proof` proved to the chosen hosts, on an open machine; `past` is the run that is gone on with, or
/// nullptr. The report tells of it alone.
[[nodiscard]] RunReport deploy_with(const Options& options, Machine& machine, const RunReport& proof,
                                    const FoundRun* past);

/// A report of this command, on an open machine, that nothing was said in so far.
[[nodiscard]] RunReport report_of(const Options& options, Machine& machine, const RunReport& proof);
/// The same, ended by an error.
[[nodiscard]] RunReport ended_with(RunReport report, Machine& machine, const Error& error);

/// Carries out a request, tells of it, and ends the report.
[[nodiscard]] RunReport carry_out(const Options& options, Machine& machine, RunReport report, DeployChoice& choice,
                                  const DeployBegun& begun);

/// With --deploy: what has landed goes onto the hosts. The report keeps what it says of the landing; its ending and
/// exit code are then those of the deploy. `past` as above.
[[nodiscard]] RunReport deploy_landed(const Options& options, Machine& machine, RunReport landed,
                                      const FoundRun* past = nullptr);

}  // namespace lockstep::cli
