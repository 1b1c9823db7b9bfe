// SPDX-License-Identifier: MIT
// The Gitea family: pull requests and comments.
#include "fakes/gitea_api.hpp"
#include "fakes/gitea_json.hpp"

namespace lockstep::fakes {

bool GiteaApi::filters_pull(const Exchange& exchange, const Pull& pull) const {
    // Before 1.24 there is no filter at all; a head filter exists in no version of Gitea.
    const auto base = exchange.call.parameter("base_branch");
    return !release_.at_least(1, 24) || !base || base->empty() || pull.base == *base;
}

Reply GiteaApi::list_pulls(Exchange& exchange) const {
    const auto state = exchange.call.parameter("state").value_or("open");
    std::vector<json> items;
    for (const auto& pull : exchange.state.pulls) {
        if ((state == "open" && !pull.open) || (state == "closed" && pull.open)) continue;
        if (filters_pull(exchange, pull)) items.insert(items.begin(), gitea::pull(exchange, pull));
    }
    return paged(exchange, items, true);
}

Reply GiteaApi::create_pull(Exchange& exchange) const {
    auto& state = exchange.state;
    for (const auto& [member, name] : {std::pair("head", "Head"), {"base", "Base"}, {"title", "Title"}})
        if (exchange.text(member).empty()) return message(exchange, 422, "[" + std::string(name) + "]: Required");
    const auto base = exchange.text("base");
    auto head = exchange.text("head");
    if (head == base)
        return message(exchange, 422, "Invalid PullRequest: There are no changes between the head and the base");
    if (const auto colon = head.find(':'); colon != std::string::npos) {
        if (head.substr(0, colon) != state.owner) return not_found(exchange);
        head = head.substr(colon + 1);
    }
    const auto exists = [&](const std::string& name) {
        return exchange.git.try_git({"rev-parse", "-q", "--verify", name + "^{commit}"}).ok();
    };
    if (!exists(base) || !exists(head)) return not_found(exchange);
    const auto base_sha = exchange.git.ref("refs/heads/" + base);
    const auto head_sha = exchange.git.ref("refs/heads/" + head);
    if (base_sha.empty() || head_sha.empty())
        return message(exchange, 422, "Invalid PullRequest: base and head must be branches");
    for (const auto& other : state.pulls)
        if (other.open && other.fork_owner.empty() && other.head == head && other.base == base)
            return message(exchange, 409,
                           "pull request already exists for these targets [id: " + std::to_string(1000 + other.number) +
                               ", issue_id: " + std::to_string(other.number) +
                               ", head_repo_id: 7, base_repo_id: 7, head_branch: " + head + ", base_branch: " + base +
                               "]");
    Pull pull;
    pull.number = ++state.last_number;
    pull.title = exchange.text("title").substr(0, 255);
    pull.body = exchange.text("body");
    pull.head = head;
    pull.base = base;
    pull.author = exchange.token->user;
    pull.head_sha = head_sha;
    pull.base_sha = base_sha;
    pull.created = pull.updated = state.now();
    const auto labels = exchange.body.find("labels");
    if (labels != exchange.body.end() && labels->is_array())
        for (const auto& id : *labels)
            if (id.is_number_integer() && state.label(id.get<std::int64_t>()) != nullptr)
                pull.labels.push_back(id.get<std::int64_t>());
    state.pulls.push_back(pull);
    return json_reply(201, gitea::pull(exchange, pull));
}

Reply GiteaApi::edit_pull(Exchange& exchange) const {
    auto* pull = exchange.state.pull(exchange.number("index"));
    if (pull == nullptr) return not_found(exchange);
    if (!exchange.text("title").empty()) pull->title = exchange.text("title").substr(0, 255);
    if (exchange.body.is_object() && exchange.body.contains("body") && exchange.body["body"].is_string())
        pull->body = exchange.text("body");
    const auto wanted = exchange.text("state");
    if (!wanted.empty() && pull->merged)
        return message(exchange, 412, "cannot change state of this pull request, it was already merged");
    if (wanted == "closed" && pull->open) {
        pull->open = false;
        pull->closed = exchange.state.now();
    }
    if (wanted == "open" && !pull->open) {
        pull->open = true;
        pull->closed = 0;
    }
    pull->updated = exchange.state.now();
    return json_reply(201, gitea::pull(exchange, *pull));
}

void GiteaApi::add_pull_routes() {
    const std::string repo = "/repos/{owner}/{repo}";
    routes_.push_back(
        {"GET", repo + "/pulls", Need::read, [this](Exchange& exchange) { return list_pulls(exchange); }});
    routes_.push_back(
        {"POST", repo + "/pulls", Need::pulls, [this](Exchange& exchange) { return create_pull(exchange); }});
    routes_.push_back({"GET", repo + "/pulls/{index}", Need::read, of_pull([](Exchange& exchange, Pull& pull) {
                           return json_reply(200, gitea::pull(exchange, pull));
                       })});
    routes_.push_back(
        {"PATCH", repo + "/pulls/{index}", Need::pulls, [this](Exchange& exchange) { return edit_pull(exchange); }});
}

Reply GiteaApi::create_comment(Exchange& exchange) const {
    const auto* pull = exchange.state.pull(exchange.number("index"));
    if (pull == nullptr) return not_found(exchange);
    if (pull->locked) return message(exchange, 403, "You cannot comment on a locked issue.");
    const auto body = exchange.text("body");
    if (body.empty()) return message(exchange, 422, "[Body]: Required");
    const auto time = exchange.state.now();
    exchange.state.comments.push_back({exchange.state.next_id(), pull->number, body, exchange.token->user, time, time});
    return json_reply(201, gitea::comment(exchange, exchange.state.comments.back()));
}

void GiteaApi::add_comment_routes() {
    const std::string issues = "/repos/{owner}/{repo}/issues";
    // Never paged: all of them, and the count.
    routes_.push_back({"GET", issues + "/{index}/comments", Need::read, of_pull([](Exchange& exchange, Pull& pull) {
                           json items = json::array();
                           for (const auto& comment : exchange.state.comments)
                               if (comment.pull == pull.number) items.push_back(gitea::comment(exchange, comment));
                           const auto total = std::to_string(items.size());
                           auto reply = json_reply(200, gitea::list(exchange, std::move(items)));
                           reply.set_header("X-Total-Count", total);
                           return reply;
                       })});
    routes_.push_back({"POST", issues + "/{index}/comments", Need::issues,
                       [this](Exchange& exchange) { return create_comment(exchange); }});
    routes_.push_back({"PATCH", issues + "/comments/{id}", Need::issues, [this](Exchange& exchange) {
                           auto* comment = exchange.state.comment(exchange.number("id"));
                           if (comment == nullptr) return not_found(exchange);
                           if (exchange.text("body").empty()) return message(exchange, 422, "[Body]: Required");
                           comment->body = exchange.text("body");
                           comment->updated = exchange.state.now();
                           return json_reply(200, gitea::comment(exchange, *comment));
                       }});
}

}  // namespace lockstep::fakes
