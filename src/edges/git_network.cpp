// SPDX-License-Identifier: MIT
// The part of GitRepository that talks to the remote. The remote is always named, never spelt out: its address may hold
// a password, and argv is public.
#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <utility>

#include "edges/git_push.hpp"
#include "edges/git_repository.hpp"
#include "edges/git_trouble.hpp"
#include "edges/libgit2_objects.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

Error bad_ref(const std::string& ref) {
    return {ErrorKind::config, fmt::format("\"{}\" is not a full ref name", ref), "git refuses it",
            "check the branch names"};
}

/// "<id>\t<name>" lines.
std::vector<RemoteRef> parse_refs(const std::string& out) {
    std::vector<RemoteRef> refs;
    for (const auto& line : lines_of(out)) {
        const auto tab = line.find('\t');
        if (tab != std::string::npos) refs.push_back({line.substr(tab + 1), line.substr(0, tab)});
    }
    return refs;
}

}  // namespace

GitCall GitRepository::network_call(const RemoteAccess& access, std::vector<std::string> args) const {
    LOCKSTEP_CHECK(remote_.has_value());
    GitCall call;
    call.args = std::move(args);
    call.cwd = checkout_;  // relative file names in the user's settings mean this place
    call.repository = repository_;
    call.config = remote_->config;
    call.config.insert(call.config.end(), access.config.begin(), access.config.end());
    call.env = remote_->env;
    call.env.insert(call.env.end(), access.env.begin(), access.env.end());
    return call;
}

Result<std::string> GitRepository::default_branch() const {
    const GitAnswer answer =
        git_.run(network_call(remote_->fetch, {"ls-remote", "--symref", "--", k_private_remote, "HEAD"}));
    if (!answer.ok()) {
        Error error = git_error(answer, fmt::format("cannot reach the remote {}", remote_->address.shown));
        if (remote_->address.kind == RemoteAddress::Kind::file && trouble_of(answer) == GitTrouble::not_found)
            error.kind = ErrorKind::config;
        return error;
    }
    constexpr std::string_view k_start = "ref: refs/heads/", k_end = "\tHEAD";
    for (const auto& line : lines_of(answer.out))
        if (line.starts_with(k_start) && line.ends_with(k_end))
            return line.substr(k_start.size(), line.size() - k_start.size() - k_end.size());
    return std::string();
}

Result<std::vector<RemoteRef>> GitRepository::list_refs(const std::vector<std::string>& patterns) {
    std::vector<std::string> args = {"ls-remote", "--quiet", "--refs"};
    if (patterns.empty()) args.emplace_back("--heads");
    args.insert(args.end(), {"--", k_private_remote});
    args.insert(args.end(), patterns.begin(), patterns.end());
    const GitAnswer answer = git_.run(network_call(remote_->fetch, std::move(args)));
    if (!answer.ok()) return git_error(answer, fmt::format("cannot list the branches of {}", remote_->address.shown));
    auto refs = parse_refs(answer.out);
    // git matches the ends of names ("heads/x" finds "refs/heads/old/refs/heads/x"); here a pattern is the whole name.
    if (!patterns.empty())
        std::erase_if(refs, [&](const RemoteRef& ref) {
            return std::none_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
                return fnmatch(pattern.c_str(), ref.name.c_str(), 0) == 0;
            });
        });
    return refs;
}

Result<std::string> GitRepository::fetch(const std::string& ref) {
    if (!libgit2::valid_ref(ref)) return bad_ref(ref);
    const std::string tracking = "refs/lockstep/remote/" + ref.substr(std::string_view("refs/").size());
    const GitAnswer answer = git_.run(
        network_call(remote_->fetch, {"fetch", "--quiet", "--no-tags", "--no-auto-maintenance", "--no-write-fetch-head",
                                      "--no-recurse-submodules", "--", k_private_remote, "+" + ref + ":" + tracking}));
    if (!answer.ok()) {
        Error error = git_error(answer, fmt::format("cannot fetch {} from {}", ref, remote_->address.shown));
        if (mentions(answer.err, {"couldn't find remote ref"})) {
            error.kind = ErrorKind::config;
            error.hint = "check the branch name (--base), or whether somebody deleted it";
        }
        return error;
    }
    const std::string repository = repository_.string();
    LOCKSTEP_TRY(const std::string id, libgit2::ref_commit(repository, tracking));
    if (!libgit2::ref_commit(repository, "HEAD").ok()) LOCKSTEP_TRY_VOID(libgit2::set_head(repository, id));
    return id;
}

