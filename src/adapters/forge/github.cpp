// SPDX-License-Identifier: MIT
// GitHub.com and GitHub Enterprise Server (3.17 or newer), REST version 2022-11-28.
#include "adapters/forge/dialects.hpp"
#include "adapters/forge/rest.hpp"
#include "adapters/forge/url.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

/// The workflow permission that a request needs, for advice.
std::string permission_for(const HttpRequest& request) {
    if (request.url.find("/statuses/") != std::string::npos) return "statuses: write";
    if (request.url.find("/pulls") != std::string::npos) return "pull-requests: write";
    if (request.url.find("/labels") != std::string::npos || request.url.find("/issues") != std::string::npos)
        return "issues: write and pull-requests: write";
    return "contents: write";
}

bool has_error(const HttpResponse& response, std::string_view field, std::string_view code) {
    const auto parsed = Answer::parse(response);
    if (!parsed) return false;
    for (const auto& item : parsed->at("errors").items())
        if (item.text("code") == code && (field.empty() || item.text("field") == field)) return true;
    return false;
}

class GitHubDialect final : public Dialect {
public:
    explicit GitHubDialect(const Location& location) : location_(location), repository_(repository_api(location)) {}

    [[nodiscard]] std::string name() const override { return "github"; }
    [[nodiscard]] const Location& location() const override { return location_; }
    [[nodiscard]] Pace pace() const override { return {std::chrono::seconds(1)}; }

    [[nodiscard]] Headers auth(const std::string& token) const override {
        Headers headers = {{"Accept", "application/vnd.github+json"},
                           {"X-GitHub-Api-Version", "2022-11-28"},
                           {"User-Agent", "lockstep"}};
        if (!token.empty()) headers.emplace_back("Authorization", "Bearer " + token);
        return headers;
    }

    [[nodiscard]] Meaning meaning(const HttpRequest& request, const HttpResponse& response) const override {
        const int status = response.status;
        if (status >= 200 && status < 300) return Meaning::ok;
        if (status >= 301 && status <= 308 && status != 304) return Meaning::moved;
        if (status == 429 || (status == 403 && is_rate_limit(response))) return Meaning::rate_limited;
        if (status == 401 || status == 403) return Meaning::denied;
        if (status == 404) return Meaning::absent;
        if (status == 408 || status >= 500) return Meaning::retry_later;
        if (status == 422) return meaning_of_422(request, response);
        return Meaning::refused;
    }

    [[nodiscard]] std::string error_text(const HttpResponse& response) const override { return read_error(response); }

    [[nodiscard]] std::string advice(const HttpRequest& request, const HttpResponse& response) const override;

    [[nodiscard]] HttpRequest get_repository() const override { return get(repository_); }
    [[nodiscard]] Result<void> parse_access(const HttpResponse& response) const override {
        return read_access(response, location_);
    }
    [[nodiscard]] bool access_is_told(const std::string& token) const override { return token.rfind("ghs_", 0) != 0; }

    [[nodiscard]] std::optional<HttpRequest> get_limits() const override { return std::nullopt; }
    [[nodiscard]] ForgeLimits parse_limits(const HttpResponse*) const override { return {}; }

    [[nodiscard]] HttpRequest list_pulls(const std::string& base, const std::string& page_url) const override {
        return get_list(repository_ + "/pulls?state=open&base=" + encode(base) + "&per_page=100", page_url);
    }
    [[nodiscard]] Result<Page<PullRequest>> parse_pulls(const HttpResponse& response) const override {
        return read_pulls(response, location_);
    }
    [[nodiscard]] HttpRequest create_pull(const PullDraft& draft) const override {
        return with_json(
            "POST", repository_ + "/pulls",
            json_object({{"title", draft.title}, {"head", draft.head}, {"base", draft.base}, {"body", draft.body}}));
    }
    [[nodiscard]] HttpRequest edit_pull(std::int64_t number, const std::string& title,
                                        const std::string& body) const override {
        return with_json("PATCH", repository_ + "/pulls/" + std::to_string(number),
                         json_object({{"title", title}, {"body", body}}));
    }
    [[nodiscard]] Result<PullRequest> parse_pull(const HttpResponse& response) const override {
        return read_pull(response);
    }

    [[nodiscard]] HttpRequest list_labels(const std::string& page_url) const override {
        return get_list(repository_ + "/labels?per_page=100", page_url);
    }
    [[nodiscard]] Result<Page<ForgeLabel>> parse_labels(const HttpResponse& response) const override {
        return read_labels(response, location_);
    }
    [[nodiscard]] HttpRequest create_label(const std::string& label) const override {
        return with_json("POST", repository_ + "/labels",
                         json_object({{"name", label}, {"color", label_color(label)}}));
    }
    [[nodiscard]] Result<ForgeLabel> parse_label(const HttpResponse& response) const override {
        return read_label(response);
    }
    [[nodiscard]] HttpRequest add_labels(std::int64_t number, const std::vector<ForgeLabel>& labels) const override {
        std::vector<std::string> names;
        for (const auto& label : labels) names.push_back(label.name);
        return with_json("POST", issue(number) + "/labels", json_list("labels", names));
    }
    [[nodiscard]] HttpRequest remove_label(std::int64_t number, const ForgeLabel& label) const override {
        auto request = get(issue(number) + "/labels/" + encode(label.name));
        request.method = "DELETE";
        return request;
    }

