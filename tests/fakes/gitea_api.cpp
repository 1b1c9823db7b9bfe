// SPDX-License-Identifier: MIT
// The Gitea family: versions, access, errors, server settings, statuses. Sources: the fidelity table of the contract
// tests.
#include "fakes/gitea_api.hpp"

#include "fakes/gitea_json.hpp"

namespace lockstep::fakes {

GiteaApi::GiteaApi(std::string version, std::string product)
    : version_(std::move(version)), product_(std::move(product)), release_(version_) {
    add_server_routes();
    add_pull_routes();
    add_label_routes();
    add_comment_routes();
    add_attachment_routes();
    add_status_routes();
}

std::string GiteaApi::document() const {
    return release_.at_least(1, 22) ? "gitea.json" : "gitea-1.20.json";
}

std::string GiteaApi::make_token(bool, std::int64_t serial) const {
    auto digits = std::to_string(serial);
    return std::string(40 - digits.size(), 'c') + digits;
}

std::pair<std::string, std::string> GiteaApi::protection_hook() const {
    // One refused ref refuses the whole push.
    return {"pre-receive",
            "while read -r old new ref; do\n"
            "  grep -qxF \"${ref#refs/heads/}\" protected 2>/dev/null || continue\n"
            "  echo \"" +
                product_ +
                ": Not allowed to push to protected branch ${ref#refs/heads/}\" >&2\n"
                "  exit 1\n"
                "done\n"};
}

std::string GiteaApi::push_refusal(const ForgeState& state, const std::string&) const {
    if (state.settings.archived)
        return "This repo is archived. You can view files and clone it, but cannot push or open issues/pull-requests.";
    return "User permission denied for writing.";
}

void GiteaApi::set_defaults(ForgeState& state) const {
    auto& settings = state.settings;
    settings.page_default = 30;
    settings.page_cap = 50;
    settings.attachment_types = ".csv,.docx,.gz,.jpeg,.jpg,.log,.md,.pdf,.png,.tgz,.txt,.xlsx,.zip";
    if (labels_by_name()) settings.attachment_types += ",.json";
    settings.attachment_mib = refuses_large_attachments() ? 100 : release_.at_least(1, 22) ? 2048 : 4;
}

Reply GiteaApi::message(const Exchange& exchange, int status, const std::string& words) const {
    return json_reply(status, {{"message", words}, {"url", exchange.at.api + "/swagger"}});
}

Reply GiteaApi::not_found(const Exchange& exchange) const {
    return json_reply(404, {{"message", "The target couldn't be found."},
                            {"url", exchange.at.api + "/swagger"},
                            {"errors", gitea::list(exchange, json::array())}});
}

Reply GiteaApi::bad_body(const Exchange& exchange, const std::string& why) const {
    return message(exchange, 422, "[]: " + why);
}

std::optional<Reply> GiteaApi::refuse(const Exchange& exchange, const Route& route) const {
    const auto& [call, state, git, at, token, path, body] = exchange;
    if (!call.header("authorization").empty() && token == nullptr)
        return message(exchange, 401, "invalid username, password or token");
    if (route.need == Need::nothing) return std::nullopt;
    const auto scope = [&](const std::string& name) {
        return message(exchange, 403, "token does not have at least one of required scope(s): [" + name + "]");
    };
    if (route.need == Need::user) {
        if (token == nullptr) return message(exchange, 401, "token is required");
        return token->rights.user ? std::nullopt : std::optional(scope("read:user"));
    }
    const auto is = [&](const char* name, const std::string& value) {
        const auto it = path.find(name);
        return it == path.end() || lower_case(it->second) == lower_case(value);
    };
    if (!is("owner", state.owner) || !is("repo", state.repo) || !is("org", state.owner)) return not_found(exchange);
    if (path.count("org") != 0 && !state.settings.owner_is_organisation) return not_found(exchange);
    if (state.settings.is_private && token == nullptr) return not_found(exchange);
    if (state.settings.is_private && !token->rights.read) return not_found(exchange);
    if (!state.settings.pulls_enabled && route.pattern.find("/pulls") != std::string::npos) return not_found(exchange);
    if (call.method == "GET") return std::nullopt;
    if (token == nullptr) return message(exchange, 401, "token is required");
    const auto& rights = token->rights;
    if (route.need == Need::issues && !rights.issues) return scope("write:issue");
    if (route.need == Need::pulls && !rights.pulls) return scope("write:repository");
    if (route.need == Need::statuses && !rights.statuses) return scope("write:repository");
    if (route.need == Need::statuses && !rights.push)
        return message(exchange, 403, "user should have a permission to write to a repo");
    if (state.settings.archived) return message(exchange, 423, state.owner + "/" + state.repo + " is archived");
    return std::nullopt;
}

std::function<Reply(Exchange&)> GiteaApi::of_pull(OfPull answer) const {
    return [this, answer = std::move(answer)](Exchange& exchange) {
        auto* pull = exchange.state.pull(exchange.number("index"));
        return pull == nullptr ? not_found(exchange) : answer(exchange, *pull);
    };
}

Reply GiteaApi::paged(Exchange& exchange, const std::vector<json>& items, bool with_link) {
    const auto below = exchange.call.path.substr(exchange.at.api_path.size());
    const auto page = page_of(items, exchange, "limit", exchange.at.api + below);
    auto reply = json_reply(200, gitea::list(exchange, page.items));
    reply.set_header("X-Total-Count", std::to_string(page.total));
    if (with_link && !page.link.empty()) reply.set_header("Link", page.link);
    return reply;
}

void GiteaApi::add_server_routes() {
    routes_.push_back({"GET", "/version", Need::nothing, [this](Exchange&) {
                           return json_reply(200, {{"version", version_}});
                       }});
    routes_.push_back({"GET", "/user", Need::user, [](Exchange& exchange) {
                           return json_reply(200, gitea::user(exchange, exchange.token->user));
                       }});
    routes_.push_back({"GET", "/settings/api", Need::nothing, [](Exchange& exchange) {
                           return json_reply(200, {{"max_response_items", exchange.state.settings.page_cap},
                                                   {"default_paging_num", exchange.state.settings.page_default},
                                                   {"default_git_trees_per_page", 1000},
                                                   {"default_max_blob_size", 10'485'760}});
                       }});
    routes_.push_back({"GET", "/settings/attachment", Need::nothing, [](Exchange& exchange) {
                           const auto& settings = exchange.state.settings;
                           return json_reply(200, {{"enabled", settings.attachments_enabled},
                                                   {"allowed_types", settings.attachment_types},
                                                   {"max_size", settings.attachment_mib},
                                                   {"max_files", 5}});
                       }});
    routes_.push_back({"GET", "/repos/{owner}/{repo}", Need::read,
                       [](Exchange& exchange) { return json_reply(200, gitea::repository(exchange)); }});
}

Reply GiteaApi::create_status(Exchange& exchange) const {
    const auto sha = exchange.path["sha"];
    // The message of a 500 is for administrators only.
    if (!exchange.git.try_git({"cat-file", "-e", sha + "^{commit}"}).ok()) return message(exchange, 500, "");
    Status status{exchange.state.next_id(),     sha,
                  exchange.text("state"),       exchange.text("context"),
                  exchange.text("description"), exchange.text("target_url"),
                  exchange.token->user,         exchange.state.now()};
    // The column holds seven characters; longer words fail in the database.
    if (status.state.size() > 7) return message(exchange, 500, "");
    exchange.state.statuses.push_back(status);
    return json_reply(201, gitea::status(exchange, status));
}

void GiteaApi::add_status_routes() {
    const std::string repo = "/repos/{owner}/{repo}";
    const auto of = [](Exchange& exchange, const std::string& name) {
        const auto branch = exchange.git.ref("refs/heads/" + exchange.path[name]);
        return branch.empty() ? exchange.path[name] : branch;
    };
    const auto all = [of](const std::string& name) {
        return [of, name](Exchange& exchange) {
            const auto sha = of(exchange, name);
            std::vector<json> items;
            for (const auto& status : exchange.state.statuses)
                if (status.sha == sha) items.insert(items.begin(), gitea::status(exchange, status));
            return paged(exchange, items, true);
        };
    };
    routes_.push_back({"POST", repo + "/statuses/{sha}", Need::statuses,
                       [this](Exchange& exchange) { return create_status(exchange); }});
    routes_.push_back({"GET", repo + "/statuses/{sha}", Need::read, all("sha")});
    routes_.push_back({"GET", repo + "/commits/{ref}/statuses", Need::read, all("ref")});
    routes_.push_back({"GET", repo + "/commits/{ref}/status", Need::read, [of](Exchange& exchange) {
                           const auto sha = of(exchange, "ref");
                           std::map<std::string, Status> newest;
                           for (const auto& status : exchange.state.statuses)
                               if (status.sha == sha) newest[status.context] = status;
                           std::vector<Status> list;
                           for (const auto& [context, status] : newest) list.push_back(status);
                           return json_reply(200, gitea::combined(exchange, sha, list));
                       }});
}

}  // namespace lockstep::fakes
