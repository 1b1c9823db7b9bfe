// SPDX-License-Identifier: MIT
// Member lists from github.json ("required"); values from the state.
#include "fakes/github_json.hpp"

#include <algorithm>

namespace lockstep::fakes::github {

namespace {

constexpr std::int64_t k_repository_id = 42;

std::string node(const std::string& kind, std::int64_t id) {
    return kind + "_" + std::to_string(id);
}

json time_or_null(std::int64_t seconds) {
    return seconds == 0 ? json(nullptr) : json(iso_time(seconds));
}

std::int64_t user_id(const std::string& login) {
    std::int64_t id = 1;
    for (const char c : login) id = (id * 31 + static_cast<unsigned char>(c)) % 1'000'000;
    return id;
}

json side(const Exchange& exchange, const std::string& owner, const std::string& branch, const std::string& sha) {
    auto repo = repository(exchange);
    if (owner != exchange.state.owner) {
        repo["id"] = k_repository_id + user_id(owner);
        repo["full_name"] = owner + "/" + exchange.state.repo;
        repo["owner"] = user(exchange, owner);
        repo["fork"] = true;
    }
    return {{"label", owner + ":" + branch},
            {"ref", branch},
            {"sha", sha},
            {"user", user(exchange, owner)},
            {"repo", repo}};
}

}  // namespace

json user(const Exchange& exchange, const std::string& login) {
    const auto url = exchange.at.api + "/users/" + login;
    return {{"login", login},
            {"id", user_id(login)},
            {"node_id", node("U", user_id(login))},
            {"avatar_url", exchange.at.web + "/avatars/" + login},
            {"gravatar_id", ""},
            {"url", url},
            {"html_url", exchange.at.web + "/" + login},
            {"followers_url", url + "/followers"},
            {"following_url", url + "/following{/other_user}"},
            {"gists_url", url + "/gists{/gist_id}"},
            {"starred_url", url + "/starred{/owner}{/repo}"},
            {"subscriptions_url", url + "/subscriptions"},
            {"organizations_url", url + "/orgs"},
            {"repos_url", url + "/repos"},
            {"events_url", url + "/events{/privacy}"},
            {"received_events_url", url + "/received_events"},
            {"type",
             login == exchange.state.owner && exchange.state.settings.owner_is_organisation ? "Organization" : "User"},
            {"site_admin", false}};
}

json public_user(const Exchange& exchange, const std::string& login) {
    auto result = user(exchange, login);
    for (const auto* name : {"name", "company", "blog", "location", "email", "hireable", "bio"}) result[name] = nullptr;
    for (const auto* name : {"public_repos", "public_gists", "followers", "following"}) result[name] = 1;
    result["created_at"] = result["updated_at"] = iso_time(1'600'000'000);
    return result;
}

json repository(const Exchange& exchange) {
    const auto& state = exchange.state;
    const auto url = exchange.repo_api();
    json result = {{"id", k_repository_id},
                   {"node_id", node("R", k_repository_id)},
                   {"name", state.repo},
                   {"full_name", state.owner + "/" + state.repo},
                   {"owner", user(exchange, state.owner)},
                   {"private", state.settings.is_private},
                   {"html_url", exchange.repo_web()},
                   {"url", url},
                   {"clone_url", exchange.repo_web() + ".git"},
                   {"git_url", "git:" + exchange.repo_web().substr(5) + ".git"},
                   {"ssh_url", "git@localhost:" + state.owner + "/" + state.repo + ".git"},
                   {"svn_url", exchange.repo_web()},
                   {"default_branch", state.default_branch},
                   {"visibility", state.settings.is_private ? "private" : "public"},
                   {"archived", state.settings.archived},
                   {"topics", json::array()}};
    for (const auto* name : {"fork", "disabled", "has_pages", "has_discussions", "is_template", "has_downloads"})
        result[name] = false;
    for (const auto* name : {"has_issues", "has_projects", "has_wiki"}) result[name] = true;
    for (const auto* name : {"description", "homepage", "language", "license", "mirror_url"}) result[name] = nullptr;
    for (const auto* name : {"forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size",
                             "open_issues", "open_issues_count", "network_count", "subscribers_count"})
        result[name] = 1;
    for (const auto* name : {"created_at", "updated_at", "pushed_at"}) result[name] = iso_time(1'700'000'000);
    for (const auto* name :
         {"archive",       "assignees",    "blobs",         "branches",     "collaborators", "comments",
          "commits",       "compare",      "contents",      "contributors", "deployments",   "downloads",
          "events",        "forks",        "git_commits",   "git_refs",     "git_tags",      "hooks",
          "issue_comment", "issue_events", "issues",        "keys",         "labels",        "languages",
          "merges",        "milestones",   "notifications", "pulls",        "releases",      "stargazers",
          "statuses",      "subscribers",  "subscription",  "tags",         "teams",         "trees"})
        result[std::string(name) + "_url"] = url + "/" + name;
    const auto* token = exchange.token;
    const bool told =
        token != nullptr && !token->rights.job;  // tokens of jobs and apps: all false, whatever they may do
    result["permissions"] = {{"admin", false},
                             {"maintain", false},
                             {"push", told && token->rights.push},
                             {"triage", told && token->rights.push},
                             {"pull", told}};
    return result;
}

json pull(const Exchange& exchange, const Pull& pull, bool full) {
    const auto number = std::to_string(pull.number);
    const auto url = exchange.repo_api() + "/pulls/" + number;
    const auto issue = exchange.repo_api() + "/issues/" + number;
    const auto html = exchange.repo_web() + "/pull/" + number;
    const auto statuses = exchange.repo_api() + "/statuses/" + pull.head_sha;
    json labels = json::array();
    for (const auto id : pull.labels)
        if (const auto* set = exchange.state.label(id)) labels.push_back(label(exchange, *set));
    const auto head_owner = pull.fork_owner.empty() ? exchange.state.owner : pull.fork_owner;
    json result = {{"url", url},
                   {"id", 1000 + pull.number},
                   {"node_id", node("PR", pull.number)},
                   {"html_url", html},
                   {"diff_url", html + ".diff"},
                   {"patch_url", html + ".patch"},
                   {"issue_url", issue},
                   {"commits_url", url + "/commits"},
                   {"review_comments_url", url + "/comments"},
                   {"review_comment_url", exchange.repo_api() + "/pulls/comments{/number}"},
                   {"comments_url", issue + "/comments"},
                   {"statuses_url", statuses},
                   {"number", pull.number},
                   {"state", pull.open ? "open" : "closed"},
                   {"locked", pull.locked},
                   {"title", pull.title},
                   {"user", user(exchange, pull.author)},
                   {"body", pull.body.empty() ? json(nullptr) : json(pull.body)},
                   {"labels", labels},
                   {"milestone", nullptr},
                   {"created_at", iso_time(pull.created)},
                   {"updated_at", iso_time(pull.updated)},
                   {"closed_at", time_or_null(pull.closed)},
                   {"merged_at", pull.merged ? json(iso_time(pull.closed)) : json(nullptr)},
                   {"merge_commit_sha", nullptr},
                   {"assignee", nullptr},
                   {"assignees", json::array()},
                   {"requested_reviewers", json::array()},
                   {"requested_teams", json::array()},
                   {"draft", false},
                   {"head", side(exchange, head_owner, pull.head, pull.head_sha)},
                   {"base", side(exchange, exchange.state.owner, pull.base, pull.base_sha)},
                   {"author_association", "CONTRIBUTOR"},
                   {"auto_merge", nullptr}};
    for (const auto& [name, target] : std::initializer_list<std::pair<const char*, std::string>>{
             {"self", url},
             {"html", html},
             {"issue", issue},
             {"comments", issue + "/comments"},
             {"review_comments", url + "/comments"},
             {"review_comment", exchange.repo_api() + "/pulls/comments{/number}"},
             {"commits", url + "/commits"},
             {"statuses", statuses}})
        result["_links"][name] = {{"href", target}};
    if (!full) return result;
    result["merged"] = pull.merged;
    result["mergeable"] = nullptr;
    result["mergeable_state"] = "unknown";
    result["rebaseable"] = nullptr;
    result["merged_by"] = pull.merged ? user(exchange, exchange.state.owner) : json(nullptr);
    result["maintainer_can_modify"] = false;
    for (const auto* name : {"comments", "review_comments", "commits", "additions", "deletions", "changed_files"})
        result[name] = 1;
    return result;
}

json label(const Exchange& exchange, const Label& label) {
    return {{"id", label.id},
            {"node_id", node("LA", label.id)},
            {"url", exchange.repo_api() + "/labels/" + percent_encode(label.name)},
            {"name", label.name},
            {"description",
             label.description},  // null on the real one, which its own document does not allow inside a pull request
            {"color", label.color},
            {"default", false}};
}

json comment(const Exchange& exchange, const Comment& comment) {
    const auto id = std::to_string(comment.id);
    return {{"id", comment.id},
            {"node_id", node("IC", comment.id)},
            {"url", exchange.repo_api() + "/issues/comments/" + id},
            {"html_url", exchange.repo_web() + "/pull/" + std::to_string(comment.pull) + "#issuecomment-" + id},
            {"issue_url", exchange.repo_api() + "/issues/" + std::to_string(comment.pull)},
            {"user", user(exchange, comment.author)},
            {"body", comment.body},
            {"author_association", "CONTRIBUTOR"},
            {"performed_via_github_app", nullptr},
            {"created_at", iso_time(comment.created)},
            {"updated_at", iso_time(comment.updated)}};
}

json status(const Exchange& exchange, const Status& status) {
    return {{"url", exchange.repo_api() + "/statuses/" + status.sha},
            {"avatar_url", exchange.at.web + "/avatars/" + status.creator},
            {"id", status.id},
            {"node_id", node("SC", status.id)},
            {"state", status.state},
            {"description", status.description.empty() ? json(nullptr) : json(status.description)},
            {"target_url", status.target_url.empty() ? json(nullptr) : json(status.target_url)},
            {"context", status.context},
            {"created_at", iso_time(status.created)},
            {"updated_at", iso_time(status.created)},
            {"creator", user(exchange, status.creator)}};
}

json combined(const Exchange& exchange, const std::string& sha, const std::vector<Status>& newest) {
    std::string state = newest.empty() ? "pending" : "success";
    json list = json::array();
    for (const auto& entry : newest) {
        if (entry.state == "failure" || entry.state == "error") state = "failure";
        if (entry.state == "pending" && state == "success") state = "pending";
        auto item = status(exchange, entry);
        item.erase("creator");
        list.push_back(std::move(item));
    }
    return {{"state", state},
            {"statuses", list},
            {"sha", sha},
            {"total_count", newest.size()},
            {"repository", repository(exchange)},
            {"commit_url", exchange.repo_api() + "/commits/" + sha},
            {"url", exchange.repo_api() + "/commits/" + sha + "/status"}};
}

}  // namespace lockstep::fakes::github
