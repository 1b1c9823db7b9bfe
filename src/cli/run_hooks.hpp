// SPDX-License-Identifier: MIT
// Hooks of a command as a whole.
#pragma once

#include <functional>

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/hooks.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::cli {

/// What the configuration wants; nothing in a dry run.
[[nodiscard]] HookWishes hook_wishes(const Config& config, bool dry_run);

/// before_run, then `work`, then after_run, which is run whatever became of the others. What before_run forbids ends
/// with exit code 52.
[[nodiscard]] RunReport with_run_hooks(const Options& options, Machine& machine,
                                       const std::function<RunReport()>& work);
/// The same around going on with a run, to its end; returns the exit code. What before_run forbids stays as it was,
/// with its report and its commit, and can be resumed.
[[nodiscard]] int finish_resumed(const Options& options, Machine& machine, const std::function<RunReport()>& work);

}  // namespace lockstep::cli
