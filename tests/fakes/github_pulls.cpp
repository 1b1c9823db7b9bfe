// SPDX-License-Identifier: MIT
// GitHub: pull requests, labels, comments.
#include <algorithm>

#include "fakes/github_api.hpp"
#include "fakes/github_json.hpp"

namespace lockstep::fakes {

namespace {

using github::invalid;
using github::message;

Reply list_reply(Exchange& exchange, const std::vector<json>& items, const std::string& below) {
    const auto page = page_of(items, exchange, "per_page", exchange.at.api + "/repositories/42" + below);
    auto reply = json_reply(200, page.items);
    if (!page.link.empty()) reply.set_header("Link", page.link);
    return reply;
}

Reply list_pulls(Exchange& exchange) {
    const auto state = exchange.call.parameter("state").value_or("open");
    const auto head = exchange.call.parameter("head").value_or("");
    const auto base = exchange.call.parameter("base").value_or("");
    std::vector<json> items;
    for (const auto& pull : exchange.state.pulls) {
        const auto owner = pull.fork_owner.empty() ? exchange.state.owner : pull.fork_owner;
        if ((state == "open" && !pull.open) || (state == "closed" && pull.open)) continue;
        if (!base.empty() && pull.base != base) continue;
        // A head without an owner does not filter.
        if (head.find(':') != std::string::npos && owner + ":" + pull.head != head) continue;
        items.insert(items.begin(), github::pull(exchange, pull, false));
    }
    return list_reply(exchange, items, "/pulls");
}

/// "branch" or "owner:branch" of this repository; nullopt for a fork's, which this fake does not have.
std::optional<std::string> own_branch(const Exchange& exchange, const std::string& head) {
    const auto colon = head.find(':');
    if (colon == std::string::npos) return head;
    if (lower_case(head.substr(0, colon)) != lower_case(exchange.state.owner)) return std::nullopt;
    return head.substr(colon + 1);
}

std::vector<github::Invalid> text_problems(const json& body) {
    std::vector<github::Invalid> problems;
    const auto title = body.find("title");
    if (title != body.end() && title->is_string()) {
        if (title->get<std::string>().empty()) problems.push_back({"Issue", "title", "missing_field", ""});
        if (github::characters(*title) > 256)
            problems.push_back({"Issue", "title", "custom", "title is too long (maximum is 256 characters)"});
    }
    const auto text = body.find("body");
    if (text != body.end() && text->is_string())
        if (auto problem = github::body_problem(*text); !problem.empty())
            problems.push_back({"Issue", "body", "custom", problem});
    return problems;
}

Reply create_pull(Exchange& exchange) {
    auto& state = exchange.state;
    if (exchange.token->rights.job && !state.settings.jobs_may_open_pulls)
        return message(403, "GitHub Actions is not permitted to create or approve pull requests.");
    const auto base = exchange.text("base");
    const auto head = own_branch(exchange, exchange.text("head"));
    auto problems = text_problems(exchange.body);
    if (exchange.text("title").empty() && problems.empty()) problems.push_back({"Issue", "title", "missing_field", ""});
    const auto base_sha = exchange.git.ref("refs/heads/" + base);
    const auto head_sha = head ? exchange.git.ref("refs/heads/" + *head) : "";
    if (base_sha.empty()) problems.push_back({"PullRequest", "base", "invalid", ""});
    if (head_sha.empty()) problems.push_back({"PullRequest", "head", "invalid", ""});
    if (!problems.empty()) return invalid(problems);
    if (exchange.git.is_ancestor(head_sha, base_sha))
        return invalid({{"PullRequest", "", "custom", "No commits between " + base + " and " + *head}});
    for (const auto& other : state.pulls)
        if (other.open && other.fork_owner.empty() && other.head == *head && other.base == base)
            return invalid({{"PullRequest", "", "custom",
                             "A pull request already exists for " + state.owner + ":" + *head + "."}});
    Pull pull;
    pull.number = ++state.last_number;
    pull.title = exchange.text("title");
    pull.body = exchange.text("body");
    pull.head = *head;
    pull.base = base;
    pull.author = exchange.token->user;
    pull.head_sha = head_sha;
    pull.base_sha = base_sha;
    pull.created = pull.updated = state.now();
    state.pulls.push_back(pull);
    return json_reply(201, github::pull(exchange, pull, true));
}

/// Closing and reopening; nullopt when fine.
std::optional<Reply> change_state(Exchange& exchange, Pull& pull, const std::string& wanted) {
    if (wanted == "closed" && pull.open) {
        pull.open = false;
        pull.closed = exchange.state.now();
    }
    if (wanted == "open" && !pull.open) {
        const auto refuse = [](const std::string& words) {
            return invalid({{"PullRequest", "state", "invalid", words}});
        };
        if (pull.merged) return refuse("state cannot be changed. The pull request cannot be reopened.");
        const auto tip = exchange.git.ref("refs/heads/" + pull.head);
        if (tip.empty()) return refuse("state cannot be changed. The " + pull.head + " branch has been deleted.");
        if (!exchange.git.is_ancestor(pull.head_sha, tip))
            return refuse("state cannot be changed. The " + pull.head + " branch was force-pushed or recreated.");
        pull.open = true;
        pull.closed = 0;
    }
    return std::nullopt;
}

Reply edit_pull(Exchange& exchange) {
    auto* pull = exchange.state.pull(exchange.number("number"));
    if (pull == nullptr) return message(404, "Not Found");
    const auto problems = text_problems(exchange.body);
    if (!problems.empty()) return invalid(problems);
    if (auto refusal = change_state(exchange, *pull, exchange.text("state"))) return *refusal;
    if (exchange.body.contains("title")) pull->title = exchange.text("title");
    if (exchange.body.contains("body")) pull->body = exchange.text("body");
    pull->updated = exchange.state.now();
    return json_reply(200, github::pull(exchange, *pull, true));
}

json labels_of(Exchange& exchange, const Pull& pull) {
    json list = json::array();
    for (const auto id : pull.labels)
        if (const auto* label = exchange.state.label(id)) list.push_back(github::label(exchange, *label));
    return list;
}

Label* label_anyhow_written(ForgeState& state, const std::string& name) {
    for (auto& label : state.labels)
        if (lower_case(label.name) == lower_case(name)) return &label;
    return nullptr;
}

Reply create_label(Exchange& exchange) {
    Label label;
    label.name = exchange.text("name");
    label.description = exchange.text("description");
    const auto color = exchange.text("color");
    std::vector<github::Invalid> problems;
    if (label.name.empty()) problems.push_back({"Label", "name", "missing_field", ""});
    if (label_anyhow_written(exchange.state, label.name) != nullptr)
        problems.push_back({"Label", "name", "already_exists", ""});
    if (!color.empty() && (color.size() != 6 || color.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos))
        problems.push_back({"Label", "color", "invalid", ""});
    if (github::characters(label.description) > 100)
        problems.push_back({"Label", "description", "custom", "description is too long (maximum is 100 characters)"});
    if (!problems.empty()) return invalid(problems);
    if (!color.empty()) label.color = lower_case(color);
    label.id = exchange.state.next_id();
    exchange.state.labels.push_back(label);
    return json_reply(201, github::label(exchange, label));
}

Reply add_labels(Exchange& exchange) {
    auto* pull = exchange.state.pull(exchange.number("number"));
    if (pull == nullptr) return message(404, "Not Found");
    const auto& wanted = exchange.body.is_array() ? exchange.body : exchange.body["labels"];
    for (const auto& entry : wanted) {
        if (!entry.is_string()) return message(422, "Invalid request.");
        auto* label = label_anyhow_written(exchange.state, entry.get<std::string>());
        if (label == nullptr) {  // unknown names are created
            exchange.state.labels.push_back({exchange.state.next_id(), entry.get<std::string>(), "ededed", "", false});
            label = &exchange.state.labels.back();
        }
        if (std::find(pull->labels.begin(), pull->labels.end(), label->id) == pull->labels.end())
            pull->labels.push_back(label->id);
    }
    return json_reply(200, labels_of(exchange, *pull));
}

Reply remove_label(Exchange& exchange) {
    auto* pull = exchange.state.pull(exchange.number("number"));
    if (pull == nullptr) return message(404, "Not Found");
    const auto* label = label_anyhow_written(exchange.state, exchange.path["name"]);
    const auto it = std::find(pull->labels.begin(), pull->labels.end(), label == nullptr ? -1 : label->id);
    if (it == pull->labels.end()) return message(404, "Label does not exist");
    pull->labels.erase(it);
    return json_reply(200, labels_of(exchange, *pull));
}

std::optional<Reply> refuse_comment(const std::string& body) {
    if (body.empty()) return invalid({{"IssueComment", "data", "unprocessable", "Body cannot be blank"}});
    if (!github::body_problem(body).empty())
        return invalid({{"IssueComment", "data", "unprocessable", "Body is too long (maximum is 65536 characters)"}});
    return std::nullopt;
}

Reply create_comment(Exchange& exchange) {
    const auto* pull = exchange.state.pull(exchange.number("number"));
    if (pull == nullptr) return message(404, "Not Found");
    if (pull->locked) return message(403, "Unable to create comment because issue is locked.");
    const auto body = exchange.text("body");
    if (auto refusal = refuse_comment(body)) return *refusal;
    const auto time = exchange.state.now();
    exchange.state.comments.push_back({exchange.state.next_id(), pull->number, body, exchange.token->user, time, time});
    return json_reply(201, github::comment(exchange, exchange.state.comments.back()));
}

Reply edit_comment(Exchange& exchange) {
    auto* comment = exchange.state.comment(exchange.number("id"));
    if (comment == nullptr) return message(404, "Not Found");
    if (auto refusal = refuse_comment(exchange.text("body"))) return *refusal;
    comment->body = exchange.text("body");
    comment->updated = exchange.state.now();
    return json_reply(200, github::comment(exchange, *comment));
}

Reply list_comments(Exchange& exchange) {
    const auto* pull = exchange.state.pull(exchange.number("number"));
    if (pull == nullptr) return message(404, "Not Found");
    std::vector<json> items;
    for (const auto& comment : exchange.state.comments)
        if (comment.pull == pull->number) items.push_back(github::comment(exchange, comment));
    return list_reply(exchange, items, "/issues/" + std::to_string(pull->number) + "/comments");
}

}  // namespace

void GitHubApi::add_pull_routes() {
    const std::string repo = "/repos/{owner}/{repo}";
    routes_.push_back({"GET", repo + "/pulls", Need::read, list_pulls});
    routes_.push_back({"POST", repo + "/pulls", Need::pulls, create_pull});
    routes_.push_back({"PATCH", repo + "/pulls/{number}", Need::pulls, edit_pull});
    routes_.push_back({"GET", repo + "/pulls/{number}", Need::read, [](Exchange& exchange) {
                           const auto* pull = exchange.state.pull(exchange.number("number"));
                           return pull == nullptr ? message(404, "Not Found")
                                                  : json_reply(200, github::pull(exchange, *pull, true));
                       }});
}

void GitHubApi::add_issue_routes() {
    const std::string repo = "/repos/{owner}/{repo}";
    routes_.push_back({"GET", repo + "/labels", Need::read, [](Exchange& exchange) {
                           std::vector<json> items;
                           for (const auto& label : exchange.state.labels)
                               items.push_back(github::label(exchange, label));
                           return list_reply(exchange, items, "/labels");
                       }});
    routes_.push_back({"POST", repo + "/labels", Need::issues, create_label});
    routes_.push_back({"POST", repo + "/issues/{number}/labels", Need::issues, add_labels});
    routes_.push_back({"DELETE", repo + "/issues/{number}/labels/{name}", Need::issues, remove_label});
    routes_.push_back({"GET", repo + "/issues/{number}/comments", Need::read, list_comments});
    routes_.push_back({"POST", repo + "/issues/{number}/comments", Need::issues, create_comment});
    routes_.push_back({"PATCH", repo + "/issues/comments/{id}", Need::issues, edit_comment});
}

}  // namespace lockstep::fakes
