// SPDX-License-Identifier: MIT
// The commands, each a function from options to an exit code.
#pragma once

#include "cli/environment.hpp"
#include "cli/options.hpp"

namespace lockstep::cli {

[[nodiscard]] int command_run(const Options& options, Environment environment);  ///< run, build, plan
[[nodiscard]] int command_resume(const Options& options, Environment environment);
[[nodiscard]] int command_unlock(const Options& options, Environment environment);
/// status, why, history, report: what the directories of earlier runs tell. Nothing is changed.
[[nodiscard]] int command_past(const Options& options, const Environment& environment);
[[nodiscard]] int command_doctor(const Options& options, Environment environment);
[[nodiscard]] int command_deploy(const Options& options, Environment environment);
[[nodiscard]] int command_approve(const Options& options, Environment environment);
[[nodiscard]] int command_fleet(const Options& options, Environment environment);
[[nodiscard]] int command_notify(const Options& options, Environment environment);
[[nodiscard]] int command_init(const Options& options, Environment environment);
[[nodiscard]] int command_lockdiff(const Options& options);
[[nodiscard]] int command_schema(const Options& options);

/// Prints what failed, why, and what to do next on stderr; returns the exit code.
int tell_error(const Error& error);
/// Writes a result to stdout; a closed pipe is no error.
void tell_result(std::string_view text);

}  // namespace lockstep::cli
