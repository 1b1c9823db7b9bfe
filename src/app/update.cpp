// SPDX-License-Identifier: MIT
// The update: Nix rewrites the lock in a private work tree, lockstep commits that one file.
#include <fmt/format.h>

#include <algorithm>

#include "app/run_state.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_alarms_told = 10;  // the report has them all

Error unknown_input(const std::string& name, const LockFile& lock, bool from_flags_or_file) {
    (void)from_flags_or_file;
    const auto known = lock.direct_names();
    const auto near = nearest(name, known);
    return {ErrorKind::usage, fmt::format("the flake has no input `{}`", clean_line(name, 100)),
            "its inputs: " + clean_line(join(known, ", ")),
            near.empty() ? "check --input and update.inputs" : "did you mean `" + near + "`?"};
}

/// The inputs to name on Nix's command line; empty = all of them.
Result<std::vector<std::string>> selected_inputs(const RunState& state) {
    const auto& wish = state.config.update;
    if (wish.inputs.empty() && wish.exclude.empty()) return std::vector<std::string>();
    if (!state.had_lock) {
        if (wish.inputs.empty()) return std::vector<std::string>();
        return Error{ErrorKind::config, "single inputs cannot be updated before there is a flake.lock", "",
                     "run once for all inputs"};
    }
    for (const auto& name : wish.inputs)
        if (state.base_lock.find(name) == nullptr) return unknown_input(name, state.base_lock, true);
    std::vector<std::string> result, candidates = wish.inputs.empty() ? state.base_lock.direct_names() : wish.inputs;
    for (const auto& pattern : wish.exclude) {
        const auto all = state.base_lock.direct_names();
        if (std::none_of(all.begin(), all.end(),
                         [&](const auto& name) { return name == pattern || glob_match(pattern, name); }))
            return unknown_input(pattern, state.base_lock, true);
    }
    for (const auto& name : candidates) {
        const bool excluded = matches_any(wish.exclude, name);
        const auto* input = state.base_lock.find(name);
        if (!excluded && !(input->follows && wish.inputs.empty())) result.push_back(name);
    }
    if (result.empty())
        return Error{ErrorKind::config, "every input is excluded from the update", "",
                     "check update.exclude and --exclude-input"};
    return result;
}

Error judged(nix::UpdateTrouble trouble, const Completed& done) {
    const std::string why = done.status.kind == ExitStatus::Kind::exited ? nix::first_error_line(done.err)
                                                                         : "nix flake update " + describe(done.status);
    using Trouble = nix::UpdateTrouble;
    switch (trouble) {
        case Trouble::rate_limited:
            return {ErrorKind::infrastructure, "an input's server limits our rate", why,
                    "give Nix an access token (nix.conf `access-tokens`), or run later"};
        case Trouble::auth:
            return {ErrorKind::credentials, "an input cannot be fetched without credentials", why,
                    "give this user access (ssh key, nix.conf `access-tokens` or netrc)"};
        case Trouble::lock_unreadable:
            return {ErrorKind::config, "Nix cannot read flake.lock", why, "restore flake.lock from an earlier commit"};
        case Trouble::flake_broken:
            return {ErrorKind::config, "the flake does not evaluate", why, "mend flake.nix on the base branch first"};
        case Trouble::network:
            return {ErrorKind::infrastructure, "an input cannot be fetched", why, "run again when the network is back"};
        case Trouble::none:
        case Trouble::unknown:
            break;
    }
    return {ErrorKind::infrastructure, "nix flake update failed", why, "try it by hand in a clean checkout"};
}

