// SPDX-License-Identifier: MIT
// Reports, last words, cleaning up.
#include "cli/finish.hpp"

#include <iostream>

#include "cli/commands.hpp"
#include "cli/outputs.hpp"
#include "edges/state_paths.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

/// A commit that could not be pushed anywhere is all that is left of the work, and a run that was cut off can go on
/// from it.
bool keeps_work(const RunReport& report) {
    if (report.run.command != "run" || report.run.dry_run || report.repo.candidate_commit.empty()) return false;
    return !report.pull && may_be_resumed(report.ending.exit);
}

/// No process of the run outlives it, or it is named.
void name_leftovers(Machine& machine, RunReport& report) {
    const auto left = machine.end_leftovers();
    if (!left.ended.empty())
        report.notices.push_back("processes that builds left behind were ended: " + clean_line(join(left.ended, ", ")));
    if (!left.living.empty())
        report.notices.push_back("processes of this run that could not be ended: " +
                                 clean_line(join(left.living, ", ")));
}

}  // namespace

int finish(const Options& options, Machine& machine, const RunReport& done) {
    RunReport report = done;
    name_leftovers(machine, report);
    machine.end_interim();
    machine.reach("report-temp");
    const std::string path = write_reports(machine.store(), report);
    machine.reach("report-renamed");
    machine.console().stop();
    if (const auto trouble =
            tell_runner(machine.runner(), report, path, machine.known_config().report.summary_limit, random_hex());
        !trouble.empty())
        std::cerr << "lockstep: the runner's files could not be written: " << secrets().redacted(clean_line(trouble))
                  << '\n';
    if (!options.quiet) machine.console().foreign(report_text(report, machine.console().color()));
    machine.console().foreign(last_line(report, path.empty() ? "no report" : path) + "\n");
    if (options.json) tell_result(report_json(report));
    machine.clean_up(keeps_work(report));
    return final_exit(report, options.exit_zero_on);
}

}  // namespace lockstep::cli
