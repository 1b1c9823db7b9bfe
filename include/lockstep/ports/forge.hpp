// SPDX-License-Identifier: MIT
// A place with pull requests. Implemented over HTTP for the real forges and as files for `directory:DIR`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

struct PullRequest {
    std::int64_t number = 0;
    std::string title, body, url;
    std::string head, base;  ///< branch names
    std::string head_sha;
    bool open = true, merged = false;
    bool same_repo = true;  ///< head lives in the same repository
    std::vector<std::string> labels;
};

struct PullDraft {
    std::string title, body, head, base;
};

struct ForgeComment {
    std::int64_t id = 0;
    std::string body;
    std::string author;
};

struct ForgeLimits {
    std::size_t body_bytes = 60'000;
    std::size_t description_chars = 140;
    std::uint64_t attachment_bytes = 0;  ///< 0: the forge cannot hold attachments
    bool zip_like = true;                ///< accepts .gz
};

/// Errors everywhere: credentials (401, 403 without rate limit, 404 for missing permission), infrastructure (down,
/// timeout, 5xx and 429 after the retry budget), config (no such repository, redirect: "update your configuration").
/// Calls that create look first and again after an unclear failure, so that none of them leaves duplicates.
class Forge {
public:
    virtual ~Forge() = default;
    [[nodiscard]] virtual std::string kind() const = 0;  ///< "github", "gitea", "forgejo", "directory"
    [[nodiscard]] virtual std::string repository_url() const = 0;
    /// The token may read the repository, push to it and write pull requests, as far as the forge tells.
    [[nodiscard]] virtual Result<void> check_access() = 0;
    [[nodiscard]] virtual Result<ForgeLimits> limits() = 0;
    /// All open pull requests onto `base`, every page.
    [[nodiscard]] virtual Result<std::vector<PullRequest>> open_pulls(const std::string& base) = 0;
    /// Creates, or adopts the open one with the same head and base when it turns out to exist.
    [[nodiscard]] virtual Result<PullRequest> create_pull(const PullDraft& draft) = 0;
    [[nodiscard]] virtual Result<PullRequest> edit_pull(std::int64_t number, const std::string& title,
                                                        const std::string& body) = 0;
    /// Adds labels, creating missing ones (once); other labels stay.
    [[nodiscard]] virtual Result<void> add_labels(std::int64_t number, const std::vector<std::string>& labels) = 0;
    /// Removes labels that are set; missing ones are fine.
    [[nodiscard]] virtual Result<void> remove_labels(std::int64_t number, const std::vector<std::string>& labels) = 0;
    [[nodiscard]] virtual Result<std::vector<ForgeComment>> comments(std::int64_t number) = 0;
    /// Edits comment `id`, or creates one when `id` is 0.
    [[nodiscard]] virtual Result<ForgeComment> put_comment(std::int64_t number, std::int64_t id,
                                                           const std::string& body) = 0;
    /// Attaches a file to the pull request and returns its URL. Replaces an attachment of the same name.
    [[nodiscard]] virtual Result<std::string> attach(std::int64_t number, const std::string& name,
                                                     const std::string& content) = 0;
    [[nodiscard]] virtual Result<void> set_status(const std::string& commit, const StatusText& status,
                                                  const std::string& target_url) = 0;
};

}  // namespace lockstep
