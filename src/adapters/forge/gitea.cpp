// SPDX-License-Identifier: MIT
// Gitea, and the base of Forgejo. Labels go by id, because names silently do nothing when unknown (1.22 and newer) or
// fail (older); pull requests cannot be filtered by head or base in all versions, so all open ones are listed.
#include "adapters/forge/gitea.hpp"

#include <algorithm>

#include "adapters/forge/dialects.hpp"
#include "adapters/forge/rest.hpp"
#include "adapters/forge/url.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

constexpr std::string_view k_page_size = "limit=50";  // the server's own upper bound by default

/// A boundary that does not occur in the content; a function of the content, so that requests are reproducible.
std::string boundary_for(std::string_view content) {
    for (auto seed = stable_hash(content);; ++seed) {
        const auto boundary = "lockstep-" + std::to_string(seed);
        if (content.find(boundary) == std::string_view::npos) return boundary;
    }
}

/// What is safe inside the quotes of a Content-Disposition header.
std::string header_file_name(std::string_view name) {
    std::string result;
    for (const char c : name) {
        const bool safe = static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '"' && c != '\\';
        result += safe ? c : '_';
    }
    return result;
}

bool accepts_gz(std::string_view allowed_types) {
    const auto types = split(lower(allowed_types), ',');
    return std::any_of(types.begin(), types.end(), [](const std::string& entry) {
        const auto type = trim(entry);
        return type == ".gz" || type == "*/*" || type == "application/*" || type == "application/gzip" ||
               type == "application/x-gzip";
    });
}

}  // namespace

GiteaDialect::GiteaDialect(const Location& location) : location_(location), repository_(repository_api(location)) {}

std::string GiteaDialect::issue(std::int64_t number) const {
    return repository_ + "/issues/" + std::to_string(number);
}

Headers GiteaDialect::auth(const std::string& token) const {
    Headers headers = {{"Accept", "application/json"}, {"User-Agent", "lockstep"}};
    if (!token.empty()) headers.emplace_back("Authorization", "token " + token);
    return headers;
}

Meaning GiteaDialect::meaning(const HttpRequest& request, const HttpResponse& response) const {
    const int status = response.status;
    if (status >= 200 && status < 300) return Meaning::ok;
    if (status >= 301 && status <= 308 && status != 304) return Meaning::moved;
    if (status == 401 || status == 403) return Meaning::denied;
    if (status == 404) return Meaning::absent;
    if (status == 429) return Meaning::rate_limited;
    if (status == 408 || status >= 500) return Meaning::retry_later;
    if (status == 405 && says(read_error(response), "try again later")) return Meaning::retry_later;
    if (status == 409 && request.method == "POST") return Meaning::exists;
    if (status == 422 && says(read_error(response), "already exists")) return Meaning::exists;
    return Meaning::refused;
}

std::string GiteaDialect::error_text(const HttpResponse& response) const {
    return read_error(response);
}

std::string GiteaDialect::advice(const HttpRequest& request, const HttpResponse& response) const {
    const auto words = read_error(response);
    const int status = response.status;
    if (status == 401) return "the token is wrong, expired or revoked: provide a new one";
    if (status == 423 || says(words, "archived"))
        return "unarchive the repository, or point the remote at the one that replaced it";
    if (status == 413) return "the forge's size limit or the owner's quota is used up: free space or raise it";
    if (status == 500 && request.url.find("/statuses/") != std::string::npos)
        return "an unknown commit is answered like this: check that the branch was pushed to this repository";
    if (status == 403 && says(words, "issue is locked")) return "unlock the conversation of the pull request";
    if (status == 403 || status == 404)
        return "give the token the scopes write:repository and write:issue and its user write access to the "
               "repository, "
               "and check that issues and pull requests are switched on there";
    return "";
}

std::string GiteaDialect::numbered_page(const std::string& first_url, std::size_t number) const {
    if (first_url.find(k_page_size) == std::string::npos) return "";  // comments and attachments come all at once
    return first_url + "&page=" + std::to_string(number);
}

HttpRequest GiteaDialect::get_repository() const {
    return get(repository_);
}

Result<void> GiteaDialect::parse_access(const HttpResponse& response) const {
    return read_access(response, location_);
}

std::optional<HttpRequest> GiteaDialect::get_limits() const {
    return get(location_.api + "/settings/attachment");
}

ForgeLimits GiteaDialect::parse_limits(const HttpResponse* response) const {
    ForgeLimits limits;
    if (response == nullptr || response->status != 200) return limits;
    const auto parsed = Answer::parse(*response);
    if (!parsed || !parsed->flag("enabled")) return limits;
    // MiB: 4 (1.20), 2048 (late 1.21 to 1.25, Forgejo), 100 (1.26) by default.
    const auto size = std::clamp<std::int64_t>(parsed->number("max_size"), 0, 1 << 20);
    limits.attachment_bytes = static_cast<std::uint64_t>(size) << 20U;
    const auto types = parsed->text("allowed_types");
    limits.zip_like = trim(types).empty() || accepts_gz(types);
    return limits;
}