    [[nodiscard]] HttpRequest list_comments(std::int64_t number, const std::string& page_url) const override {
        return get_list(issue(number) + "/comments?per_page=100", page_url);
    }
    [[nodiscard]] Result<Page<ForgeComment>> parse_comments(const HttpResponse& response) const override {
        return read_comments(response, location_);
    }
    [[nodiscard]] HttpRequest create_comment(std::int64_t number, const std::string& body) const override {
        return with_json("POST", issue(number) + "/comments", json_object({{"body", body}}));
    }
    [[nodiscard]] HttpRequest edit_comment(std::int64_t id, const std::string& body) const override {
        return with_json("PATCH", repository_ + "/issues/comments/" + std::to_string(id),
                         json_object({{"body", body}}));
    }
    [[nodiscard]] Result<ForgeComment> parse_comment(const HttpResponse& response) const override {
        return read_comment(response);
    }

    // GitHub has no interface for attachments and limits() says so; calling these is a bug.
    [[nodiscard]] HttpRequest list_attachments(std::int64_t, const std::string&) const override { no_attachments(); }
    [[nodiscard]] Result<Page<ForgeAttachment>> parse_attachments(const HttpResponse&) const override {
        no_attachments();
    }
    [[nodiscard]] HttpRequest create_attachment(std::int64_t, const std::string&, const std::string&) const override {
        no_attachments();
    }
    [[nodiscard]] HttpRequest delete_attachment(std::int64_t, std::int64_t) const override { no_attachments(); }
    [[nodiscard]] Result<ForgeAttachment> parse_attachment(const HttpResponse&) const override { no_attachments(); }

    [[nodiscard]] HttpRequest set_status(const std::string& commit, const StatusText& status,
                                         const std::string& target_url) const override;

private:
    [[noreturn]] static void no_attachments() { check_failed("limits().attachment_bytes > 0", __FILE__, __LINE__); }

    [[nodiscard]] static bool is_rate_limit(const HttpResponse& response) {
        if (!response.header("retry-after").empty() || response.header("x-ratelimit-remaining") == "0") return true;
        const auto words = read_error(response);
        return says(words, "rate limit") || says(words, "abuse detection");
    }

    [[nodiscard]] static Meaning meaning_of_422(const HttpRequest& request, const HttpResponse& response) {
        if (has_error(response, "", "already_exists") || says(read_error(response), "already exists"))
            return Meaning::exists;
        if (request.method == "DELETE") return Meaning::absent;
        // A branch that was pushed a moment ago is not always known to the pull request code yet.
        const bool creates_pull = request.method == "POST" && request.url.size() > 6 &&
                                  request.url.compare(request.url.size() - 6, 6, "/pulls") == 0;
        if (creates_pull && has_error(response, "head", "invalid")) return Meaning::retry_later;
        return Meaning::refused;
    }

    [[nodiscard]] std::string issue(std::int64_t number) const {
        return repository_ + "/issues/" + std::to_string(number);
    }

    Location location_;
    std::string repository_;
};

std::string GitHubDialect::advice(const HttpRequest& request, const HttpResponse& response) const {
    const auto words = read_error(response);
    if (response.status == 401) return "the token is wrong, expired or revoked: provide a new one";
    if (says(words, "not permitted to create or approve pull requests"))
        return "switch on \"Allow GitHub Actions to create and approve pull requests\" under Settings, Actions, "
               "General, "
               "Workflow permissions of the repository (or its organisation), or use a personal or app token";
    if (says(words, "archived")) return "unarchive the repository, or point the remote at the one that replaced it";
    if (!response.header("x-github-sso").empty())
        return "authorise the token for single sign-on of the organisation (GitHub settings, Developer settings)";
    std::string needed = permission_for(request);
    if (const auto accepted = response.header("x-accepted-github-permissions"); !accepted.empty())
        needed += " (GitHub names: " + clean_line(accepted, 120) + ")";
    if (says(words, "by integration"))
        return "add \"" + needed + "\" to the permissions of the workflow, or grant it to the app";
    if (response.status == 403 || response.status == 404)
        return "give the token what it needs: " + needed +
               "; a classic token needs the scope repo, a fine-grained one contents, pull requests, issues and commit "
               "statuses, all with write access";
    return "";
}

HttpRequest GitHubDialect::set_status(const std::string& commit, const StatusText& status,
                                      const std::string& target_url) const {
    std::string description;
    std::size_t characters = 0;  // GitHub counts characters and refuses more than 140
    for (const char c : status.description) {
        const bool starts_character = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        if (starts_character && ++characters > 140) break;
        description += c;
    }
    const auto url = repository_ + "/statuses/" + encode(commit);
    if (target_url.empty())
        return with_json(
            "POST", url,
            json_object({{"state", status.state}, {"context", status.context}, {"description", description}}));
    return with_json("POST", url,
                     json_object({{"state", status.state},
                                  {"context", status.context},
                                  {"description", description},
                                  {"target_url", target_url}}));
}

}  // namespace

std::unique_ptr<Dialect> make_github(const Location& location) {
    return std::make_unique<GitHubDialect>(location);
}

}  // namespace lockstep::forge
