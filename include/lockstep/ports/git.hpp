// SPDX-License-Identifier: MIT
// Everything lockstep does with git. The user's checkout is only ever read; commits are made in a private repository
// inside the run directory, and the remote is touched by list, fetch and lease-checked push alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

struct CheckoutFacts {
    std::filesystem::path root;  ///< work tree, absolute
    std::string head_commit;     ///< "" in an empty repository
    std::string head_branch;     ///< "" when detached
    bool dirty = false;          ///< tracked files differ from HEAD
    bool shallow = false;
    std::string subdir;  ///< of the directory asked for, relative to root; "" at the root
};

struct RemoteFacts {
    std::string name;
    std::string url;             ///< without credentials, for people and reports; absolute for local paths
    std::string default_branch;  ///< from the remote's HEAD; "" when it has none
};

struct RemoteRef {
    std::string name, id;  ///< "refs/heads/main"
    bool operator==(const RemoteRef&) const = default;
};

struct Identity {
    std::string name, email;
    bool operator==(const Identity&) const = default;
};

struct CommitInfo {
    std::string id, tree, message;
    std::vector<std::string> parents;
    Identity author, committer;
    std::int64_t time = 0;
};

struct CommitRequest {
    std::string parent;  ///< object id
    std::string path;    ///< the only path that may differ from the parent
    std::string content;
    std::string message;
    std::optional<Identity> identity;  ///< nullopt: git's own (environment, then the user's configuration)
    enum class Sign { as_configured, always, never } sign = Sign::as_configured;
    std::int64_t time = 0;  ///< seconds since the epoch, for author and committer
};

/// One ref of a push. Always lease-checked; `expect` "" means "must not exist"; `id` "" deletes.
struct PushUpdate {
    std::string ref, id, expect;
    bool allow_rewrite =
        false;  ///< whether `id` may leave out commits that `expect` holds: for our own update branch only
};

enum class PushState {
    done,   ///< the ref is at `id`, also when it was there before
    stale,  ///< the lease refused: the ref is not at `expect`
    not_fast_forward,
    protected_branch,  ///< refused by the server's rules (protected branch, hook)
    rejected,          ///< refused for another reason, see detail
    unknown,           ///< connection lost or timed out: read the remote before doing anything
    denied,            ///< authentication or permission
    unreachable,       ///< never got to talk to a repository there
};
[[nodiscard]] std::string_view push_word(PushState state);

struct PushOutcome {
    PushState state = PushState::unknown;
    std::string detail;  ///< the server's or git's words, uncleaned
};

class Git {
public:
    virtual ~Git() = default;

    /// Facts about the repository that holds `dir`. Errors (config): no repository; bare is fine for nothing.
    [[nodiscard]] virtual Result<CheckoutFacts> checkout(const std::filesystem::path& dir) = 0;

    /// The address of a remote of the checkout, as in RemoteFacts::url; needs no open(). Errors (config): no such
    /// remote (the hint names those that exist, or how to add one).
    [[nodiscard]] virtual Result<std::string> remote_url(const CheckoutFacts& checkout, const std::string& remote) = 0;

    /// Makes the private repository at `dir` (bare; mode 0700), borrowing objects from the checkout where that is safe,
    /// and binds it to `remote` of the checkout (its url, credentials, ssh and http settings apply). Must come before
    /// what follows. Errors: config (no such remote), infrastructure.
    [[nodiscard]] virtual Result<RemoteFacts> open(const CheckoutFacts& checkout, const std::string& remote,
                                                   const std::filesystem::path& dir) = 0;
    /// The same without a remote, on the checkout's own objects: for proving what is checked out.
    [[nodiscard]] virtual Result<void> open_local(const CheckoutFacts& checkout, const std::filesystem::path& dir) = 0;

    /// Refs of the remote that match the patterns (full names, `*` allowed); all heads when empty. Errors: credentials,
    /// infrastructure.
    [[nodiscard]] virtual Result<std::vector<RemoteRef>> list_refs(const std::vector<std::string>& patterns) = 0;
    /// Brings a remote ref's history into the private repository and returns its commit id.
    [[nodiscard]] virtual Result<std::string> fetch(const std::string& ref) = 0;
    /// May run beside the calls that do not touch the remote.
    /// Whether pushing would be allowed at all (a dry run of creating `probe_ref`): ok, or credentials /
    /// infrastructure.
    [[nodiscard]] virtual Result<void> check_push(const std::string& commit, const std::string& probe_ref) = 0;
    /// One update, lease-checked, without force. Never throws an environment failure away: see PushState.
    [[nodiscard]] virtual PushOutcome push(const PushUpdate& update) = 0;

    /// Content of a file at a commit; nullopt when it does not exist there. Errors: no such commit, not a file.
    [[nodiscard]] virtual Result<std::optional<std::string>> read_file(const std::string& commit,
                                                                       const std::string& path) = 0;
    [[nodiscard]] virtual Result<CommitInfo> commit_info(const std::string& commit) = 0;
    /// Whether `ancestor` is an ancestor of (or the same as) `commit`, by the history in the private repository.
    [[nodiscard]] virtual Result<bool> is_ancestor(const std::string& ancestor, const std::string& commit) = 0;
    /// A work tree of `commit` at `dir`, with submodules when asked for.
    [[nodiscard]] virtual Result<void> add_worktree(const std::string& commit, const std::filesystem::path& dir,
                                                    bool submodules) = 0;
    /// The same without any file in it: enough to name the repository to Nix, which reads a pinned flake from objects.
    [[nodiscard]] virtual Result<void> add_empty_worktree(const std::string& commit, const std::filesystem::path& dir) {
        return add_worktree(commit, dir, false);
    }
    /// Makes a commit whose tree is the parent's with exactly one path replaced, and points the private branch at it.
    [[nodiscard]] virtual Result<CommitInfo> commit_file(const CommitRequest& request, const std::string& branch) = 0;
    /// The object id of the tree of such a commit. Errors: as those of commit_file().
    [[nodiscard]] virtual Result<std::string> tree_with(const CommitRequest& request) = 0;
    /// Makes a commit without parents and files that says `text`; no ref of the private repository points at it.
    [[nodiscard]] virtual Result<std::string> make_note(const std::string& text, std::int64_t time) = 0;
    /// The object id that `content` has as a blob.
    [[nodiscard]] virtual std::string blob_id(std::string_view content) = 0;

    /// Path of the private repository.
    [[nodiscard]] virtual std::filesystem::path repository() const = 0;
};

}  // namespace lockstep