HttpRequest GiteaDialect::list_pulls(const std::string&, const std::string& page_url) const {
    return get_list(repository_ + "/pulls?state=open&" + std::string(k_page_size), page_url);
}
Result<Page<PullRequest>> GiteaDialect::parse_pulls(const HttpResponse& response) const {
    return read_pulls(response, location_);
}

HttpRequest GiteaDialect::create_pull(const PullDraft& draft) const {
    return with_json(
        "POST", repository_ + "/pulls",
        json_object({{"title", draft.title}, {"head", draft.head}, {"base", draft.base}, {"body", draft.body}}));
}

HttpRequest GiteaDialect::edit_pull(std::int64_t number, const std::string& title, const std::string& body) const {
    return with_json("PATCH", repository_ + "/pulls/" + std::to_string(number),
                     json_object({{"title", title}, {"body", body}}));
}

Result<PullRequest> GiteaDialect::parse_pull(const HttpResponse& response) const {
    return read_pull(response);
}

HttpRequest GiteaDialect::list_labels(const std::string& page_url) const {
    return get_list(repository_ + "/labels?" + std::string(k_page_size), page_url);
}

std::optional<HttpRequest> GiteaDialect::list_inherited_labels() const {
    return get_list(location_.api + "/orgs/" + encode(location_.owner) + "/labels?" + std::string(k_page_size), "");
}

Result<Page<ForgeLabel>> GiteaDialect::parse_labels(const HttpResponse& response) const {
    return read_labels(response, location_);
}

HttpRequest GiteaDialect::create_label(const std::string& label) const {
    return with_json("POST", repository_ + "/labels",
                     json_object({{"name", label}, {"color", "#" + label_color(label)}}));
}

Result<ForgeLabel> GiteaDialect::parse_label(const HttpResponse& response) const {
    return read_label(response);
}

HttpRequest GiteaDialect::add_labels(std::int64_t number, const std::vector<ForgeLabel>& labels) const {
    std::vector<std::int64_t> ids;
    for (const auto& label : labels) ids.push_back(label.id);
    return with_json("POST", issue(number) + "/labels", json_list("labels", ids));
}

HttpRequest GiteaDialect::remove_label(std::int64_t number, const ForgeLabel& label) const {
    auto request = get(issue(number) + "/labels/" + std::to_string(label.id));
    request.method = "DELETE";
    return request;
}

HttpRequest GiteaDialect::list_comments(std::int64_t number, const std::string& page_url) const {
    return get_list(issue(number) + "/comments", page_url);
}
Result<Page<ForgeComment>> GiteaDialect::parse_comments(const HttpResponse& response) const {
    return read_comments(response, location_);
}

HttpRequest GiteaDialect::create_comment(std::int64_t number, const std::string& body) const {
    return with_json("POST", issue(number) + "/comments", json_object({{"body", body}}));
}

HttpRequest GiteaDialect::edit_comment(std::int64_t id, const std::string& body) const {
    return with_json("PATCH", repository_ + "/issues/comments/" + std::to_string(id), json_object({{"body", body}}));
}

Result<ForgeComment> GiteaDialect::parse_comment(const HttpResponse& response) const {
    return read_comment(response);
}

HttpRequest GiteaDialect::list_attachments(std::int64_t number, const std::string& page_url) const {
    return get_list(issue(number) + "/assets", page_url);
}
Result<Page<ForgeAttachment>> GiteaDialect::parse_attachments(const HttpResponse& response) const {
    return read_attachments(response, location_);
}

HttpRequest GiteaDialect::create_attachment(std::int64_t number, const std::string& name,
                                            const std::string& content) const {
    const auto boundary = boundary_for(content);
    HttpRequest request;
    request.method = "POST";
    request.url = issue(number) + "/assets?name=" + encode(name);
    request.headers = {{"Content-Type", "multipart/form-data; boundary=" + boundary}};
    request.body = "--" + boundary + "\r\nContent-Disposition: form-data; name=\"attachment\"; filename=\"" +
                   header_file_name(name) + "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content +
                   "\r\n--" + boundary + "--\r\n";
    return request;
}

HttpRequest GiteaDialect::delete_attachment(std::int64_t number, std::int64_t id) const {
    auto request = get(issue(number) + "/assets/" + std::to_string(id));
    request.method = "DELETE";
    return request;
}

Result<ForgeAttachment> GiteaDialect::parse_attachment(const HttpResponse& response) const {
    return read_attachment(response);
}

HttpRequest GiteaDialect::set_status(const std::string& commit, const StatusText& status,
                                     const std::string& target_url) const {
    return with_json("POST", repository_ + "/statuses/" + encode(commit),
                     json_object({{"state", status.state},
                                  {"context", status.context},
                                  {"description", status.description},
                                  {"target_url", target_url}}));
}

std::unique_ptr<Dialect> make_gitea(const Location& location) {
    return std::make_unique<GiteaDialect>(location);
}

}  // namespace lockstep::forge
