// SPDX-License-Identifier: MIT
// A forge's REST interface as a translator: data → HttpRequest, HttpResponse → data. One file per dialect and one row
// in the registry; the session that runs the requests (app/forge_session) and its retries are shared by all.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/ports/forge.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep::forge {

/// Where a repository lives on a forge.
struct Location {
    std::string web;  ///< web root without trailing slash, sub-path included: "https://git.example.org/sub"
    std::string api;  ///< API base without trailing slash
    std::string owner, repo;
    bool operator==(const Location&) const = default;
};

/// A page of a list and where the next one is ("" = last page).
template <class T>
struct Page {
    std::vector<T> items;
    std::string next;
    std::uint64_t total = 0;  ///< items on all pages, where the forge says so instead of naming a next page
};

struct ForgeLabel {
    std::int64_t id = 0;
    std::string name;
};
struct ForgeAttachment {
    std::int64_t id = 0;
    std::string name, url;
};

/// What an answer means before anybody looks into its body.
enum class Meaning {
    ok,
    exists,  ///< the thing to create is there already (409, or 422 already_exists / "A pull request already exists")
    absent,  ///< 404 or its dialect's equivalent
    denied,  ///< 401, 403 without rate limit
    rate_limited,  ///< 429, or 403 with rate-limit headers or words
    retry_later,   ///< 5xx, 405 "try again later", 422 on a head that was just pushed
    moved,         ///< 301, 302, 307, 308
    refused,       ///< any other 4xx
};

/// How gently a forge wants to be treated.
struct Pace {
    std::chrono::milliseconds write_gap{0};              ///< least time between two writes
    std::chrono::milliseconds rate_limit_floor{60'000};  ///< least wait after a rate limit without a header; doubles
};

/// Pure. Builders never fail; parsers return Error (infrastructure) for a body that is not what the dialect promises.
class Dialect {
public:
    virtual ~Dialect() = default;
    [[nodiscard]] virtual std::string name() const = 0;
    [[nodiscard]] virtual const Location& location() const = 0;
    [[nodiscard]] virtual Pace pace() const { return {}; }
    [[nodiscard]] virtual Headers auth(const std::string& token) const = 0;  ///< with Accept and User-Agent
    [[nodiscard]] virtual Meaning meaning(const HttpRequest& request, const HttpResponse& response) const = 0;
    /// The forge's own words in an error answer, cleaned, one line.
    [[nodiscard]] virtual std::string error_text(const HttpResponse& response) const = 0;
    /// What the user can do about an error answer; "" when there is nothing better than to try again.
    [[nodiscard]] virtual std::string advice(const HttpRequest& request, const HttpResponse& response) const = 0;

    /// Page `number` (from 1) of the list that begins at `first_url`, for lists that tell their total but no next page
    /// (labels of the Gitea family); "" when the list has no pages.
    [[nodiscard]] virtual std::string numbered_page(const std::string& /*first_url*/, std::size_t /*number*/) const {
        return "";
    }

    [[nodiscard]] virtual HttpRequest get_repository() const = 0;
    /// Error (credentials) when the answer says that the token may not push or write pull requests.
    [[nodiscard]] virtual Result<void> parse_access(const HttpResponse& response) const = 0;
    /// false: the repository's answer says nothing about what this kind of token may do, so parse_access would lie
    /// (GitHub shows no permissions, or false ones, to GITHUB_TOKEN and to app tokens).
    [[nodiscard]] virtual bool access_is_told(const std::string&) const { return true; }

    /// nullopt: the dialect has fixed limits and needs no request.
    [[nodiscard]] virtual std::optional<HttpRequest> get_limits() const = 0;
    [[nodiscard]] virtual ForgeLimits parse_limits(const HttpResponse* response) const = 0;

    [[nodiscard]] virtual HttpRequest list_pulls(const std::string& base, const std::string& page_url) const = 0;
    [[nodiscard]] virtual Result<Page<PullRequest>> parse_pulls(const HttpResponse& response) const = 0;
    [[nodiscard]] virtual HttpRequest create_pull(const PullDraft& draft) const = 0;
    [[nodiscard]] virtual HttpRequest edit_pull(std::int64_t number, const std::string& title,
                                                const std::string& body) const = 0;
    [[nodiscard]] virtual Result<PullRequest> parse_pull(const HttpResponse& response) const = 0;

