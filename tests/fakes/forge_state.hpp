// SPDX-License-Identifier: MIT
// What a fake forge knows, whatever dialect it speaks. Branches are not here: the bare repository on disk is the truth,
// and pull requests are brought in line with it before every request.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "support/git_fixture.hpp"

namespace lockstep::fakes {

/// What a token may do. Gitea has no finer scopes than write:repository (push, pulls, statuses) and write:issue
/// (issues).
struct TokenRights {
    bool read = true;    ///< sees the private repository
    bool push = true;    ///< git push; GitHub "contents: write"
    bool pulls = true;   ///< create and edit pull requests
    bool issues = true;  ///< comments, labels, attachments
    bool statuses = true;
    bool user = true;  ///< GET /user
    bool job = false;  ///< a token that the forge's own CI hands out; GitHub's starts with ghs_
};

struct Token {
    std::string value, user;
    TokenRights rights;
};

struct Label {
    std::int64_t id = 0;
    std::string name, color = "ededed", description;
    bool of_organisation = false;
};

struct Comment {
    std::int64_t id = 0, pull = 0;
    std::string body, author;
    std::int64_t created = 0, updated = 0;
};

struct Attachment {
    std::int64_t id = 0, pull = 0;
    std::string name, content, uuid;
    std::int64_t created = 0;
};

struct Status {
    std::int64_t id = 0;
    std::string sha, state, context, description, target_url, creator;
    std::int64_t created = 0;
};

struct Pull {
    std::int64_t number = 0;
    std::string title, body, head, base, author;
    std::string fork_owner;  ///< "" = same repository; then head is kept in line with the bare repository
    std::string head_sha, base_sha;
    bool open = true, merged = false, locked = false, head_gone = false;
    std::vector<std::int64_t> labels;
    std::int64_t created = 0, updated = 0, closed = 0;
};

/// What an administrator may change.
struct ForgeSettings {
    bool is_private = true, archived = false, pulls_enabled = true;
    bool owner_is_organisation = false;
    bool jobs_may_open_pulls = true;       ///< GitHub: "Allow GitHub Actions to create and approve pull requests"
    bool autodetect_manual_merge = false;  ///< Gitea family; GitHub always does
    bool attachments_enabled = true;
    std::string attachment_types;                  ///< set per version
    std::int64_t attachment_mib = 0;               ///< set per version
    std::size_t page_default = 30, page_cap = 50;  ///< set per dialect
    bool null_lists = true;                        ///< Gitea family: null where a list is empty
};

struct ForgeState {
    std::string owner = "ada", repo = "fleet", default_branch = "main";
    ForgeSettings settings;
    std::vector<Token> tokens;
    std::vector<Label> labels;
    std::vector<Pull> pulls;
    std::vector<Comment> comments;
    std::vector<Attachment> attachments;
    std::vector<Status> statuses;
    std::int64_t last_id = 100, last_number = 0, clock = 1'767'312'000;  // 2026-01-02

    [[nodiscard]] std::int64_t next_id() { return ++last_id; }
    [[nodiscard]] std::int64_t now() { return ++clock; }  ///< every event takes a second
    [[nodiscard]] Pull* pull(std::int64_t number);
    [[nodiscard]] Label* label(std::int64_t id);
    [[nodiscard]] Label* label(const std::string& name);
    [[nodiscard]] Comment* comment(std::int64_t id);
    [[nodiscard]] const Token* token(const std::string& value) const;

    /// Heads, closings and merges as the repository now has them. `detects_merges`: a pull request whose commits are on
    /// its base counts as merged.
    void follow(const test::GitRepo& git, bool detects_merges);
};

/// "1.26.3", "15.0.3+gitea-1.22.0", "3.17.0".
struct Version {
    int major = 0, minor = 0;
    explicit Version(const std::string& text);
    [[nodiscard]] bool at_least(int wanted_major, int wanted_minor) const {
        return major > wanted_major || (major == wanted_major && minor >= wanted_minor);
    }
};

[[nodiscard]] std::string iso_time(std::int64_t seconds);

}  // namespace lockstep::fakes
