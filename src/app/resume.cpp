// SPDX-License-Identifier: MIT
// Going on with a run that was cut off. The journal says what was wanted; the remote and the store say what is.
#include <algorithm>

#include <fmt/format.h>

#include "app/pipeline.hpp"
#include "app/remote_lock.hpp"
#include "lockstep/core/decide.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// Where the run stands when its process comes back.
enum class Standing {
    landed,    ///< base holds the candidate
    in_place,  ///< the candidate stands on the tip of base
    behind,    ///< base has moved on from under the candidate
    lost,      ///< there is no candidate
};

Result<Standing> find_standing(RunState& state, const RunHistory& past) {
    if (!adopt_candidate(state, past.candidate, past.candidate_tree)) return Standing::lost;
    LOCKSTEP_TRY(const bool landed, state.ports.git.is_ancestor(state.candidate.id, state.base_commit));
    if (landed) return Standing::landed;
    const auto& parent = state.candidate.parents.front();
    if (parent == state.base_commit) return Standing::in_place;
    LOCKSTEP_TRY(const bool ahead, state.ports.git.is_ancestor(parent, state.base_commit));
    if (!ahead)
        return Error{ErrorKind::base_refused, fmt::format("{} was rewritten since the run was cut off", state.base),
                     fmt::format("{} is no ancestor of {}", short_id(parent), short_id(state.base_commit)),
                     "look at who rewrote it, then start a new run"};
    return Standing::behind;
}

/// The results of an earlier process, when they are about this candidate.
const RunReport* proof_of(const RunState& state, const Resumption& past) {
    return past.proof && past.proof->repo.candidate_commit == state.candidate.id ? &*past.proof : nullptr;
}

void take_proof(RunState& state, const RunReport& proof) {
    state.report.hosts = proof.hosts;
    state.report.causes = proof.causes;
    state.report.logs = proof.logs;
    state.report.timing = proof.timing;
    state.report.limits = proof.limits;
    state.report.notices.insert(state.report.notices.begin(), proof.notices.begin(), proof.notices.end());
    state.report.stages.insert(state.report.stages.begin(), proof.stages.begin(), proof.stages.end());
}

/// Whether every output that the results call proved is still in the store.
bool still_valid(const RunState& state, const std::vector<HostResult>& hosts) {
    std::vector<std::string> outputs;
    for (const auto& host : hosts)
        if (is_proved(host.state) && !host.out.empty()) outputs.push_back(host.out);
    constexpr std::size_t k_at_once = 500;
    for (std::size_t at = 0; at < outputs.size(); at += k_at_once) {
        const auto end = outputs.begin() + static_cast<std::ptrdiff_t>(std::min(outputs.size(), at + k_at_once));
        const std::vector<std::string> part(outputs.begin() + static_cast<std::ptrdiff_t>(at), end);
        const auto asked = run_to_end(state.ports.processes, nix::invalid_paths_command(state.setup, part));
        if (!asked.status.ok() || !nix::parse_invalid_paths(asked.out).empty()) return false;
    }
    return true;
}

/// Whether the proof of an earlier process may be acted on.
bool holds(const RunState& state, const RunReport& proof) {
    const auto action = decide(proof.hosts).action;
    return action == Action::propose || (action == Action::land && still_valid(state, proof.hosts));
}

Result<void> go_on(RunState& state, const Resumption& past, Standing standing) {
    const auto* proof =
        standing == Standing::landed || standing == Standing::in_place ? proof_of(state, past) : nullptr;
    if (standing == Standing::landed && proof != nullptr) take_proof(state, *proof);
    if (standing == Standing::landed && !past.history.base_wanted) {
        state.report.ending = {Outcome::unchanged, ExitCode::ok,
                               fmt::format("{} holds the candidate {} already: somebody else put it there", state.base,
                                           short_id(state.candidate.id)),
                               ""};
        return {};
    }
    if (standing == Standing::landed) {
        return stage(state, "land", fmt::format("{} holds the candidate already", state.base), [&]() -> Result<void> {
            state.settled("push-base", {{"state", "done"}});
            say_landed(state);
            if (state.config.land.after == LandAfter::canary) keep_canaries(state);
            finish_landing(state);
            return {};
        });
    }
    if (standing == Standing::in_place) {
        state.notice(fmt::format("the candidate {} is kept from before", short_id(state.candidate.id)));
        LOCKSTEP_TRY_VOID(add_pinned_worktree(state));
        LOCKSTEP_TRY_VOID(await_permission(state));
        if (proof == nullptr || !holds(state, *proof)) return prove_until_settled(state, true);
        take_proof(state, *proof);
        LOCKSTEP_TRY_VOID(await_settings(state));
        state.notice("every result is kept from before");
        return act_until_settled(state);
    }
    LOCKSTEP_TRY(const bool changed, stage(state, "update", "updating flake.lock", [&]() -> Result<bool> {
                     auto done = standing == Standing::behind ? reapply(state) : update(state);
                     LOCKSTEP_TRY_VOID(await_permission(state));
                     return done;
                 }));
    return prove_until_settled(state, changed);
}

Result<void> resume_stages(RunState& state, const Resumption& past) {
    state.report.run.started = past.history.started;
    LOCKSTEP_TRY(state.checkout, state.ports.git.checkout(state.settings.repo));
    // While nothing is known, the commit of the earlier process is the run's, and is kept.
    state.report.repo.candidate_commit = past.history.candidate;
    LOCKSTEP_TRY_VOID(
        stage(state, "prepare", "reading the remote: how far did the run get?", [&] { return prepare(state); }));
    state.report.repo.candidate_commit.clear();
    adopt_remote_lock(state);
    LOCKSTEP_TRY(const auto standing, find_standing(state, past.history));
    return go_on(state, past, standing);
}

}  // namespace

RunReport resume_update(const RunSettings& settings, const RunPorts& ports, const Resumption& past) {
    RunState state(settings, ports);
    state.resumed = past.history.resumed + 1;
    return run_with(state, [&](RunState& self) { return resume_stages(self, past); });
}

}  // namespace lockstep
