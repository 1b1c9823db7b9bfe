// SPDX-License-Identifier: MIT
// Members as the servers send them, with null where a Go pointer or slice is empty.
#include "fakes/gitea_json.hpp"

namespace lockstep::fakes::gitea {

namespace {

constexpr std::int64_t k_repository_id = 7;

json time_or_null(std::int64_t seconds) {
    return seconds == 0 ? json(nullptr) : json(iso_time(seconds));
}

std::int64_t user_id(const std::string& login) {
    std::int64_t id = 1;
    for (const char c : login) id = (id * 31 + static_cast<unsigned char>(c)) % 100'000;
    return id;
}

/// A branch that is gone is shown by the pull request's own ref; a fork that is gone has no repository.
json side(const Exchange& exchange, const Pull& pull, bool head) {
    const auto& branch = head ? pull.head : pull.base;
    const bool fork = head && !pull.fork_owner.empty();
    auto repo = repository(exchange);
    if (fork) {
        repo["id"] = k_repository_id + user_id(pull.fork_owner);
        repo["full_name"] = pull.fork_owner + "/" + exchange.state.repo;
        repo["owner"] = user(exchange, pull.fork_owner);
        repo["fork"] = true;
    }
    const bool gone = head && pull.head_gone;
    return {{"label", gone ? "refs/pull/" + std::to_string(pull.number) + "/head" : branch},
            {"ref", gone ? "refs/pull/" + std::to_string(pull.number) + "/head" : branch},
            {"sha", head ? pull.head_sha : pull.base_sha},
            {"repo_id", repo["id"]},
            {"repo", repo}};
}

}  // namespace

json list(const Exchange& exchange, json items) {
    return items.empty() && exchange.state.settings.null_lists ? json(nullptr) : std::move(items);
}

json user(const Exchange& exchange, const std::string& login) {
    return {{"id", user_id(login)},
            {"login", login},
            {"login_name", ""},
            {"source_id", 0},
            {"full_name", ""},
            {"email", login + "@noreply.localhost"},
            {"avatar_url", exchange.at.web + "/avatars/" + login},
            {"language", ""},
            {"is_admin", false},
            {"last_login", "0001-01-01T00:00:00Z"},
            {"created", iso_time(1'600'000'000)},
            {"restricted", false},
            {"active", false},
            {"prohibit_login", false},
            {"location", ""},
            {"website", ""},
            {"description", ""},
            {"visibility", "public"},
            {"followers_count", 0},
            {"following_count", 0},
            {"starred_repos_count", 0}};
}

json repository(const Exchange& exchange) {
    const auto& state = exchange.state;
    const auto* token = exchange.token;
    return {{"id", k_repository_id},
            {"owner", user(exchange, state.owner)},
            {"name", state.repo},
            {"full_name", state.owner + "/" + state.repo},
            {"description", ""},
            {"empty", false},
            {"private", state.settings.is_private},
            {"fork", false},
            {"template", false},
            {"parent", nullptr},
            {"mirror", false},
            {"size", 24},
            {"language", ""},
            {"html_url", exchange.repo_web()},
            {"clone_url", exchange.repo_web() + ".git"},
            {"ssh_url", "git@localhost:" + state.owner + "/" + state.repo + ".git"},
            {"website", ""},
            {"stars_count", 0},
            {"forks_count", 0},
            {"watchers_count", 1},
            {"open_issues_count", 0},
            {"open_pr_counter", 0},
            {"default_branch", state.default_branch},
            {"archived", state.settings.archived},
            {"created_at", iso_time(1'700'000'000)},
            {"updated_at", iso_time(1'700'000'000)},
            {"permissions",
             {{"admin", false},
              {"push", token != nullptr && token->rights.push},
              {"pull", token != nullptr || !state.settings.is_private}}},
            {"has_issues", true},
            {"has_wiki", true},
            {"has_pull_requests", state.settings.pulls_enabled},
            {"has_projects", true},
            {"allow_merge_commits", true},
            {"allow_rebase", true},
            {"default_merge_style", "merge"},
            {"avatar_url", ""},
            {"internal", false},
            {"mirror_interval", ""},
            {"repo_transfer", nullptr}};
}

json pull(const Exchange& exchange, const Pull& pull) {
    const auto html = exchange.repo_web() + "/pulls/" + std::to_string(pull.number);
    json labels = json::array();
    for (const auto id : pull.labels)
        if (const auto* set = exchange.state.label(id)) labels.push_back(label(exchange, *set));
    return {{"id", 1000 + pull.number},
            {"url", html},
            {"number", pull.number},
            {"user", user(exchange, pull.author)},
            {"title", pull.title},
            {"body", pull.body},
            {"labels", list(exchange, labels)},
            {"milestone", nullptr},
            {"assignee", nullptr},
            {"assignees", nullptr},
            {"requested_reviewers", nullptr},
            {"state", pull.open ? "open" : "closed"},
            {"draft", pull.title.rfind("WIP:", 0) == 0 || pull.title.rfind("[WIP]", 0) == 0},
            {"is_locked", pull.locked},
            {"comments", 0},
            {"html_url", html},
            {"diff_url", html + ".diff"},
            {"patch_url", html + ".patch"},
            {"mergeable", pull.open},
            {"merged", pull.merged},
            {"merged_at", pull.merged ? json(iso_time(pull.closed)) : json(nullptr)},
            {"merge_commit_sha", nullptr},
            {"merged_by", pull.merged ? user(exchange, exchange.state.owner) : json(nullptr)},
            {"allow_maintainer_edit", false},
            {"base", side(exchange, pull, false)},
            {"head", side(exchange, pull, true)},
            {"merge_base", pull.base_sha},
            {"due_date", nullptr},
            {"created_at", iso_time(pull.created)},
            {"updated_at", iso_time(pull.updated)},
            {"closed_at", time_or_null(pull.closed)},
            {"pin_order", 0}};
}

json label(const Exchange& exchange, const Label& label) {
    const auto where = label.of_organisation ? exchange.at.api + "/orgs/" + exchange.state.owner : exchange.repo_api();
    return {{"id", label.id},
            {"name", label.name},
            {"exclusive", false},
            {"is_archived", false},
            {"color", label.color},
            {"description", label.description},
            {"url", where + "/labels/" + std::to_string(label.id)}};
}

json comment(const Exchange& exchange, const Comment& comment) {
    const auto pull = exchange.repo_web() + "/pulls/" + std::to_string(comment.pull);
    return {{"id", comment.id},
            {"html_url", pull + "#issuecomment-" + std::to_string(comment.id)},
            {"pull_request_url", pull},
            {"issue_url", ""},
            {"user", user(exchange, comment.author)},
            {"original_author", ""},
            {"original_author_id", 0},
            {"body", comment.body},
            {"assets", json::array()},
            {"created_at", iso_time(comment.created)},
            {"updated_at", iso_time(comment.updated)}};
}

json attachment(const Exchange& exchange, const Attachment& attachment) {
    return {{"id", attachment.id},
            {"name", attachment.name},
            {"size", attachment.content.size()},
            {"download_count", 0},
            {"created_at", iso_time(attachment.created)},
            {"uuid", attachment.uuid},
            {"browser_download_url", exchange.at.web + "/attachments/" + attachment.uuid}};
}

json status(const Exchange& exchange, const Status& status) {
    return {{"id", status.id},
            {"status", status.state},
            {"target_url", status.target_url},
            {"description", status.description},
            {"url", exchange.repo_api() + "/statuses/" + status.sha},
            {"context", status.context},
            {"creator", user(exchange, status.creator)},
            {"created_at", iso_time(status.created)},
            {"updated_at", iso_time(status.created)}};
}

json combined(const Exchange& exchange, const std::string& sha, const std::vector<Status>& newest) {
    const std::vector<std::string> from_worst = {"error", "failure", "warning", "pending", "success", "skipped"};
    std::string state;
    json items = json::array();
    for (const auto& entry : newest) items.push_back(status(exchange, entry));
    for (const auto& candidate : from_worst)
        for (const auto& entry : newest)
            if (state.empty() && entry.state == candidate) state = candidate;
    return {{"state", state},
            {"sha", sha},
            {"total_count", newest.size()},
            {"statuses", list(exchange, items)},
            {"repository", repository(exchange)},
            {"commit_url", ""},
            {"url", exchange.repo_api() + "/commits/" + sha + "/status"}};
}

}  // namespace lockstep::fakes::gitea
