// SPDX-License-Identifier: MIT
// deploy: choose, plan, carry out, tell.
#include "cli/command_deploy.hpp"

#include <iostream>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/control_folder.hpp"
#include "cli/deploy_choice.hpp"
#include "cli/deploy_terms.hpp"
#include "cli/finish.hpp"
#include "cli/fleet_call.hpp"
#include "cli/output_file.hpp"
#include "cli/outputs.hpp"
#include "cli/run_hooks.hpp"
#include "cli/stand_in.hpp"
#include "lockstep/core/deploy_hosts.hpp"
#include "lockstep/core/deploy_simulate.hpp"
#include "lockstep/core/ending.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

RunReport report_of(const Options& options, Machine& machine, const RunReport& proof) {
    RunReport report;
    report.run.id = machine.store().run_id();
    report.run.command = options.command;
    report.run.started = report.run.finished = machine.ports().clock.now();
    report.run.tool_version = LOCKSTEP_VERSION;
    report.run.dry_run = options.dry_run;
    report.repo = proof.repo;
    return report;
}

RunReport ended_with(RunReport report, Machine& machine, const Error& error) {
    report.run.finished = machine.ports().clock.now();
    report.ending = stopped_by(error);
    if (const int signal = machine.ports().interrupted(); signal != 0 && error.kind == ErrorKind::interrupted)
        report.ending.exit = exit_code_of_signal(signal);
    return report;
}

namespace {

/// Who goes on when a switch of our own machine ends this process.
std::function<Result<void>()> stand_in_of(const Options& options, Machine& machine) {
    // Who waited for the end of another process is a stand-in already, and outlives the switch.
    if (options.wait) return {};
    if (options.command != "fleet") return stand_in_for(machine);
    return [] {
        return Result<void>(Error{ErrorKind::usage, "this command is not resumed", "do it by hand there", ""});
    };
}

std::string simulate(const DeployRequest& request, const std::vector<std::string>& faults, int& code) {
    DeployFleet fleet;
    for (const auto& target : request.targets) fleet.push_back(deploy_host_of(target));
    const auto plan = plan_waves(std::move(fleet), request.policy);
    if (!plan.ok()) return code = tell_error(plan.error()), "";
    DeployScript script;
    for (const auto& text : faults) {
        auto fault = parse_deploy_fault(text);
        if (!fault.ok()) return code = tell_error(fault.error()), "";
        script.faults.push_back(std::move(fault).value());
    }
    const auto simulated = simulate_deploy(plan.value(), script);
    if (!simulated.ok()) return code = tell_error(simulated.error()), "";
    code = static_cast<int>(simulated->verdict.exit);
    return join(plan_lines(plan.value()), "\n") + "\n\n" + join(simulated->lines, "\n") + "\n";
}

void end_report(RunReport& report, const DeployRecord& record, const Options& options, const DeployTerms& terms) {
    const auto counts = deploy_counts(record) + (record.reason.empty() ? "" : "; " + record.reason);
    report.ending.exit = record.exit;
    report.ending.reason = counts;
    report.ending.outcome = record.exit == ExitCode::ok ? Outcome::deployed : Outcome::deploy_failed;
    for (const auto& host : record.hosts)
        if (!host.manual.empty()) report.ending.next_action = host.name + " needs a person: " + host.manual;
    if (record.exit != ExitCode::ok && report.ending.next_action.empty())
        report.ending.next_action = "see deployment-report.md beside the report";
    if (record.exit == ExitCode::approval_missing && (terms.plan || terms.signed_only))
        report.ending.next_action = next_after_refusal(terms);
    if (options.dry_run && record.exit == ExitCode::ok) {
        report.ending.outcome = Outcome::would_deploy;
        report.ending.reason = "nothing was changed";
    }
}

/// A dry run's plan: beside the run, where --output says, and in words.
Result<void> tell_plan(const DeployPlanFile& plan, const Options& options, Machine& machine) {
    const auto text = plan_file_json(plan);
    LOCKSTEP_TRY_VOID(machine.store().write_file("deployment-plan.json", text));
    machine.console().foreign("\n" + join(impact_lines(plan), "\n") + "\n\nplan " + plan_hash(plan) + "\n");
    if (!options.output) return {};
    if (*options.output != "-") return write_output(*options.output, text);
    tell_result(text);
    return {};
}

/// An end that is written down is not resumed. A run that landed has written its own.
void write_end(const Options& options, Machine& machine, const RunReport::Ending& ending) {
    (void)machine.store().journal("outcome", options.command == "run" ? "deploy" : "verdict",
                                  journal_data(verdict_data(ending)));
}

/// Approvals that do not count are known before any look at a host.
RunReport refused_with(const Options& options, Machine& machine, RunReport report, const DeployTerms& terms) {
    report.run.finished = machine.ports().clock.now();
    report.ending = {Outcome::deploy_failed, ExitCode::approval_missing, terms.refusal, next_after_refusal(terms)};
    write_end(options, machine, report.ending);  // there is nothing to resume
    return report;
}

}  // namespace

