// SPDX-License-Identifier: MIT
// The embedded forge: pull requests, labels, comments, statuses and attachments as files that people can read and edit.
//
//   DIR/pulls/<number>/pull.json        number, state (open or closed), title, head, base, labels, …
//   DIR/pulls/<number>/body.md
//   DIR/pulls/<number>/comments/<id>.md
//   DIR/pulls/<number>/attachments/<name>
//   DIR/statuses/<commit>.json
//
// Every file is replaced as a whole, under a lock that other processes respect; numbers are never used twice.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lockstep/ports/forge.hpp"

namespace lockstep {

class DirectoryForge final : public Forge {
public:
    explicit DirectoryForge(std::filesystem::path directory);

    [[nodiscard]] std::string kind() const override { return "directory"; }
    [[nodiscard]] std::string repository_url() const override;
    [[nodiscard]] Result<void> check_access() override;
    [[nodiscard]] Result<ForgeLimits> limits() override;
    [[nodiscard]] Result<std::vector<PullRequest>> open_pulls(const std::string& base) override;
    [[nodiscard]] Result<PullRequest> create_pull(const PullDraft& draft) override;
    [[nodiscard]] Result<PullRequest> edit_pull(std::int64_t number, const std::string& title,
                                                const std::string& body) override;
    [[nodiscard]] Result<void> add_labels(std::int64_t number, const std::vector<std::string>& labels) override;
    [[nodiscard]] Result<void> remove_labels(std::int64_t number, const std::vector<std::string>& labels) override;
    [[nodiscard]] Result<std::vector<ForgeComment>> comments(std::int64_t number) override;
    [[nodiscard]] Result<ForgeComment> put_comment(std::int64_t number, std::int64_t id,
                                                   const std::string& body) override;
    [[nodiscard]] Result<std::string> attach(std::int64_t number, const std::string& name,
                                             const std::string& content) override;
    /// `commit` must be a hexadecimal object id (config error otherwise): it becomes a file name.
    [[nodiscard]] Result<void> set_status(const std::string& commit, const StatusText& status,
                                          const std::string& target_url) override;

private:
    [[nodiscard]] std::filesystem::path pull_directory(std::int64_t number) const;
    [[nodiscard]] Result<PullRequest> read_pull(std::int64_t number) const;
    [[nodiscard]] Result<void> write_pull(const PullRequest& pull) const;
    [[nodiscard]] Result<std::vector<PullRequest>> list_open(const std::string& base) const;

    std::filesystem::path directory_;
};

}  // namespace lockstep
