// SPDX-License-Identifier: MIT
// Landing: the very commit that was proved, pushed onto the very commit the run started from.
#include <set>

#include <fmt/format.h>

#include "app/host_changes.hpp"
#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

Result<std::string> remote_tip(RunState& state, const std::string& ref) {
    LOCKSTEP_TRY(const auto refs, state.ports.git.list_refs({ref}));
    for (const auto& found : refs)
        if (found.name == ref) return found.id;
    return std::string();
}

/// The base is not where the run started. Tells a base that moved on from one that was rewritten or deleted.
Error base_elsewhere(RunState& state) {
    const std::string was = short_id(state.base_commit);
    const std::string kept = "the base branch was left alone; run again to update and prove on top of it";
    const auto tip = remote_tip(state, "refs/heads/" + state.base);
    if (!tip.ok())
        return {ErrorKind::base_moved, fmt::format("{} moved while the hosts were built", state.base), tip.error().why,
                kept};
    if (tip->empty())
        return {ErrorKind::base_refused, fmt::format("{} was deleted while the hosts were built", state.base), "",
                "restore the branch, or name another with --base"};
    const auto fetched = state.ports.git.fetch("refs/heads/" + state.base);
    const auto ahead =
        fetched.ok() ? state.ports.git.is_ancestor(state.base_commit, fetched.value()) : Result<bool>(fetched.error());
    if (ahead.ok() && !ahead.value())
        return {ErrorKind::base_refused, fmt::format("{} was rewritten while the hosts were built", state.base),
                fmt::format("{} is no ancestor of {}", was, short_id(tip.value())),
                "look at who rewrote it, then run again"};
    return {ErrorKind::base_moved, fmt::format("{} moved while the hosts were built", state.base),
            fmt::format("{} → {}", was, short_id(tip.value())), kept};
}

/// Nobody knows what became of the push, and the remote does not tell.
Error nobody_knows(RunState& state, const std::string& detail, const Error& trouble) {
    const std::string said = clean_line(detail);
    state.base_unknown = true;
    state.report.repo.base_after.clear();
    return {ErrorKind::infrastructure, fmt::format("it is unknown whether {} was pushed", state.base),
            (said.empty() ? "" : said + "; ") + trouble.why,
            fmt::format("look whether {} is at {}: if so, it landed; if not, run again", state.base,
                        short_id(state.candidate.id))};
}

/// After a push that was not simply done or refused: the remote tells.
Result<PushState> settle_push(RunState& state, const std::string& ref, const std::string& detail) {
    const auto tip = remote_tip(state, ref);
    if (!tip.ok()) return nobody_knows(state, detail, tip.error());
    if (tip.value() == state.candidate.id) return PushState::done;
    if (tip.value() == state.base_commit) return PushState::unreachable;  // certainly not done
    if (tip->empty()) return PushState::stale;
    // It may have landed, and somebody built on it before we looked.
    const auto fetched = state.ports.git.fetch(ref);
    if (!fetched.ok()) return nobody_knows(state, detail, fetched.error());
    LOCKSTEP_TRY(const bool landed, state.ports.git.is_ancestor(state.candidate.id, fetched.value()));
    return landed ? PushState::done : PushState::stale;
}

/// "flake-update/2026-11-21-2" of "flake-update/2026-11-21": what free_branch() makes of a name that is taken.
bool is_numbered(std::string_view name, std::string_view wanted) {
    if (!name.starts_with(wanted) || name.size() < wanted.size() + 2 || name[wanted.size()] != '-') return false;
    return name.find_first_not_of("0123456789", wanted.size() + 1) == std::string_view::npos;
}

/// Branches that earlier runs may have left: today's, and those of pull requests that are open since whenever.
std::vector<RemoteRef> left_branches(RunState& state) {
    const std::string wanted = "refs/heads/" + state.wanted_branch;
    std::set<std::string> heads;  ///< of our pull requests
    if (state.forge)
        if (const auto pulls = state.forge->open_pulls(state.base); pulls.ok())
            for (const auto& pull : pulls.value())
                if (our_marker(state, pull)) heads.insert("refs/heads/" + pull.head);
    std::vector<std::string> patterns{wanted + "*"};
    patterns.insert(patterns.end(), heads.begin(), heads.end());
    auto refs = state.ports.git.list_refs(patterns);
    if (!refs.ok()) return {};
    std::erase_if(refs.value(), [&](const RemoteRef& ref) {
        const bool ours = ref.name == wanted || is_numbered(ref.name, wanted) || heads.contains(ref.name);
        return !ours || ref.name == "refs/heads/" + state.base;
    });
    return std::move(refs).value();
}

