// SPDX-License-Identifier: MIT
// Git in memory: one remote, a private repository that knows only what it fetched or made, pushes with a lease, and
// everybody else who uses the remote.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "fakes/fake_fleet.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep::fakes {

using Tree = std::map<std::string, std::string>;  ///< path → content

struct FakeCommit {
    std::string id, message;
    std::vector<std::string> parents;
    Tree tree;
    bool by_lockstep = false;
};

[[nodiscard]] std::string flake_text(int version);
[[nodiscard]] std::string lock_text(int version);
[[nodiscard]] Versions versions_of(const Tree& tree);

/// How a push really goes.
enum class PushFate { as_git_does, unknown_but_done, unknown_not_done, unreachable, rejected, denied, is_protected };

class FakeGit final : public Git {
public:
    FakeGit();

    // What the history does to it. Never called inside the hooks' locks.
    std::function<void(const char* moment)> moment;          ///< "fetched", "before push", "after push"
    std::function<PushFate(const std::string& ref)> fate;    ///< asked once for each push
    std::function<bool(const char* what)> breaks = nullptr;  ///< whether a "fetch" or "list" finds nobody
    std::function<void(const FakeCommit& before, const FakeCommit& after)> base_pushed;  ///< a push that moved base

    [[nodiscard]] std::string tip(const std::string& ref = k_base) const;  ///< "" when there is none
    [[nodiscard]] FakeCommit commit(const std::string& id) const;
    [[nodiscard]] std::set<std::string> history(const std::string& id) const;  ///< the commit and its ancestors
    /// Somebody else: a commit with the tree on `parent` ("" = a root), and base put there.
    std::string others_commit(const std::string& parent, Tree tree);
    void others_delete_base();
    void others_restore_base(const std::string& id);
    [[nodiscard]] int pushes() const;       ///< tried on base
    [[nodiscard]] int pushes_done() const;  ///< that moved base

    static constexpr const char* k_base = "refs/heads/main";

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
    Result<std::string> tree_with(const CommitRequest& request) override;
    Result<CommitInfo> commit_file(const CommitRequest& request, const std::string& branch) override;
    Result<std::string> make_note(const std::string& text, std::int64_t time) override;
    std::string blob_id(std::string_view content) override;
    std::filesystem::path repository() const override { return "/nowhere/repository.git"; }

private:
    std::string keep(FakeCommit commit);
    PushOutcome apply(const PushUpdate& update);
    std::set<std::string> history_unlocked(const std::string& id) const;
    const FakeCommit* known(const std::string& id) const;

    mutable std::mutex mutex_;
    std::map<std::string, FakeCommit> commits_;
    std::map<std::string, std::string> refs_;
    std::set<std::string> fetched_;  ///< commits of the private repository
    int others_ = 0, pushes_ = 0, pushes_done_ = 0;
};

}  // namespace lockstep::fakes
