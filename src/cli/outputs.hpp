// SPDX-License-Identifier: MIT
// What a finished run leaves behind: files of the run, and what the CI runner reads.
#pragma once

#include <string>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/ports/run_store.hpp"

namespace lockstep::cli {

/// report.json, report.md, junit.xml. Returns the path of report.json, "" when it could not be written (said in
/// run.log).
[[nodiscard]] std::string write_reports(RunStore& store, const RunReport& report);

/// Step outputs, step summary and annotations. Trouble here changes no verdict; it comes back as text, "" when all is
/// well.
[[nodiscard]] std::string tell_runner(const runner::Environment& environment, const RunReport& report,
                                      const std::string& report_path, std::size_t summary_limit,
                                      const std::string& random_hex);

/// The exit code after --exit-zero-on.
[[nodiscard]] int final_exit(const RunReport& report, const std::vector<std::string>& exit_zero_on);

}  // namespace lockstep::cli
