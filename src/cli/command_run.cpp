// SPDX-License-Identifier: MIT
// run, build and plan: wire, do, tell.
#include <iostream>

#include "cli/command_deploy.hpp"
#include "cli/commands.hpp"
#include "cli/deploy_canary.hpp"
#include "cli/deploy_outlook.hpp"
#include "cli/finish.hpp"
#include "cli/outputs.hpp"
#include "cli/run_hooks.hpp"
#include "cli/wiring.hpp"
#include "lockstep/core/ending.hpp"

namespace lockstep::cli {

namespace {

/// A run that could not even get its directory still has a report for whoever asked for one.
int tell_failed_start(const Options& options, const Error& error) {
    if (options.json) {
        RunReport report;
        report.run.command = options.command;
        report.run.tool_version = LOCKSTEP_VERSION;
        report.ending = stopped_by(error);
        tell_result(report_json(report));
    }
    const int code = tell_error(error);
    RunReport forgiving;
    forgiving.ending.exit = static_cast<ExitCode>(code);
    return final_exit(forgiving, options.exit_zero_on);
}

}  // namespace

int command_run(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open(options.command); !opened.ok())
        return tell_failed_start(options, opened.error());
    const auto settings = machine.settings(options.command);
    auto ports = machine.ports();
    add_canary(ports, options, machine, nullptr);
    if (options.command == "plan") {
        auto plan = run_plan(settings, ports);
        if (!options.json) tell_result(plan.text.empty() ? "" : plan.text + deploy_outlook(machine));
        return finish(options, machine, plan.report);
    }
    if (options.command == "build") return finish(options, machine, run_build(settings, ports));
    return finish(options, machine, with_run_hooks(options, machine, [&] {
                      return deploy_landed(options, machine, run_update(settings, ports));
                  }));
}

}  // namespace lockstep::cli
