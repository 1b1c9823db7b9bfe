// SPDX-License-Identifier: MIT
// Reading and writing of what the dialects share. Every member is optional to the reader, except the few without which
// a later step would act on the wrong thing.
#include "adapters/forge/rest.hpp"

#include <charconv>

#include "adapters/forge/url.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

Error lying(const std::string& what) {
    return {ErrorKind::infrastructure, "the forge's answer cannot be read", what,
            "check that forge.url (--forge-url) names the forge itself and not a proxy"};
}

Result<PullRequest> pull_of(const Answer& answer) {
    const auto head = answer.at("head");
    const auto base = answer.at("base");
    PullRequest pull;
    pull.number = answer.number("number");
    if (pull.number <= 0) return lying("a pull request without a number");
    pull.title = answer.text("title");
    pull.body = answer.text("body");
    pull.url = answer.text("html_url");
    pull.head = head.text("ref");
    pull.base = base.text("ref");
    pull.head_sha = head.text("sha");
    pull.open = answer.text("state") == "open";
    pull.merged = answer.flag("merged") || answer.has("merged_at");
    const auto repository = [](const Answer& side) {
        const auto id = side.number("repo_id");
        return id != 0 ? id : side.at("repo").number("id");
    };
    // A fork that was deleted has no repository; its branch is not ours either.
    pull.same_repo = repository(head) > 0 && repository(head) == repository(base);
    for (const auto& label : answer.at("labels").items()) pull.labels.push_back(label.text("name"));
    return pull;
}

Result<ForgeLabel> label_of(const Answer& answer) {
    ForgeLabel label{answer.number("id"), answer.text("name")};
    if (label.name.empty()) return lying("a label without a name");
    return label;
}

Result<ForgeComment> comment_of(const Answer& answer) {
    ForgeComment comment{answer.number("id"), answer.text("body"), answer.at("user").text("login")};
    if (comment.id <= 0) return lying("a comment without an id");
    return comment;
}

Result<ForgeAttachment> attachment_of(const Answer& answer) {
    ForgeAttachment attachment{answer.number("id"), answer.text("name"), answer.text("browser_download_url")};
    if (attachment.id <= 0) return lying("an attachment without an id");
    return attachment;
}

template <class T>
Result<T> read_one(const HttpResponse& response, Result<T> (*read)(const Answer&)) {
    LOCKSTEP_TRY(const auto answer, Answer::parse(response));
    if (!answer.is_object()) return lying("an object was expected");
    return read(answer);
}

template <class T>
Result<Page<T>> read_list(const HttpResponse& response, const Location& location, Result<T> (*read)(const Answer&)) {
    LOCKSTEP_TRY(const auto answer, Answer::parse(response));
    if (!answer.is_array() && !answer.is_null()) return lying("a list was expected");
    Page<T> page;
    for (const auto& item : answer.items()) {
        if (item.is_null()) continue;
        LOCKSTEP_TRY(auto value, read(item));
        page.items.push_back(std::move(value));
    }
    LOCKSTEP_TRY(page.next, next_page(response, location.api));
    const auto total = response.header("x-total-count");
    std::from_chars(total.data(), total.data() + total.size(), page.total);
    return page;
}

}  // namespace

std::string repository_api(const Location& location) {
    return location.api + "/repos/" + encode(location.owner) + "/" + encode(location.repo);
}

HttpRequest get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    return request;
}

HttpRequest get_list(std::string first, const std::string& page_url) {
    auto request = get(page_url.empty() ? std::move(first) : page_url);
    request.max_body = 64U << 20U;  // a page of pull requests carries all their bodies
    return request;
}

HttpRequest with_json(std::string method, std::string url, std::string body) {
    HttpRequest request;
    request.method = std::move(method);
    request.url = std::move(url);
    request.headers = {{"Content-Type", "application/json"}};
    request.body = std::move(body);
    return request;
}

Result<Page<PullRequest>> read_pulls(const HttpResponse& response, const Location& location) {
    return read_list(response, location, pull_of);
}
Result<PullRequest> read_pull(const HttpResponse& response) {
    return read_one(response, pull_of);
}

Result<Page<ForgeLabel>> read_labels(const HttpResponse& response, const Location& location) {
    return read_list(response, location, label_of);
}
Result<ForgeLabel> read_label(const HttpResponse& response) {
    return read_one(response, label_of);
}

Result<Page<ForgeComment>> read_comments(const HttpResponse& response, const Location& location) {
    return read_list(response, location, comment_of);
}
Result<ForgeComment> read_comment(const HttpResponse& response) {
    return read_one(response, comment_of);
}

Result<Page<ForgeAttachment>> read_attachments(const HttpResponse& response, const Location& location) {
    return read_list(response, location, attachment_of);
}
Result<ForgeAttachment> read_attachment(const HttpResponse& response) {
    return read_one(response, attachment_of);
}

std::string read_error(const HttpResponse& response) {
    const auto parsed = Answer::parse(response);
    if (!parsed || !parsed->is_object()) return "";
    std::vector<std::string> parts;
    const auto add = [&](const std::string& part) {
        if (!part.empty()) parts.push_back(part);
    };
    add(parsed->text("message"));
    for (const auto& item : parsed->at("errors").items()) {
        if (!item.is_object()) {
            add(item.text());
        } else if (item.has("message")) {
            add(item.text("message"));
        } else {
            add(std::string(trim(item.text("resource") + " " + item.text("field") + " " + item.text("code"))));
        }
    }
    return clean_line(join(parts, "; "), 400);
}

Result<void> read_access(const HttpResponse& response, const Location& location) {
    LOCKSTEP_TRY(const auto answer, Answer::parse(response));
    if (!answer.is_object()) return lying("a repository was expected");
    const auto name = location.owner + "/" + location.repo;
    if (answer.flag("archived"))
        return Error{ErrorKind::config, "cannot write to " + name, "the repository is archived",
                     "unarchive it, or point the remote at the repository that replaced it"};
    if (answer.at("permissions").flag("push")) return {};
    return Error{ErrorKind::credentials, "cannot write to " + name,
                 "the forge says that this token may not push to the repository",
                 "use a token of a user with write access to it"};
}

bool says(std::string_view words, std::string_view lower_needle) {
    return lower(words).find(lower_needle) != std::string::npos;
}

std::string label_color(std::string_view label) {
    if (label == "build-failure") return "d73a4a";
    if (label == "needs-review") return "fbca04";
    return "ededed";
}

}  // namespace lockstep::forge