    [[nodiscard]] virtual HttpRequest list_labels(const std::string& page_url) const = 0;
    /// Labels that the repository inherits from its owner; nullopt: the dialect has none. 403 and 404 mean none too.
    [[nodiscard]] virtual std::optional<HttpRequest> list_inherited_labels() const { return std::nullopt; }
    [[nodiscard]] virtual Result<Page<ForgeLabel>> parse_labels(const HttpResponse& response) const = 0;
    [[nodiscard]] virtual HttpRequest create_label(const std::string& label) const = 0;
    [[nodiscard]] virtual Result<ForgeLabel> parse_label(const HttpResponse& response) const = 0;
    [[nodiscard]] virtual HttpRequest add_labels(std::int64_t number, const std::vector<ForgeLabel>& labels) const = 0;
    [[nodiscard]] virtual HttpRequest remove_label(std::int64_t number, const ForgeLabel& label) const = 0;

    [[nodiscard]] virtual HttpRequest list_comments(std::int64_t number, const std::string& page_url) const = 0;
    [[nodiscard]] virtual Result<Page<ForgeComment>> parse_comments(const HttpResponse& response) const = 0;
    [[nodiscard]] virtual HttpRequest create_comment(std::int64_t number, const std::string& body) const = 0;
    [[nodiscard]] virtual HttpRequest edit_comment(std::int64_t id, const std::string& body) const = 0;
    [[nodiscard]] virtual Result<ForgeComment> parse_comment(const HttpResponse& response) const = 0;

    /// Attachments: only called when limits().attachment_bytes > 0.
    [[nodiscard]] virtual HttpRequest list_attachments(std::int64_t number, const std::string& page_url) const = 0;
    [[nodiscard]] virtual Result<Page<ForgeAttachment>> parse_attachments(const HttpResponse& response) const = 0;
    [[nodiscard]] virtual HttpRequest create_attachment(std::int64_t number, const std::string& name,
                                                        const std::string& content) const = 0;
    [[nodiscard]] virtual HttpRequest delete_attachment(std::int64_t number, std::int64_t id) const = 0;
    [[nodiscard]] virtual Result<ForgeAttachment> parse_attachment(const HttpResponse& response) const = 0;

    [[nodiscard]] virtual HttpRequest set_status(const std::string& commit, const StatusText& status,
                                                 const std::string& target_url) const = 0;
};

/// The only list of dialects.
struct DialectRow {
    std::string_view name;
    std::unique_ptr<Dialect> (*make)(const Location& location);
    std::string_view api_suffix;  ///< "/api/v1"; "" for github, which has its own rule
};
[[nodiscard]] const std::vector<DialectRow>& registry();

/// API base from the web root: "/api/v1" appended for the Gitea family; "https://api.github.com" for github.com,
/// "https://api.<tenant>.ghe.com" for ghe.com, "/api/v3" for other GitHub servers; an address that already ends so is
/// kept.
[[nodiscard]] std::string api_base(std::string_view dialect, std::string_view web_root);

/// Owner and repository from a git remote address (https, ssh, scp form); the web root it implies ("" for ssh with a
/// non-standard port or scp form of an unknown host: https://HOST is the best guess, see `guessed`).
struct RemoteAddress {
    std::string scheme, host, web_root, owner, repo;
    bool guessed = false;
    bool local = false;  ///< plain path or file://
};
[[nodiscard]] RemoteAddress parse_remote_address(std::string_view url);

/// Which forge a run talks to, from flags/configuration, the runner's environment and the remote, in this order.
struct Choice {
    std::string
        kind;  ///< "github", "gitea", "forgejo", "directory", "none", or "probe" when only asking the server can tell
    std::string directory;  ///< for directory
    Location location;
    std::string token_variable;  ///< environment variable that would hold its token, e.g. "GITEA_TOKEN"
};
struct ChoiceInput {
    std::string kind = "auto", url;  ///< configuration
    std::string remote_url;
    std::vector<std::pair<std::string, std::string>>
        env;  ///< GITHUB_ACTIONS, GITEA_ACTIONS, FORGEJO_ACTIONS, GITHUB_SERVER_URL, GITHUB_API_URL, …
};
/// Errors (config): unknown kind, remote without owner/repo for a real forge, ssh remote of an unknown host without
/// url.
[[nodiscard]] Result<Choice> choose(const ChoiceInput& input);

/// Which kind a server is, by asking it: GET requests to try in order, and what an answer proves ("" = nothing).
struct Probe {
    HttpRequest request;
    std::string kind_if_ok;
};
[[nodiscard]] std::vector<Probe> probes(const std::string& web_root);
/// Whether the answer to a probe is that interface's own; a server that answers everything with a page proves nothing.
[[nodiscard]] bool proves(const Probe& probe, const HttpResponse& response);

}  // namespace lockstep::forge