RunReport deploy_with(const Options& options, Machine& machine, const RunReport& proof, const FoundRun* past) {
    auto report = report_of(options, machine, proof);
    // `resume` deploys the same, whatever has landed meanwhile.
    (void)machine.store().journal("fact", "deploy-proof", journal_data({{"run", proof.run.id}}));
    const ControlFolder control;
    auto choice = choose_deploy(options, machine, proof, control.path(), past);
    if (!choice.ok()) return ended_with(report, machine, choice.error());
    if (past == nullptr || !deploy_hosts(past->journal.records))
        if (const auto kept = keep_hosts(machine, choice->request); !kept.ok())
            return ended_with(report, machine, kept.error());
    // A process that was cut off may have left hosts in the middle: those are brought to their end first.
    if (const auto& terms = choice->request.terms; past == nullptr && !terms.refusal.empty())
        return refused_with(options, machine, report, terms);
    return carry_out(options, machine, std::move(report), choice.value(),
                     past != nullptr ? deploy_begun(past->journal.records) : DeployBegun{});
}

RunReport carry_out(const Options& options, Machine& machine, RunReport report, DeployChoice& choice,
                    const DeployBegun& begun) {
    auto ports = machine.ports();
    for (const auto& text : choice.notices) {
        report.notices.push_back(text);
        ports.events.on(Notice{false, text});
    }
    auto& request = choice.request;
    request.run = machine.store().run_id();
    request.secret = machine.settings("deploy").secret_nonce;
    request.dry_run = options.dry_run;
    request.stage = options.stage;
    if (const auto set = set_calendar(choice, machine); !set.ok()) return ended_with(report, machine, set.error());
    machine.hooks().set_commit(request.commit);
    auto deploy_ports = deploy_ports_of(options, ports, machine);
    deploy_ports.stand_in = stand_in_of(options, machine);
    const auto done = run_deploy(request, deploy_ports, begun);
    report.run.finished = ports.clock.now();
    report.run.duration = std::chrono::duration_cast<Millis>(report.run.finished - report.run.started);
    if (!done.ok()) return ended_with(report, machine, done.error());
    if (const int signal = ports.interrupted(); signal != 0) {
        report.notices.push_back(deploy_counts(done.value()));
        report.ending = {Outcome::stopped, exit_code_of_signal(signal),
                         "interrupted: hosts that were being switched settle by themselves",
                         options.command == "fleet" ? "`lockstep fleet status` tells how they stand"
                                                    : "lockstep resume " + report.run.id};
        return report;
    }
    if (!options.quiet || options.dry_run)
        machine.console().foreign(options.dry_run ? join(done->plan, "\n") + "\n" : deploy_text(done.value()));
    if (done->planned)
        if (const auto told = tell_plan(*done->planned, options, machine); !told.ok())
            return ended_with(report, machine, told.error());
    end_report(report, done.value(), options, request.terms);
    write_end(options, machine, report.ending);
    return report;
}

RunReport deploy_landed(const Options& options, Machine& machine, RunReport landed, const FoundRun* past) {
    // Canaries that are not well after all are no base to go on from.
    if (!options.deploy || landed.ending.outcome != Outcome::landed || landed.ending.exit != ExitCode::ok)
        return landed;
    auto chosen = options;
    chosen.operands.clear();
    const auto deployed = deploy_with(chosen, machine, landed, past);
    // Stopped before any host was touched, by what time does not heal.
    if (past == nullptr && deployed.ending.outcome == Outcome::stopped && !may_be_resumed(deployed.ending.exit))
        write_end(options, machine, deployed.ending);
    landed.notices.insert(landed.notices.end(), deployed.notices.begin(), deployed.notices.end());
    const auto reason = landed.ending.reason + "; " + deployed.ending.reason;
    landed.run.finished = deployed.run.finished;
    landed.run.duration = std::chrono::duration_cast<Millis>(landed.run.finished - landed.run.started);
    if (deployed.ending.exit != ExitCode::ok) landed.ending = deployed.ending;
    landed.ending.reason = reason;
    return landed;
}

int command_deploy(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("deploy"); !opened.ok()) return tell_error(opened.error());
    const auto proof = proved_run(machine.runs(), options.from);
    if (!proof.ok())
        return finish(options, machine, ended_with(report_of(options, machine, {}), machine, proof.error()));
    if (options.simulate) {
        const auto choice = choose_deploy(options, machine, proof.value(), "", nullptr);
        machine.console().stop();
        if (!choice.ok()) return tell_error(choice.error());
        int code = 0;
        tell_result(simulate(choice->request, options.faults, code));
        return code;
    }
    return finish(options, machine, with_run_hooks(options, machine, [&] {
                      return deploy_with(options, machine, proof.value(), nullptr);
                  }));
}

}  // namespace lockstep::cli
