// SPDX-License-Identifier: MIT
// The spine: the stages of the main job, in order.
#include "app/pipeline.hpp"

#include <fmt/format.h>

#include "app/host_changes.hpp"
#include "app/remote_lock.hpp"
#include "lockstep/core/crc32.hpp"
#include "lockstep/core/decide.hpp"
#include "lockstep/core/ending.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

void begin(RunState& state) {
    auto& run = state.report.run;
    run.id = state.ports.store.run_id();
    run.command = state.settings.command;
    run.started = state.ports.clock.now();
    run.dry_run = state.settings.dry_run;
    run.resumed = state.resumed;
    run.tool_version = state.settings.tool_version;
    run.trigger = state.settings.environment.trigger.empty() ? "manual" : state.settings.environment.trigger;
    run.actor = state.settings.environment.actor;
}

void finish(RunState& state, std::chrono::steady_clock::time_point began) {
    auto& ending = state.report.ending;
    // Interrupted on the way to the pull request: that is why it is missing.
    if (state.ports.interrupted() != 0 && state.unpublished && ending.exit != ExitCode::deploy_unknown)
        ending.outcome = Outcome::stopped;
    if (const int signal = state.ports.interrupted();
        signal != 0 && ending.outcome == Outcome::stopped && ending.exit != ExitCode::ok)
        ending.exit = exit_code_of_signal(signal);
    state.deadline.end();
    if (state.time_is_up && state.ports.interrupted() == 0 && ending.outcome == Outcome::stopped) {
        ending.exit = ExitCode::infrastructure;
        ending.reason = state.deadline.words() + (ending.reason.empty() ? "" : ": " + ending.reason);
    }
    state.report.run.finished = state.ports.clock.now();
    auto& run = state.report.run;
    run.duration = std::chrono::duration_cast<Millis>(state.ports.clock.steady() - began);
    // Another process's steady clock is not ours.
    if (run.resumed > 0 && run.finished > run.started)
        run.duration = std::chrono::duration_cast<Millis>(run.finished - run.started);
    auto verdict = verdict_data(ending);
    if (state.unpublished) verdict.emplace_back("unpublished", 1);
    state.settled("verdict", verdict);
}

void unchanged(RunState& state) {
    const bool detailed = state.settings.detailed_exit_code;
    state.report.ending = {Outcome::unchanged, detailed ? ExitCode::nothing_to_do : ExitCode::ok,
                           "every input is up to date; nothing to do", ""};
}

/// The verdict is fixed here; what follows only acts on it.
Verdict decide_run(RunState& state) {
    Verdict verdict = decide(state.report.hosts, state.report.alarms);
    if (verdict.exit == ExitCode::interrupted && state.ports.interrupted() == 0 && state.time_is_short)
        verdict.exit = ExitCode::infrastructure;  // it was the clock, nobody asked
    state.report.reasons = verdict.reasons;
    state.known("decided", {{"action", std::string(action_word(verdict.action))}});
    return verdict;
}

std::string first_reason(const Verdict& verdict) {
    if (verdict.reasons.empty()) return "";
    const auto& reason = verdict.reasons.front();
    const std::string more =
        verdict.reasons.size() > 1 ? fmt::format(" (and {} more)", verdict.reasons.size() - 1) : "";
    return (reason.host.empty() ? reason.text : clean_line(reason.host, 100) + ": " + reason.text) + more;
}

void stopped(RunState& state, const Verdict& verdict) {
    std::string next = "run again: everything that was built is kept in the store";
    if (verdict.exit == ExitCode::config)
        next = "add a builder for the missing system or feature, or set `targets.foreign: evaluate`";
    state.report.ending = {Outcome::stopped, verdict.exit, first_reason(verdict), next};
}

void dry(RunState& state, const Verdict& verdict) {
    const bool lands = verdict.action == Action::land;
    find_host_changes(state);
    state.report.ending = {
        lands ? Outcome::would_land : Outcome::would_propose, lands ? ExitCode::ok : verdict.exit,
        lands && state.config.land.mode == LandMode::pull_request
            ? "every host is proved; a run would open a pull request, as land.mode says"
        : lands ? fmt::format("a run would move {} to the proved commit", state.base)
                : "a run would open a pull request: " + first_reason(verdict),
        verdict.exit == ExitCode::alarm ? "look at the alarms before a run" : "run without --dry-run"};
}

Result<void> act(RunState& state, const Verdict& verdict) {
    if (verdict.action == Action::stop) {
        stopped(state, verdict);
        return {};
    }
    if (state.settings.dry_run) {
        dry(state, verdict);
        return {};
    }
    if (verdict.action == Action::propose)
        return stage(state, "propose", "pushing the branch and writing the pull request",
                     [&] { return propose(state, Proposal::broken); });
    if (state.config.land.mode == LandMode::pull_request)
        return stage(state, "propose", "every host is proved: writing the pull request",
                     [&] { return propose(state, Proposal::green, "every host is proved"); });
    if (state.config.land.after == LandAfter::canary) return land_by_canary(state);
    return stage(state, "land",
                 fmt::format("every host is proved: moving {} to {}", state.base, short_id(state.candidate.id)),
                 [&] { return land(state); });
}

