// SPDX-License-Identifier: MIT
// The end of every command that makes a report.
#pragma once

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::cli {

/// Writes the report's files, tells terminal and runner, cleans up; returns the exit code.
[[nodiscard]] int finish(const Options& options, Machine& machine, const RunReport& report);

}  // namespace lockstep::cli
