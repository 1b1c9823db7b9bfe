// SPDX-License-Identifier: MIT
// Opening, reading and committing; what touches the remote is in git_network.cpp.
#include "edges/git_repository.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

#include "edges/git_private.hpp"
#include "edges/git_sign.hpp"
#include "edges/git_trouble.hpp"
#include "edges/libgit2_objects.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace fs = std::filesystem;

std::string_view push_word(PushState state) {
    switch (state) {
        case PushState::done:
            return "done";
        case PushState::stale:
            return "stale";
        case PushState::not_fast_forward:
            return "not_fast_forward";
        case PushState::protected_branch:
            return "protected";
        case PushState::rejected:
            return "rejected";
        case PushState::unknown:
            return "unknown";
        case PushState::denied:
            return "denied";
        case PushState::unreachable:
            return "unreachable";
    }
    return "unknown";
}

GitRepository::GitRepository(ProcessRunner& runner, GitSettings settings) : git_(runner, std::move(settings)) {}

Result<CheckoutFacts> GitRepository::checkout(const fs::path& dir) {
    if (!known_ || asked_ != dir) {
        LOCKSTEP_TRY(known_, read_user_checkout(git_, dir));
        asked_ = dir;
        configured_.clear();
    }
    return known_->facts;
}

Result<void> GitRepository::know(const CheckoutFacts& checkout) {
    if (!known_ || known_->facts.root != checkout.root) {
        LOCKSTEP_TRY(known_, read_user_checkout(git_, checkout.root));
        asked_ = checkout.root;
        configured_.clear();
    }
    if (configured_ == checkout.root) return {};
    LOCKSTEP_TRY(config_, checkout_config(git_, checkout.root));
    configured_ = checkout.root;
    return {};
}

Result<std::string> GitRepository::remote_url(const CheckoutFacts& checkout, const std::string& remote) {
    LOCKSTEP_TRY_VOID(know(checkout));
    LOCKSTEP_TRY(const BoundRemote bound, bind_remote(git_, checkout.root, remote, config_, GitConfig{}));
    return bound.address.shown;
}

Result<RemoteFacts> GitRepository::open(const CheckoutFacts& checkout, const std::string& remote,
                                        const fs::path& where) {
    std::error_code ignored;
    const fs::path dir = fs::absolute(where, ignored);
    LOCKSTEP_TRY_VOID(know(checkout));
    // Bound once before anything is made, so that a wrong name leaves nothing behind.
    LOCKSTEP_TRY(BoundRemote first, bind_remote(git_, checkout.root, remote, config_, GitConfig{}));
    LOCKSTEP_TRY_VOID(make_private_repository(git_, dir, known_->store, config_, Borrow::when_safe));
    LOCKSTEP_TRY(const GitConfig elsewhere, private_config(git_, dir));
    LOCKSTEP_TRY(BoundRemote bound, bind_remote(git_, checkout.root, remote, config_, elsewhere));
    git_.hide(bound.secrets);
    checkout_ = checkout.root;
    repository_ = dir;
    handed_over_ = settings_to_hand_over(config_, elsewhere, remote, k_private_remote);
    remote_ = std::move(bound);
    RemoteFacts facts{remote, remote_->address.shown, ""};
    LOCKSTEP_TRY(facts.default_branch, default_branch());
    return facts;
}

Result<void> GitRepository::open_local(const CheckoutFacts& checkout, const fs::path& where) {
    std::error_code ignored;
    const fs::path dir = fs::absolute(where, ignored);
    if (checkout.head_commit.empty())
        return Error{ErrorKind::config, fmt::format("{} has no commit yet", checkout.root.string()),
                     "there is nothing to build", "commit the flake first"};
    LOCKSTEP_TRY_VOID(know(checkout));
    LOCKSTEP_TRY_VOID(make_private_repository(git_, dir, known_->store, config_, Borrow::always));
    LOCKSTEP_TRY(const GitConfig elsewhere, private_config(git_, dir));
    LOCKSTEP_TRY_VOID(libgit2::set_ref(dir.string(), "refs/lockstep/checkout", checkout.head_commit));
    LOCKSTEP_TRY_VOID(libgit2::set_head(dir.string(), checkout.head_commit));
    checkout_ = checkout.root;
    repository_ = dir;
    handed_over_ = settings_to_hand_over(config_, elsewhere, "", k_private_remote);
    remote_.reset();
    return {};
}

Result<std::optional<std::string>> GitRepository::read_file(const std::string& commit, const std::string& path) {
    LOCKSTEP_CHECK(!repository_.empty());
    return libgit2::read_file(repository_.string(), commit, path);
}