Result<void> run_nix_update(RunState& state, const std::vector<std::string>& inputs) {
    nix::UpdateRequest request{.worktree = state.worktree_dir().string(),
                               .flake_dir = state.config.flake,
                               .submodules = state.submodules,
                               .inputs = inputs,
                               .timeout = state.config.update.timeout};
    for (int attempt = 1;; ++attempt) {
        const auto done = run_to_end(state.ports.processes, nix::update_command(state.setup, request), 4u << 20);
        state.ports.store.log("nix flake update " + describe(done.status));
        for (const auto& line : lines_of(done.err)) state.ports.store.log("  " + clean_line(line, 2000));
        if (done.status.ok()) return {};
        if (done.status.kind == ExitStatus::Kind::interrupted)
            return Error{ErrorKind::interrupted, "the update was interrupted", "", "run again"};
        const bool ended_by_us =
            done.status.kind == ExitStatus::Kind::timed_out || done.status.kind == ExitStatus::Kind::silent;
        const auto trouble = ended_by_us ? nix::UpdateTrouble::network : nix::classify_update_failure(done.err);
        const bool again = trouble == nix::UpdateTrouble::network || trouble == nix::UpdateTrouble::rate_limited;
        if (!again || attempt >= state.config.update.attempts) return judged(trouble, done);
        const auto wait = std::chrono::seconds(trouble == nix::UpdateTrouble::rate_limited ? 60 : 5) * attempt;
        state.notice(fmt::format("updating failed ({}); trying again in {} s",
                                 clean_line(nix::first_error_line(done.err)), wait.count()),
                     true);
        state.ports.clock.sleep_for(wait);
        if (state.interrupted()) return Error{ErrorKind::interrupted, "the update was interrupted", "", "run again"};
    }
}

/// Direct inputs that moved although nobody asked for them (Nix re-locks what their new dependencies need).
void tell_unasked(RunState& state, const std::vector<std::string>& asked) {
    if (asked.empty()) return;
    for (const auto& change : state.report.inputs)
        if (change.direct && std::none_of(asked.begin(), asked.end(), [&](const auto& name) {
                return name == change.input || name.rfind(change.input + "/", 0) == 0;
            }))
            state.notice(fmt::format("input {} changed although only {} was asked for", clean_line(change.input, 100),
                                     clean_line(join(asked, ", "), 300)),
                         true);
}

std::string commit_message(const RunState& state, const std::string& seal) {
    std::vector<std::string> direct;
    for (const auto& change : state.report.inputs)
        if (change.direct) direct.push_back(change.input);
    std::string subject = state.config.update.subject;
    subject = replace_all(subject, "{inputs}", direct.empty() ? "transitive inputs" : join(direct, ", "));
    subject = replace_all(subject, "{count}", std::to_string(state.report.inputs.size()));
    subject = replace_all(subject, "{date}", state.date);
    subject = replace_all(subject, "{flake}", state.config.flake.empty() ? "." : state.config.flake);
    return fmt::format("{}\n\n{}\nLockstep-Run: {}\nLockstep-Seal: {}\n", clean_line(subject, 250),
                       lockdiff_text(state.report.inputs), state.ports.store.run_id(), seal);
}

}  // namespace

std::string seal_of(RunState& state, const std::string& parent, const std::string& lock_blob) {
    return state.ports.git.blob_id(fmt::format("lockstep seal 2\nbase {}\nparent {}\nlock {}\nflake {}\n", state.base,
                                               parent, lock_blob, state.config.flake));
}