/// Deletes it, unless somebody else has committed there.
void delete_branch(RunState& state, const RemoteRef& ref) {
    if (!ends_with_ours(state, ref)) return;
    if (!state.intend("branch-delete", {{"commit", ref.id}}).ok()) return;
    const auto outcome = state.ports.git.push({.ref = ref.name, .id = "", .expect = ref.id});
    state.settled("branch-delete", {{"state", std::string(push_word(outcome.state))}});
    (void)state.at("branch-delete");
    if (outcome.state != PushState::done)
        state.notice(fmt::format("the old update branch {} could not be deleted: {}",
                                 clean_line(branch_of(ref.name), 200), clean_line(outcome.detail)),
                     true);
}

void set_statuses(RunState& state) {
    if (!state.forge || !state.config.forge.statuses) return;
    for (const auto& text : status_texts(state.report, state.config.forge.status_hosts))
        if (const auto set = state.forge->set_status(state.candidate.id, text, state.settings.environment.run_url);
            !set.ok()) {
            state.notice("the commit status could not be set: " + set.error().what, true);
            return;
        }
}

}  // namespace

void say_landed(RunState& state) {
    state.report.repo.base_after = state.candidate.id;
    std::size_t proved = 0;
    for (const auto& host : state.report.hosts) proved += is_proved(host.state) ? 1U : 0U;
    state.report.ending = {
        Outcome::landed, ExitCode::ok,
        fmt::format("{} proved; {} is now at {}", plural(proved, "host"), state.base, short_id(state.candidate.id)),
        ""};
    state.ports.events.on(Notice{false, state.report.ending.reason});
}

void finish_landing(RunState& state) {
    for (const auto& branch : left_branches(state)) delete_branch(state, branch);
    set_statuses(state);
    find_host_changes(state);
    // Without results (a resumed run whose proof is gone) nothing is known of the hosts, and none of them is dropped.
    if (!state.report.hosts.empty()) state.keeper().landed(state.config, state.setup, state.base, state.report.hosts);
}

Result<void> land(RunState& state) {
    const std::string ref = "refs/heads/" + state.base;
    for (int attempt = 1;; ++attempt) {
        state.base_unknown = false;
        state.report.repo.base_after = state.base_commit;
        LOCKSTEP_TRY_VOID(state.intend("push-base", {{"from", state.base_commit}, {"to", state.candidate.id}}));
        LOCKSTEP_TRY_VOID(state.at("base-intent"));
        auto outcome = state.ports.git.push({.ref = ref, .id = state.candidate.id, .expect = state.base_commit});
        // Whatever fails from here on: base may have moved, and the remote knows.
        if (const auto reached = state.at("base-pushed"); !reached.ok())
            outcome = {PushState::unknown, reached.error().why};
        state.settled("push-base", {{"state", std::string(push_word(outcome.state))}});
        // A lease is also refused when git sent the push twice and somebody built on the first one.
        if (outcome.state == PushState::unknown || outcome.state == PushState::stale) {
            LOCKSTEP_TRY(outcome.state, settle_push(state, ref, outcome.detail));
        }
        switch (outcome.state) {
            case PushState::done:
                say_landed(state);
                if (!state.canaries_wait) finish_landing(state);
                return {};
            case PushState::stale:
            case PushState::not_fast_forward:
                return base_elsewhere(state);
            case PushState::denied:
                return Error{ErrorKind::credentials, fmt::format("pushing {} was denied", state.base),
                             clean_line(outcome.detail), "give the token or key the right to push"};
            case PushState::protected_branch:
                return propose(state, Proposal::green,
                               fmt::format("{} may not be pushed: {}", state.base, clean_line(outcome.detail)));
            case PushState::rejected:
            case PushState::unreachable:
            case PushState::unknown:
                break;
        }
        if (attempt >= 3 || state.interrupted() || outcome.state == PushState::rejected)
            return Error{ErrorKind::infrastructure, fmt::format("{} could not be pushed", state.base),
                         clean_line(outcome.detail), "run again: everything that was built is kept in the store"};
        state.ports.clock.sleep_for(std::chrono::seconds(5) * attempt);
    }
}

}  // namespace lockstep