Result<CommitInfo> GitRepository::commit_info(const std::string& commit) {
    LOCKSTEP_CHECK(!repository_.empty());
    return libgit2::commit_info(repository_.string(), commit);
}

Result<bool> GitRepository::is_ancestor(const std::string& ancestor, const std::string& commit) {
    LOCKSTEP_CHECK(!repository_.empty());
    return libgit2::is_ancestor(repository_.string(), ancestor, commit);
}

Result<std::string> GitRepository::tree_with(const CommitRequest& request) {
    LOCKSTEP_CHECK(!repository_.empty());
    return libgit2::tree_with(repository_.string(), request);
}

Result<std::string> GitRepository::make_note(const std::string& text, std::int64_t time) {
    LOCKSTEP_CHECK(!repository_.empty());
    return libgit2::write_note(repository_.string(), text, time);
}

std::string GitRepository::blob_id(std::string_view content) {
    return libgit2::blob_id(content);
}

Result<void> GitRepository::add_worktree(const std::string& commit, const fs::path& dir, bool submodules) {
    LOCKSTEP_TRY_VOID(register_worktree(commit, dir, true));
    if (submodules) return add_submodules(dir);
    return {};
}

Result<void> GitRepository::add_empty_worktree(const std::string& commit, const fs::path& dir) {
    return register_worktree(commit, dir, false);
}

Result<void> GitRepository::register_worktree(const std::string& commit, const fs::path& dir, bool files) const {
    LOCKSTEP_CHECK(!repository_.empty());
    LOCKSTEP_TRY_VOID(libgit2::commit_info(repository_.string(), commit));
    std::error_code trouble;
    if (fs::exists(dir, trouble) && !fs::is_empty(dir, trouble))
        return Error{ErrorKind::infrastructure, fmt::format("cannot make a work tree at {}", dir.string()),
                     "the directory is not empty", "remove it, or use another run directory"};
    GitCall call;
    // --force: an interrupted start may have left the registration of the same directory behind.
    call.args = {"worktree", "add", "--quiet", "--force", "--detach"};
    if (!files) call.args.emplace_back("--no-checkout");
    call.args.insert(call.args.end(), {"--", fs::absolute(dir, trouble).string(), commit});
    call.repository = repository_;
    call.config = handed_over_;
    if (const GitAnswer answer = git_.run(call); !answer.ok())
        return git_error(answer, fmt::format("cannot check out {} at {}", short_id(commit), dir.string()));
    return {};
}

Result<void> GitRepository::add_submodules(const fs::path& worktree) const {
    std::vector<std::string> args = {"submodule", "--quiet", "update", "--init", "--recursive", "--checkout"};
    GitCall call;
    if (remote_) {
        call = network_call(remote_->fetch, std::move(args));
        call.config.insert(call.config.end(), remote_->submodule_config.begin(), remote_->submodule_config.end());
        call.repository.clear();  // found from the work tree
    } else {
        call.args = std::move(args);
        call.config = handed_over_;
    }
    call.cwd = worktree;
    if (const GitAnswer answer = git_.run(call); !answer.ok())
        return git_error(answer, "cannot check out the submodules");
    return {};
}

Result<CommitInfo> GitRepository::commit_file(const CommitRequest& asked, const std::string& branch) {
    LOCKSTEP_CHECK(!repository_.empty());
    const std::string repository = repository_.string(), ref = "refs/heads/" + branch;
    if (!libgit2::valid_ref(ref))
        return Error{ErrorKind::config, fmt::format("\"{}\" cannot name a branch", branch), "git refuses it",
                     "correct `branch` in lockstep.yaml"};
    CommitRequest request = asked;
    if (!request.message.ends_with('\n')) request.message += '\n';
    Identity author, committer;
    if (request.identity) {
        author = committer = *request.identity;
    } else {
        LOCKSTEP_TRY(author, identity_for(Role::author, git_.settings().getenv, config_));
        LOCKSTEP_TRY(committer, identity_for(Role::committer, git_.settings().getenv, config_));
    }
    LOCKSTEP_TRY(const std::string tree, libgit2::tree_with(repository, request));
    auto written = signing_wanted(request.sign, config_)
                       ? write_signed_commit(git_, repository_, request, tree, author, committer, handed_over_)
                       : libgit2::write_commit(repository, request, tree, author, committer);
    LOCKSTEP_TRY(const std::string id, std::move(written));
    LOCKSTEP_TRY(CommitInfo info, libgit2::commit_info(repository, id));
    LOCKSTEP_CHECK(info.tree == tree && info.parents == std::vector{request.parent});
    LOCKSTEP_TRY_VOID(libgit2::set_ref(repository, ref, id));
    LOCKSTEP_TRY_VOID(libgit2::set_head(repository, id));
    return info;
}

}  // namespace lockstep
