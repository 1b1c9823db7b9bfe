// SPDX-License-Identifier: MIT
// What the dialects share: routes, access in the order in which forges check it, paging.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "fakes/forge_state.hpp"
#include "fakes/http_message.hpp"

namespace lockstep::fakes {

using nlohmann::json;

/// Where the server lives.
struct Addresses {
    std::string web;       ///< root without trailing slash, sub-path included
    std::string api;       ///< without trailing slash
    std::string api_path;  ///< path part of `api`
};

/// One request on its way through a dialect. The state is locked and in line with the repository.
struct Exchange {
    const Call& call;
    ForgeState& state;
    const test::GitRepo& git;
    const Addresses& at;
    const Token* token = nullptr;             ///< nullptr: anonymous
    std::map<std::string, std::string> path;  ///< decoded path parameters
    json body;                                ///< null when there is none

    [[nodiscard]] std::int64_t number(const std::string& name) const;
    [[nodiscard]] std::string text(const std::string& member) const;  ///< of the body; "" when absent or no string
    [[nodiscard]] std::string repo_web() const { return at.web + "/" + state.owner + "/" + state.repo; }
    [[nodiscard]] std::string repo_api() const { return at.api + "/repos/" + state.owner + "/" + state.repo; }
};

/// What a route asks of the caller.
enum class Need { nothing, read, pulls, issues, statuses, user };

struct Route {
    std::string method, pattern;  ///< "/repos/{owner}/{repo}/pulls/{n}"; "{x...}" takes the rest
    Need need = Need::nothing;
    std::function<Reply(Exchange&)> answer;
};

class ForgeApi {
public:
    virtual ~ForgeApi() = default;

    /// Answers a request below the API base; `path` is what follows it, still encoded.
    [[nodiscard]] Reply serve(const Call& call, const std::string& path, ForgeState& state, const test::GitRepo& git,
                              const Addresses& at);
    /// Where the API is mounted: "/api/v3", "/api/v1".
    [[nodiscard]] virtual std::string mount() const = 0;
    /// Paths outside the mount that belong to the API all the same.
    [[nodiscard]] virtual std::optional<std::string> outside_mount(const std::string&) const { return std::nullopt; }
    [[nodiscard]] virtual bool detects_merges(const ForgeSettings& settings) const = 0;
    [[nodiscard]] virtual std::string document() const = 0;  ///< OpenAPI file name
    [[nodiscard]] virtual std::string make_token(bool job, std::int64_t serial) const = 0;
    /// Shell lines of the hook that protects branches; the list is the file "protected" in the repository.
    [[nodiscard]] virtual std::pair<std::string, std::string> protection_hook() const = 0;  ///< name, script
    [[nodiscard]] virtual std::string realm() const = 0;
    /// Words of a refused git request: not allowed to push, archived.
    [[nodiscard]] virtual std::string push_refusal(const ForgeState& state, const std::string& user) const = 0;
    virtual void set_defaults(ForgeState& state) const = 0;
    /// The path as the OpenAPI document knows it (GitHub's /repositories/ID).
    [[nodiscard]] virtual std::string documented_path(const std::string& path, const ForgeState&) const { return path; }

protected:
    std::vector<Route> routes_;

    [[nodiscard]] virtual Reply not_found(const Exchange& exchange) const = 0;
    /// A refusal by access rules, or nullopt.
    [[nodiscard]] virtual std::optional<Reply> refuse(const Exchange& exchange, const Route& route) const = 0;
    [[nodiscard]] virtual Reply bad_body(const Exchange& exchange, const std::string& why) const = 0;
    virtual void finish(const Exchange&, Reply&) const {}
};

[[nodiscard]] Reply json_reply(int status, const json& body);
[[nodiscard]] std::string dump(const json& value);
[[nodiscard]] std::optional<std::map<std::string, std::string>> match_route(const std::string& pattern,
                                                                            const std::string& path);
/// The token of an Authorization header ("token X", "Bearer X", or the password of Basic); "" for none.
[[nodiscard]] std::string api_token(const Call& call);

/// One page of `items` and the Link header for the others.
struct PageOf {
    json items = json::array();
    std::string link;
    std::size_t total = 0;
};
[[nodiscard]] PageOf page_of(const std::vector<json>& items, const Exchange& exchange, const std::string& size_name,
                             const std::string& list_url);

[[nodiscard]] std::unique_ptr<ForgeApi> make_github_api(const std::string& version);
[[nodiscard]] std::unique_ptr<ForgeApi> make_gitea_api(const std::string& version, bool forgejo);

}  // namespace lockstep::fakes
