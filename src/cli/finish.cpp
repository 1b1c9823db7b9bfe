// SPDX-License-Identifier: MIT
// Reports, last words, cleaning up.
#include "cli/finish.hpp"

#include <exception>
#include <iostream>
#include <optional>

#include "cli/commands.hpp"
#include "cli/edge_courier.hpp"
#include "cli/outputs.hpp"
#include "cli/telling.hpp"
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
    const bool untold = report.ending.exit == ExitCode::alarm && report.repo.forge != "none";
    return !report.pull && (untold || may_be_resumed(report.ending.exit));
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

/// Telling others must not cost the run its end, whatever happens there.
template <class Act>
void without_harm(RunStore& store, const Act& act) noexcept {
    try {
        act();
    } catch (const std::exception& trouble) {
        store.log(std::string("notifications: ") + trouble.what());
    }
}

/// The report stands before anybody is told; who was, is put into it afterwards.
std::string write_and_tell(Machine& machine, RunReport& report) {
    auto& store = machine.store();
    std::optional<Telling> telling;
    EdgeCourier courier;
    without_harm(store, [&] {
        if (!notify::is_told(report)) return;
        telling.emplace(telling_place(machine), courier);
        telling->begin(store, report);
    });
    auto path = write_reports(store, report);
    machine.reach("report-renamed");
    if (!telling) return path;
    without_harm(store, [&] {
        if (telling->send(store, report, [&](std::string_view step) { machine.reach(step); }))
            path = write_reports(store, report);
        telling->send_earlier(store.run_id());
    });
    return path;
}

}  // namespace

int finish(const Options& options, Machine& machine, const RunReport& done) {
    RunReport report = done;
    name_leftovers(machine, report);
    machine.end_interim();
    machine.reach("report-temp");
    const std::string path = write_and_tell(machine, report);
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