/// What was proved, on disk: a later process need not prove it again.
void save_proof(RunState& state) {
    if (state.settings.dry_run) return;
    const auto text = report_json(state.report);
    if (state.ports.store.write_file("proof.json", text).ok())
        state.known("proof", {{"commit", state.candidate.id}, {"crc", static_cast<std::int64_t>(crc32(text))}});
}

/// Proves the candidate.
Result<void> prove_candidate(RunState& state) {
    LOCKSTEP_TRY_VOID(stage(state, "prove", "evaluating and building every host",
                            [&] { return prove_commit(state, state.candidate.id, state.base_commit); }));
    save_proof(state);
    return state.at("all-built");
}

/// The base branch moved while the hosts were built: the same update goes on top of it. What was built is in the store,
/// so that only what the new base changes is built again.
Result<bool> next_try(RunState& state) {
    const std::string before = state.base_commit;
    LOCKSTEP_TRY_VOID(stage(state, "prepare", fmt::format("{} moved: reading its new commit", state.base),
                            [&] { return follow_base(state); }));
    ++state.tries;
    state.notice(
        fmt::format("{} moved while the hosts were built ({} → {}): the update goes on top of it, try {} of {}",
                    state.base, short_id(before), short_id(state.base_commit), state.tries, state.config.land.tries));
    return stage(state, "update", "putting the update on the new base", [&] { return reapply(state); });
}

Result<void> stages(RunState& state) {
    LOCKSTEP_TRY(state.checkout, state.ports.git.checkout(state.settings.repo));
    LOCKSTEP_TRY_VOID(stage(state, "prepare", "reading configuration and base branch", [&] { return prepare(state); }));
    LOCKSTEP_TRY(bool changed, stage(state, "update", "updating flake.lock", [&]() -> Result<bool> {
                     auto done = update(state);
                     LOCKSTEP_TRY_VOID(await_permission(state));
                     return done;
                 }));
    return prove_until_settled(state, changed);
}

Result<void> build_stages(RunState& state) {
    LOCKSTEP_TRY(state.checkout, state.ports.git.checkout(state.settings.repo));
    if (state.checkout.head_commit.empty())
        return Error{ErrorKind::config, "there is no commit to build", "the repository is empty",
                     "commit the flake first"};
    LOCKSTEP_TRY_VOID(stage(state, "prepare", "reading configuration", [&] { return prepare_build(state); }));
    LOCKSTEP_TRY_VOID(stage(state, "prove", "evaluating and building every host",
                            [&] { return prove_commit(state, state.base_commit, ""); }));
    const Verdict verdict = decide_run(state);
    if (verdict.action == Action::stop)
        stopped(state, verdict);
    else if (verdict.action == Action::propose)
        state.report.ending = {Outcome::hosts_failed, ExitCode::hosts_failed, first_reason(verdict), ""};
    else
        state.report.ending = {Outcome::proved, ExitCode::ok, "every host is proved", ""};
    return {};
}

/// Lands, proposes or stops; when base moved, puts the update on top of it. True: there is a new candidate to prove;
/// false: the run is over.
Result<bool> settle(RunState& state) {
    const Verdict verdict = decide_run(state);
    // From here on base may move; nothing below may undo it.
    const auto done = act(state, verdict);
    if (done.ok()) return false;
    const bool moved = done.error().kind == ErrorKind::base_moved;
    if (!moved || state.tries >= state.config.land.tries || state.interrupted() || state.time_is_short)
        return done.error();
    LOCKSTEP_TRY(const bool changed, next_try(state));
    if (!changed) unchanged(state);
    return changed;
}

}  // namespace

RunReport run_with(RunState& state, const std::function<Result<void>(RunState&)>& stages) {
    const auto began = state.ports.clock.steady();
    begin(state);
    if (auto done = stages(state); !done.ok()) end_with(state, done.error());
    release_remote_lock(state);
    finish(state, began);
    return state.report;
}

Result<void> act_until_settled(RunState& state) {
    LOCKSTEP_TRY_VOID(hold_remote_lock(state));
    LOCKSTEP_TRY(bool again, settle(state));
    while (again) {
        LOCKSTEP_TRY_VOID(prove_candidate(state));
        LOCKSTEP_TRY(again, settle(state));
    }
    return {};
}

Result<void> prove_until_settled(RunState& state, bool changed) {
    if (!changed) {
        unchanged(state);
        return {};
    }
    LOCKSTEP_TRY_VOID(hold_remote_lock(state));
    LOCKSTEP_TRY_VOID(prove_candidate(state));
    return act_until_settled(state);
}

void end_with(RunState& state, const Error& error) {
    state.report.ending = stopped_by(error);
}

RunReport run_update(const RunSettings& settings, const RunPorts& ports) {
    RunState state(settings, ports);
    return run_with(state, stages);
}

RunReport run_build(const RunSettings& settings, const RunPorts& ports) {
    RunState state(settings, ports);
    return run_with(state, build_stages);
}

}  // namespace lockstep
