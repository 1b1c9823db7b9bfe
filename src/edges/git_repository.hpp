// SPDX-License-Identifier: MIT
// The Git port: libgit2 for objects, the git command for everything that touches the network or the user's settings.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "edges/git_checkout.hpp"
#include "edges/git_cli.hpp"
#include "edges/git_remote.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep {

class GitRepository final : public Git {
public:
    /// `runner` must outlive it. Calls block; never call from the runner's thread.
    GitRepository(ProcessRunner& runner, GitSettings settings);
    /// The token for http(s) remotes on `host`, known only after the remote was looked at. Before open().
    void use_token(std::string token, std::string host) { git_.use_token(std::move(token), std::move(host)); }

    /// Looks once: the user may go on working, and a run sees one moment of the checkout.
    Result<CheckoutFacts> checkout(const std::filesystem::path& dir) override;
    Result<std::string> remote_url(const CheckoutFacts& checkout, const std::string& remote) override;
    Result<RemoteFacts> open(const CheckoutFacts& checkout, const std::string& remote,
                             const std::filesystem::path& dir) override;
    Result<void> open_local(const CheckoutFacts& checkout, const std::filesystem::path& dir) override;

    Result<std::vector<RemoteRef>> list_refs(const std::vector<std::string>& patterns) override;
    Result<std::string> fetch(const std::string& ref) override;
    Result<void> check_push(const std::string& commit, const std::string& probe_ref) override;
    PushOutcome push(const PushUpdate& update) override;

    Result<std::optional<std::string>> read_file(const std::string& commit, const std::string& path) override;
    Result<CommitInfo> commit_info(const std::string& commit) override;
    Result<bool> is_ancestor(const std::string& ancestor, const std::string& commit) override;
    Result<void> add_worktree(const std::string& commit, const std::filesystem::path& dir, bool submodules) override;
    Result<void> add_empty_worktree(const std::string& commit, const std::filesystem::path& dir) override;
    Result<std::string> tree_with(const CommitRequest& request) override;
    Result<CommitInfo> commit_file(const CommitRequest& request, const std::string& branch) override;
    [[nodiscard]] Result<std::string> make_note(const std::string& text, std::int64_t time) override;
    std::string blob_id(std::string_view content) override;

    std::filesystem::path repository() const override { return repository_; }

private:
    /// Store and settings of a checkout, asked once.
    [[nodiscard]] Result<void> know(const CheckoutFacts& checkout);
    [[nodiscard]] GitCall network_call(const RemoteAccess& access, std::vector<std::string> args) const;
    [[nodiscard]] Result<std::string> default_branch() const;
    [[nodiscard]] Result<void> register_worktree(const std::string& commit, const std::filesystem::path& dir,
                                                 bool files) const;
    [[nodiscard]] Result<void> add_submodules(const std::filesystem::path& worktree) const;
    [[nodiscard]] std::optional<PushOutcome> refuse_locally(const PushUpdate& update) const;
    [[nodiscard]] PushState judge_stale(const PushUpdate& update);

    GitCli git_;
    std::filesystem::path asked_;  ///< for what `known_` is the answer
    std::optional<UserCheckout> known_;
    std::filesystem::path configured_;   ///< the work tree whose settings `config_` holds
    std::filesystem::path checkout_;     ///< root of the user's work tree
    std::filesystem::path repository_;   ///< "" until one of the opens
    GitConfig config_;                   ///< as it applies in the checkout
    GitEntries handed_over_;             ///< of it, what local commands need
    std::optional<BoundRemote> remote_;  ///< after open()
};

}  // namespace lockstep
