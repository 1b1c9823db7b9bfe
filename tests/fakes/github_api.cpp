// SPDX-License-Identifier: MIT
// GitHub: access, errors, repository, statuses. Sources of the behaviour: the fidelity table of the contract tests.
#include "fakes/github_api.hpp"

#include <algorithm>

#include "fakes/github_json.hpp"

namespace lockstep::fakes {

namespace github {

Reply message(int status, const std::string& words) {
    return json_reply(status, {{"message", words},
                               {"documentation_url", "https://docs.github.com/rest"},
                               {"status", std::to_string(status)}});
}

Reply invalid(const std::vector<Invalid>& errors) {
    json list = json::array();
    for (const auto& error : errors) {
        json entry = {{"resource", error.resource}, {"code", error.code}};
        if (!error.field.empty()) entry["field"] = error.field;
        if (!error.words.empty()) entry["message"] = error.words;
        list.push_back(std::move(entry));
    }
    return json_reply(422, {{"message", "Validation Failed"},
                            {"errors", list},
                            {"documentation_url", "https://docs.github.com/rest"},
                            {"status", "422"}});
}

std::size_t characters(const std::string& utf8) {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string body_problem(const std::string& body) {
    return characters(body) > 65'536 ? "body is too long (maximum is 65536 characters)" : "";
}

}  // namespace github

using github::message;

GitHubApi::GitHubApi(std::string version) : version_(std::move(version)) {
    routes_.push_back({"GET", "/meta", Need::nothing, [this](Exchange&) {
                           auto reply = json_reply(
                               200, {{"verifiable_password_authentication", true}, {"installed_version", version_}});
                           reply.set_header("X-GitHub-Enterprise-Version", version_);
                           return reply;
                       }});
    routes_.push_back({"GET", "/user", Need::user, [](Exchange& exchange) {
                           return json_reply(200, github::public_user(exchange, exchange.token->user));
                       }});
    routes_.push_back({"GET", "/repos/{owner}/{repo}", Need::read,
                       [](Exchange& exchange) { return json_reply(200, github::repository(exchange)); }});
    add_pull_routes();
    add_issue_routes();
    add_status_routes();
}

std::string GitHubApi::make_token(bool job, std::int64_t serial) const {
    auto digits = std::to_string(serial);
    return (job ? "ghs_" : "ghp_") + std::string(36 - digits.size(), 'A') + digits;
}

std::pair<std::string, std::string> GitHubApi::protection_hook() const {
    // GitHub judges each ref on its own.
    return {"update",
            "grep -qxF \"${1#refs/heads/}\" protected 2>/dev/null || exit 0\n"
            "echo \"error: GH006: Protected branch update failed for $1.\" >&2\n"
            "echo 'error: Changes must be made through a pull request.' >&2\n"
            "exit 1\n"};
}

std::string GitHubApi::push_refusal(const ForgeState& state, const std::string& user) const {
    if (state.settings.archived) return "This repository was archived so it is read-only.";
    return "Permission to " + state.owner + "/" + state.repo + ".git denied to " + user + ".";
}

void GitHubApi::set_defaults(ForgeState& state) const {
    state.settings.page_default = 30;
    state.settings.page_cap = 100;
}

std::string GitHubApi::documented_path(const std::string& path, const ForgeState& state) const {
    const std::string by_id = "/repositories/42";  // the form that Link headers use
    if (path.rfind(by_id, 0) != 0) return path;
    return "/repos/" + state.owner + "/" + state.repo + path.substr(by_id.size());
}

Reply GitHubApi::not_found(const Exchange&) const {
    return message(404, "Not Found");
}

Reply GitHubApi::bad_body(const Exchange&, const std::string&) const {
    return message(400, "Problems parsing JSON");
}

std::optional<Reply> GitHubApi::refuse(const Exchange& exchange, const Route& route) const {
    const auto& [call, state, git, at, token, path, body] = exchange;
    if (call.header("user-agent").empty())
        return Reply{403, {{"Content-Type", "text/html"}}, "Request forbidden by administrative rules.", {}};
    if (!call.header("authorization").empty() && token == nullptr) return message(401, "Bad credentials");
    if (route.need == Need::nothing) return std::nullopt;
    if (route.need == Need::user) {
        if (token == nullptr) return message(401, "Requires authentication");
        if (token->rights.job) return message(403, "Resource not accessible by integration");
        return std::nullopt;
    }
    const auto is = [&](const char* name, const std::string& value) {
        const auto it = path.find(name);
        return it == path.end() || lower_case(it->second) == lower_case(value);
    };
    if (!is("owner", state.owner) || !is("repo", state.repo)) return message(404, "Not Found");
    if (state.settings.is_private && (token == nullptr || !token->rights.read)) return message(404, "Not Found");
    if (call.method == "GET") return std::nullopt;
    if (token == nullptr) return message(401, "Requires authentication");
    if (state.settings.archived) return message(403, "Repository was archived so is read-only.");
    const auto& rights = token->rights;
    const bool allowed = (route.need == Need::pulls && rights.pulls) || (route.need == Need::issues && rights.issues) ||
                         (route.need == Need::statuses && rights.statuses);
    if (allowed) return std::nullopt;
    auto reply = message(403, rights.job ? "Resource not accessible by integration"
                                         : "Resource not accessible by personal access token");
    reply.set_header("X-Accepted-GitHub-Permissions", route.need == Need::pulls    ? "pull_requests=write"
                                                      : route.need == Need::issues ? "issues=write; pull_requests=write"
                                                                                   : "statuses=write");
    return reply;
}

void GitHubApi::finish(const Exchange&, Reply& reply) const {
    ++used_;
    reply.set_header("X-GitHub-Request-Id", "FAKE:" + std::to_string(used_));
    reply.set_header("X-RateLimit-Limit", "5000");
    reply.set_header("X-RateLimit-Remaining", std::to_string(std::max<std::int64_t>(0, 5000 - used_)));
    reply.set_header("X-RateLimit-Used", std::to_string(used_));
    reply.set_header("X-RateLimit-Reset", "4102444800");
    reply.set_header("X-RateLimit-Resource", "core");
}

void GitHubApi::add_status_routes() {
    const auto of = [](Exchange& exchange, const std::string& name) {
        const auto reference = exchange.path[name];
        const auto branch = exchange.git.ref("refs/heads/" + reference);
        return branch.empty() ? reference : branch;
    };
    routes_.push_back(
        {"POST", "/repos/{owner}/{repo}/statuses/{sha}", Need::statuses, [](Exchange& exchange) {
             const auto sha = exchange.path["sha"];
             if (sha.size() != 40 || !exchange.git.try_git({"cat-file", "-e", sha + "^{commit}"}).ok())
                 return message(422, "No commit found for SHA: " + sha);
             Status status{0,
                           sha,
                           exchange.text("state"),
                           exchange.text("context"),
                           exchange.text("description"),
                           exchange.text("target_url"),
                           exchange.token->user,
                           0};
             if (status.context.empty()) status.context = "default";
             const std::vector<std::string> states = {"error", "failure", "pending", "success"};
             if (std::find(states.begin(), states.end(), status.state) == states.end())
                 return github::invalid({{"Status", "state", "custom", "state is not included in the list"}});
             if (github::characters(status.description) > 140)
                 return github::invalid(
                     {{"Status", "description", "custom", "description is too long (maximum is 140 characters)"}});
             if (!status.target_url.empty() && status.target_url.rfind("http", 0) != 0)
                 return github::invalid({{"Status", "target_url", "custom", "target_url must use http(s) scheme"}});
             const auto same = [&](const Status& other) { return other.sha == sha && other.context == status.context; };
             if (std::count_if(exchange.state.statuses.begin(), exchange.state.statuses.end(), same) >= 1000)
                 return github::invalid(
                     {{"Status", "", "custom", "This SHA and context has reached the maximum number of statuses."}});
             status.id = exchange.state.next_id();
             status.created = exchange.state.now();
             exchange.state.statuses.push_back(status);
             return json_reply(201, github::status(exchange, status));
         }});
    routes_.push_back({"GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", Need::read, [of](Exchange& exchange) {
                           const auto sha = of(exchange, "ref");
                           std::vector<json> items;
                           for (const auto& status : exchange.state.statuses)
                               if (status.sha == sha) items.insert(items.begin(), github::status(exchange, status));
                           auto page = page_of(items, exchange, "per_page",
                                               exchange.at.api + "/repositories/42/commits/" + sha + "/statuses");
                           auto reply = json_reply(200, page.items);
                           if (!page.link.empty()) reply.set_header("Link", page.link);
                           return reply;
                       }});
    routes_.push_back({"GET", "/repos/{owner}/{repo}/commits/{ref}/status", Need::read, [of](Exchange& exchange) {
                           const auto sha = of(exchange, "ref");
                           std::map<std::string, Status> newest;
                           for (const auto& status : exchange.state.statuses)
                               if (status.sha == sha) newest[status.context] = status;
                           std::vector<Status> list;
                           for (const auto& [context, status] : newest) list.push_back(status);
                           return json_reply(200, github::combined(exchange, sha, list));
                       }});
}

std::unique_ptr<ForgeApi> make_github_api(const std::string& version) {
    return std::make_unique<GitHubApi>(version);
}

}  // namespace lockstep::fakes
