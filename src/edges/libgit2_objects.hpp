// SPDX-License-Identifier: MIT
// Objects and refs of the private repository through libgit2. Every function opens the repository anew, so objects that
// a git command just wrote are seen and there is no state to share between threads.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lockstep/ports/git.hpp"

namespace lockstep::libgit2 {

[[nodiscard]] Result<std::optional<std::string>> read_file(const std::string& repository, const std::string& commit,
                                                           const std::string& path);
[[nodiscard]] Result<CommitInfo> commit_info(const std::string& repository, const std::string& commit);
[[nodiscard]] Result<bool> is_ancestor(const std::string& repository, const std::string& ancestor,
                                       const std::string& commit);
[[nodiscard]] bool has_commit(const std::string& repository, const std::string& commit);
[[nodiscard]] std::string blob_id(std::string_view content);

/// Commit id that a ref of the repository points at.
[[nodiscard]] Result<std::string> ref_commit(const std::string& repository, const std::string& ref);
/// Points a ref (full name) at a commit, wherever it was before.
[[nodiscard]] Result<void> set_ref(const std::string& repository, const std::string& ref, const std::string& commit);
/// Detaches HEAD at a commit: `nix` 2.8 reads a bare local repository by ?ref=HEAD&rev=… only.
[[nodiscard]] Result<void> set_head(const std::string& repository, const std::string& commit);
/// Whether git would accept the name for a ref ("refs/heads/…").
[[nodiscard]] bool valid_ref(const std::string& ref);

/// Id of the parent's tree with `request.path` replaced. Errors: config when the path cannot be replaced there;
/// internal when the content is already there.
[[nodiscard]] Result<std::string> tree_with(const std::string& repository, const CommitRequest& request);
/// Writes a commit without a signature and returns its id.
[[nodiscard]] Result<std::string> write_commit(const std::string& repository, const CommitRequest& request,
                                               const std::string& tree, const Identity& author,
                                               const Identity& committer);

/// Writes a commit by lockstep itself, without parents, files or a signature, and returns its id.
[[nodiscard]] Result<std::string> write_note(const std::string& repository, const std::string& text, std::int64_t time);

}  // namespace lockstep::libgit2