namespace {

/// The commit holds nothing but the lock, so flake.nix is the same on both sides.
void raise_alarms(RunState& state, const LockFile& lock) {
    const auto now = std::chrono::floor<std::chrono::seconds>(state.settings.now.time_since_epoch()).count();
    const auto& wish = state.config.alarms;
    auto judged =
        judge_alarms(lock_alarms(state.base_lock, lock, {.same_flake = true, .now = now}), {wish.stop, wish.ignore});
    state.report.alarms = std::move(judged.alarms);
    if (!judged.ignored.empty())
        state.notice(fmt::format("{} ignored by alarms.ignore: {}", plural(judged.ignored.size(), "lock alarm"),
                                 clean_line(join(judged.ignored, ", "), 500)));
    for (const auto& line : lines_of(alarms_text(state.report.alarms, k_alarms_told)))
        state.ports.events.on(Notice{true, "alarm on the lock change: " + line});
}

/// Commits the lock on top of the base commit; false when it changes nothing there.
Result<bool> commit_lock(RunState& state, const std::string& text) {
    auto lock = parse_lock(text);
    if (!lock.ok())
        return Error{ErrorKind::infrastructure, "nix flake update left a lock that cannot be read", lock.error().what,
                     "run again"};
    state.report.inputs = diff_locks(state.base_lock, lock.value());
    state.report.alarms.clear();  // of an earlier try
    if (state.report.inputs.empty()) return false;
    raise_alarms(state, lock.value());
    state.candidate_lock = text;
    CommitRequest request{.parent = state.base_commit, .path = state.lock_path(), .content = text};
    request.time = std::chrono::duration_cast<std::chrono::seconds>(state.settings.now.time_since_epoch()).count();
    const auto& wish = state.config.commit;
    if (!wish.name.empty()) request.identity = Identity{wish.name, wish.email};
    using Sign = CommitRequest::Sign;
    request.sign = wish.sign == SignPolicy::always  ? Sign::always
                   : wish.sign == SignPolicy::never ? Sign::never
                                                    : Sign::as_configured;
    state.report.repo.lock_blob = state.ports.git.blob_id(text);
    request.message = commit_message(state, seal_of(state, state.base_commit, state.report.repo.lock_blob));
    LOCKSTEP_TRY(state.candidate, state.ports.git.commit_file(request, state.wanted_branch));
    if (state.candidate.parents != std::vector<std::string>{state.base_commit})
        return Error{ErrorKind::internal, "the commit does not stand on the base commit", state.candidate.id,
                     "please report this"};
    state.report.repo.branch = state.wanted_branch;
    state.report.repo.candidate_commit = state.candidate.id;
    state.report.repo.candidate_tree = state.candidate.tree;
    state.known("commit",
                {{"commit", state.candidate.id}, {"tree", state.candidate.tree}, {"branch", state.wanted_branch}});
    LOCKSTEP_TRY_VOID(state.at("commit"));
    return true;
}

/// Whether flake and lock are the same at both commits: then the same update means the same there.
Result<bool> same_flake(RunState& state, const std::string& one, const std::string& other) {
    for (const auto& path : {state.flake_path(), state.lock_path()}) {
        LOCKSTEP_TRY(const auto before, state.ports.git.read_file(one, path));
        LOCKSTEP_TRY(const auto after, state.ports.git.read_file(other, path));
        if (before != after) return false;
    }
    return true;
}

}  // namespace

Result<bool> update(RunState& state) {
    LOCKSTEP_TRY(const auto inputs, selected_inputs(state));
    LOCKSTEP_TRY_VOID(state.ports.git.add_worktree(state.base_commit, state.worktree_dir(), state.submodules));
    LOCKSTEP_TRY_VOID(run_nix_update(state, inputs));
    LOCKSTEP_TRY_VOID(state.at("update"));
    LOCKSTEP_TRY(const auto text, state.ports.files.read((state.worktree_dir() / state.lock_path()).string()));
    LOCKSTEP_TRY(const bool changed, commit_lock(state, text));
    if (!changed) return false;
    state.ports.events.on(InputsChanged{state.report.inputs});
    tell_unasked(state, inputs);
    return true;
}

Result<bool> reapply(RunState& state) {
    const auto old_base = state.candidate.parents.front();
    LOCKSTEP_TRY(const bool same, same_flake(state, old_base, state.base_commit));
    if (!same) return update(state);
    LOCKSTEP_TRY_VOID(add_pinned_worktree(state));
    return commit_lock(state, state.candidate_lock);
}

bool adopt_candidate(RunState& state, const std::string& commit, const std::string& tree) {
    if (commit.empty()) return false;
    auto info = state.ports.git.commit_info(commit);
    if (!info.ok() || info->tree != tree || info->parents.size() != 1) return false;
    const auto text = state.ports.git.read_file(commit, state.lock_path());
    const auto before = state.ports.git.read_file(info->parents.front(), state.lock_path());
    if (!text.ok() || !text.value() || !before.ok()) return false;
    const auto lock = parse_lock(**text);
    const auto old = before.value() ? parse_lock(**before) : Result<LockFile>(LockFile());
    if (!lock.ok() || !old.ok()) return false;
    state.report.inputs = diff_locks(old.value(), lock.value());
    if (info->parents.front() == state.base_commit) raise_alarms(state, lock.value());
    state.candidate = std::move(info).value();
    state.candidate_lock = **text;
    state.report.repo.lock_blob = state.ports.git.blob_id(state.candidate_lock);
    state.report.repo.branch = state.wanted_branch;
    state.report.repo.candidate_commit = state.candidate.id;
    state.report.repo.candidate_tree = state.candidate.tree;
    return true;
}

}  // namespace lockstep
