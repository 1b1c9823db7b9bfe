// SPDX-License-Identifier: MIT
// `plan`: everything up to the names of the hosts, told and thrown away.
#include <fmt/format.h>

#include <algorithm>

#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

std::string describe_update(const RunState& state, bool changed) {
    if (!changed) return "Update    nothing: every input is up to date\n";
    std::string text =
        fmt::format("Update    {} on branch {}\n", plural(state.report.inputs.size(), "input"), state.wanted_branch);
    for (const auto& line : lines_of(lockdiff_text(state.report.inputs))) text += "          " + line + "\n";
    return text;
}

std::string describe_alarms(const RunState& state) {
    std::string text;
    for (const auto& line : lines_of(alarms_text(state.report.alarms)))
        text += (text.empty() ? "Alarms    " : "          ") + line + "\n";
    return text;
}

std::string describe_hosts(const RunState& state, const Discovery& found) {
    std::vector<std::string> names;
    for (const auto& target : found.targets) names.push_back(clean_line(target.name, 100));
    std::string text = fmt::format("Prove     {}: {}\n", plural(names.size(), "host"), join(names, ", "));
    for (const auto& target : found.vanished)
        text += fmt::format("          ! {} is gone in the updated flake: the run will fail\n",
                            clean_line(target.name, 100));
    if (!found.broken.empty())
        text += "          ! the updated flake does not evaluate: " + clean_line(found.broken) + "\n";
    const auto& wish = state.config.prove;
    text += fmt::format("          {} builds at once, on {} {}\n",
                        wish.slots > 0 ? wish.slots : std::max(1, state.settings.cores),
                        state.setup.version.implementation, state.setup.version.text);
    text += "          systems: " + join({state.can.systems.begin(), state.can.systems.end()}, ", ") + "\n";
    return text;
}

std::string describe_ending(const RunState& state) {
    const std::string forge =
        state.forge ? fmt::format("{} ({})", state.forge->kind(), state.forge->repository_url()) : "none";
    const std::string green = any_stops(state.report.alarms)
                                  ? "a pull request all the same, because of " + alarm_headline(state.report.alarms)
                              : state.config.land.mode == LandMode::push
                                  ? fmt::format("{} moves to the proved commit by a lease-checked push", state.base)
                                  : "a pull request for review";
    return fmt::format("All good  {}\nBroken    branch {} and a pull request, labelled {}; forge: {}\n", green,
                       state.wanted_branch, join(state.config.forge.failure_labels, ", "), forge);
}

Result<void> plan_stages(RunState& state, std::string& text) {
    LOCKSTEP_TRY(state.checkout, state.ports.git.checkout(state.settings.repo));
    LOCKSTEP_TRY_VOID(stage(state, "prepare", "reading configuration and base branch", [&] { return prepare(state); }));
    LOCKSTEP_TRY(const bool changed,
                 stage(state, "update", "updating flake.lock in a private work tree", [&] { return update(state); }));
    LOCKSTEP_TRY_VOID(await_settings(state));
    LOCKSTEP_TRY(const auto found,
                 discover(state, changed ? state.candidate.id : state.base_commit, state.base_commit));
    text = fmt::format("Base      {} of {} at {}\n", state.base, state.remote.url, short_id(state.base_commit));
    if (!state.config.flake.empty()) text += "Flake     " + state.config.flake + "\n";
    text += describe_alarms(state) + describe_update(state, changed) + describe_hosts(state, found) +
            describe_ending(state);
    for (const auto& target : found.targets) state.report.hosts.push_back({.name = target.name, .kind = target.kind});
    if (any_stops(state.report.alarms)) {
        state.report.ending = {Outcome::would_propose, ExitCode::alarm, alarm_headline(state.report.alarms),
                               "look at the alarms before a run"};
        return {};
    }
    state.report.ending = {changed ? Outcome::would_land : Outcome::unchanged, ExitCode::ok,
                           changed ? "a run would update and prove this" : "every input is up to date",
                           changed ? "lockstep run --dry-run" : ""};
    return {};
}

}  // namespace

Plan run_plan(const RunSettings& settings, const RunPorts& ports) {
    RunState state(settings, ports);
    Plan plan;
    state.report.run.id = ports.store.run_id();
    state.report.run.command = "plan";
    state.report.run.started = state.report.run.finished = ports.clock.now();
    state.report.run.dry_run = true;
    state.report.run.tool_version = settings.tool_version;
    if (auto done = plan_stages(state, plan.text); !done.ok()) end_with(state, done.error());
    plan.report = state.report;
    return plan;
}

}  // namespace lockstep
