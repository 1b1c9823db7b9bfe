// SPDX-License-Identifier: MIT
// From configuration to hooks, and around a command.
#include "cli/run_hooks.hpp"

#include "cli/commands.hpp"
#include "cli/finish.hpp"
#include "lockstep/core/ending.hpp"
#include "lockstep/core/journal.hpp"

namespace lockstep::cli {

namespace {

RunReport not_begun(const Options& options, Machine& machine, const std::string& why) {
    auto ports = machine.ports();
    RunReport report;
    report.run.id = machine.store().run_id();
    report.run.command = options.command;
    report.run.started = report.run.finished = ports.clock.now();
    report.run.tool_version = LOCKSTEP_VERSION;
    report.ending = {Outcome::stopped, ExitCode::approval_missing, "not begun: " + why,
                     "see hooks/ in the run's directory; `hooks` in the machine's file names the command"};
    if (const int signal = ports.interrupted(); signal != 0) report.ending.exit = exit_code_of_signal(signal);
    return report;
}

/// after_run comes whatever became of the others.
void end_run_hooks(Machine& machine, RunReport& report) {
    auto& hooks = machine.hooks();
    const auto ports = machine.ports();
    // What before_run began is to be ended also after an interruption.
    if (ports.interrupted() != 0 && hooks.any(HookPoint::after_run)) ports.admit_last();
    auto facts = hooks.facts(HookPoint::after_run);
    if (facts.commit.empty()) facts.commit = report.repo.candidate_commit;
    facts.outcome = std::string(outcome_word(report.ending.outcome));
    facts.detail = report.ending.reason;
    facts.exit_code = static_cast<int>(report.ending.exit);
    hooks.after(facts);
    if (auto words = hooks.words(); !words.empty()) report.notices.push_back(std::move(words));
}

}  // namespace

HookWishes hook_wishes(const Config& config, bool dry_run) {
    HookWishes wishes;
    if (dry_run) return wishes;
    const auto& hooks = config.hooks;
    wishes.lines = {{HookPoint::before_run, hooks.before_run},   {HookPoint::after_run, hooks.after_run},
                    {HookPoint::before_wave, hooks.before_wave}, {HookPoint::after_wave, hooks.after_wave},
                    {HookPoint::before_host, hooks.before_host}, {HookPoint::after_host, hooks.after_host}};
    wishes.timeout = hooks.timeout;
    wishes.stop = hooks.on_failure == HookFailure::stop;
    wishes.log_limit = config.prove.log_limit;
    return wishes;
}

RunReport with_run_hooks(const Options& options, Machine& machine, const std::function<RunReport()>& work) {
    auto& hooks = machine.hooks();
    const auto no = hooks.before(hooks.facts(HookPoint::before_run));
    auto report = no ? not_begun(options, machine, *no) : work();
    if (no) (void)machine.store().journal("outcome", "verdict", journal_data(verdict_data(report.ending)));
    end_run_hooks(machine, report);
    return report;
}

int finish_resumed(const Options& options, Machine& machine, const std::function<RunReport()>& work) {
    auto& hooks = machine.hooks();
    const auto no = hooks.before(hooks.facts(HookPoint::before_run));
    auto report = no ? not_begun(options, machine, *no) : work();
    end_run_hooks(machine, report);
    if (!no) return finish(options, machine, report);
    (void)machine.end_leftovers();
    machine.console().stop();
    (void)tell_error({ErrorKind::usage, "run " + report.run.id + " is not resumed", *no,
                      "nothing was changed; `lockstep resume` again"});
    machine.clean_up(true);
    return static_cast<int>(report.ending.exit);
}

}  // namespace lockstep::cli