Result<void> GitRepository::check_push(const std::string& commit, const std::string& probe_ref) {
    if (!libgit2::valid_ref(probe_ref)) return bad_ref(probe_ref);
    const GitAnswer answer =
        git_.run(network_call(remote_->push, {"push", "--dry-run", "--porcelain", "--no-verify", "--no-signed", "--",
                                              k_private_remote, commit + ":" + probe_ref}));
    // A refused line comes after the server let us in for writing, which is all that is asked here.
    if (answer.ok() || answer.out.find("\t" + commit + ":" + probe_ref + "\t") != std::string::npos) return {};
    Error error = git_error(answer, fmt::format("pushing to {} is not possible", remote_->address.shown));
    if (trouble_of(answer) == GitTrouble::lost &&
        mentions(answer.err, {"permission", "not allowed", "read-only", "read only", "denied"})) {
        error.kind = ErrorKind::credentials;
        error.hint = "give a token or key that may write to this repository";
    }
    return error;
}

/// What can be told without the server: nothing to push, or a rewrite that nobody allowed.
std::optional<PushOutcome> GitRepository::refuse_locally(const PushUpdate& update) const {
    if (!libgit2::valid_ref(update.ref)) return PushOutcome{PushState::rejected, bad_ref(update.ref).what};
    if (update.id.empty()) return std::nullopt;
    const std::string repository = repository_.string();
    if (!libgit2::has_commit(repository, update.id))
        return PushOutcome{PushState::rejected,
                           fmt::format("there is no commit {} in the run's repository", update.id)};
    if (update.expect.empty() || update.allow_rewrite) return std::nullopt;
    const auto forward = libgit2::is_ancestor(repository, update.expect, update.id);
    if (forward.ok() && *forward) return std::nullopt;
    return PushOutcome{PushState::not_fast_forward,
                       forward.ok()
                           ? fmt::format("{} is not an ancestor of {}; nothing was sent", update.expect, update.id)
                           : forward.error().what + ": " + forward.error().why};
}

PushOutcome GitRepository::push(const PushUpdate& update) {
    if (auto refusal = refuse_locally(update)) return *std::move(refusal);
    // A plain refspec: a '+' would switch the lease off. With the lease, the old id that the server is shown is
    // `expect`, so the server refuses if the ref moved after we looked.
    const GitAnswer answer = git_.run(network_call(
        remote_->push, {"push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags",
                        "--recurse-submodules=no", fmt::format("--force-with-lease={}:{}", update.ref, update.expect),
                        "--", k_private_remote, update.id + ":" + update.ref}));
    PushOutcome outcome = push_outcome(answer, update.ref);
    // libcurl sends a request again when the connection closed without an answer, and the second one then meets the
    // work of the first (seen with git 2.39). Also: a branch to delete that is gone.
    if (outcome.state == PushState::stale) outcome.state = judge_stale(update);
    return outcome;
}

/// What a refused lease means: the remote tells, and while it does not, nobody knows.
PushState GitRepository::judge_stale(const PushUpdate& update) {
    const auto refs = list_refs({update.ref});
    if (!refs.ok()) return PushState::unknown;
    const bool there = update.id.empty() ? refs->empty() : *refs == std::vector<RemoteRef>{{update.ref, update.id}};
    return there ? PushState::done : PushState::stale;
}

}  // namespace lockstep
