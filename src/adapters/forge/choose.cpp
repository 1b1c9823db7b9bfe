// SPDX-License-Identifier: MIT
// Which forge a run talks to. A wrong answer sends a token to the wrong server, so: what the user says, then what the
// runner says about itself, then what the remote's address proves, and otherwise a question to the server.
#include "adapters/forge/rest.hpp"
#include "adapters/forge/url.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

constexpr std::string_view k_directory = "directory";

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_gitea_family(std::string_view kind) {
    return kind == "gitea" || kind == "forgejo";
}

bool is_dialect(std::string_view kind) {
    for (const auto& row : registry())
        if (row.name == kind) return true;
    return false;
}

std::string variable(const ChoiceInput& input, std::string_view name) {
    for (const auto& [key, value] : input.env)
        if (key == name) return value;
    return "";
}

/// The forge whose runner started us, "" for none. Forgejo's runner sets all three variables, Gitea's the last two.
std::string runner_kind(const ChoiceInput& input) {
    if (variable(input, "FORGEJO_ACTIONS") == "true") return "forgejo";
    if (variable(input, "GITEA_ACTIONS") == "true") return "gitea";
    if (variable(input, "GITHUB_ACTIONS") == "true") return "github";
    return "";
}

std::string kind_of_host(std::string_view host) {
    if (host == "github.com" || host == "www.github.com" || host == "api.github.com" || ends_with(host, ".ghe.com"))
        return "github";
    if (host == "codeberg.org") return "forgejo";
    if (host == "gitea.com") return "gitea";
    return "";
}

std::string token_variable(std::string_view kind) {
    if (kind == "github") return "GITHUB_TOKEN";
    if (kind == "gitea") return "GITEA_TOKEN";
    if (kind == "forgejo") return "FORGEJO_TOKEN";
    return "";
}

std::string host_of(std::string_view url) {
    const auto parts = split_url(url);
    return parts ? parts->host : std::string();
}

/// The web root behind an address that may already be an API base.
std::string web_root_of(std::string_view url) {
    auto root = without_trailing_slashes(url);
    for (const std::string_view suffix : {"/api/v1", "/api/v3"})
        if (ends_with(root, suffix)) root.remove_suffix(suffix.size());
    if (host_of(root) == "api.github.com") return "https://github.com";
    return std::string(without_trailing_slashes(root));
}

/// Which forge, and at which two addresses; owner and repository come from the remote.
struct Server {
    std::string kind, web, api;
};

Server configured_server(const ChoiceInput& input, const std::string& wanted) {
    Server server{wanted, web_root_of(input.url), ""};
    const auto root = without_trailing_slashes(input.url);
    if (server.kind.empty()) server.kind = kind_of_host(host_of(root));
    if (server.kind.empty() && host_of(variable(input, "GITHUB_SERVER_URL")) == host_of(root))
        server.kind = runner_kind(input);
    if (server.kind.empty() && ends_with(root, "/api/v3")) server.kind = "github";
    server.api = api_base(server.kind, root);
    return server;
}

/// What the runner says about its own forge; kind "" when it says nothing, or speaks of another forge than the
/// remote's.
Server runner_server(const ChoiceInput& input, const RemoteAddress& remote, const std::string& wanted) {
    Server server{runner_kind(input), std::string(without_trailing_slashes(variable(input, "GITHUB_SERVER_URL"))), ""};
    if (server.kind.empty()) return {};
    const auto told = variable(input, "GITHUB_API_URL");
    const auto api = without_trailing_slashes(told);
    // Runners that only pretend to be GitHub's give themselves away by the address.
    if (server.kind == "github" && ends_with(api, "/api/v1")) server.kind = "gitea";
    const bool contradicts = !wanted.empty() && is_gitea_family(wanted) != is_gitea_family(server.kind);
    if (contradicts) return {};
    if (!wanted.empty()) server.kind = wanted;
    if (server.web.empty() && !remote.guessed) server.web = remote.web_root;
    if (server.web.empty() && server.kind == "github") server.web = "https://github.com";
    const bool elsewhere = !kind_of_host(remote.host).empty() && remote.host != host_of(server.web);
    if (server.web.empty() || elsewhere) return {};
    // Some set-ups tell a wrong API address, GitHub's even: it counts only when it is on the same server and looks
    // right.
    const bool usable =
        !told.empty() && split_url(told) &&
        (!is_gitea_family(server.kind) || (ends_with(api, "/api/v1") && host_of(told) == host_of(server.web)));
    server.api = usable ? std::string(api) : api_base(server.kind, server.web);
    return server;
}

Server remote_server(const RemoteAddress& remote, const std::string& wanted) {
    const auto kind = wanted.empty() ? kind_of_host(remote.host) : wanted;
    return {kind, remote.web_root, api_base(kind, remote.web_root)};
}

Error config_error(std::string what, std::string why, std::string hint) {
    return {ErrorKind::config, std::move(what), std::move(why), std::move(hint)};
}

Result<Choice> place(Server server, const RemoteAddress& remote) {
    if (remote.owner.empty() || remote.repo.empty())
        return config_error("cannot tell which repository the pull requests belong to",
                            "the remote's address does not end in owner/repository",
                            "check `git remote -v`, or set forge.kind to none or directory:DIR");
    Choice choice;
    choice.kind = server.kind.empty() ? "probe" : server.kind;
    choice.location = {server.web, server.api, remote.owner, remote.repo};
    choice.token_variable = token_variable(server.kind);
    return choice;
}

}  // namespace

Result<Choice> choose(const ChoiceInput& input) {
    const std::string wanted = input.kind == "auto" || input.kind.empty() ? "" : input.kind;
    Choice choice;
    if (wanted == "none") {
        choice.kind = wanted;
        return choice;
    }
    if (wanted == k_directory || wanted.rfind("directory:", 0) == 0) {
        choice.kind = k_directory;
        if (wanted.size() > k_directory.size()) choice.directory = wanted.substr(k_directory.size() + 1);
        return choice;
    }
    if (!wanted.empty() && !is_dialect(wanted))
        return config_error("unknown forge \"" + clean_line(wanted, 60) + "\"",
                            "lockstep knows auto, github, gitea, "
                            "forgejo, directory:DIR and none",
                            "correct forge.kind (--forge)");
    const auto remote = parse_remote_address(input.remote_url);
    if (wanted.empty() && remote.local && input.url.empty()) {
        choice.kind = k_directory;
        return choice;
    }
    if (!input.url.empty()) {
        const auto parts = split_url(input.url);
        if (!parts || (parts->scheme != "https" && parts->scheme != "http") || !parts->userinfo.empty())
            return config_error("forge.url is not the web address of a forge",
                                "expected https://HOST[/PATH] without user name, password and blanks",
                                "correct forge.url (--forge-url)");
        return place(configured_server(input, wanted), remote);
    }
    if (auto server = runner_server(input, remote, wanted); !server.kind.empty()) return place(server, remote);
    if (remote.local || remote.web_root.empty() || remote.guessed)
        return config_error("cannot tell where the forge's web interface is",
                            remote.local
                                ? "the remote is a plain path"
                                : "the remote" + (remote.host.empty() ? "" : " on " + clean_line(remote.host, 100)) +
                                      " is not a web address, and ssh does not tell the web port",
                            "set forge.url (--forge-url) to the forge's web root, for example https://git.example.org");
    return place(remote_server(remote, wanted), remote);
}

std::vector<Probe> probes(const std::string& web_root) {
    const auto root = std::string(without_trailing_slashes(web_root));
    // Order matters: Forgejo answers Gitea's question too.
    return {{get(root + "/api/forgejo/v1/version"), "forgejo"},
            {get(root + "/api/v1/version"), "gitea"},
            {get(root + "/api/v3/meta"), "github"}};
}

bool proves(const Probe& probe, const HttpResponse& response) {
    if (response.status != 200) return false;
    const auto answer = Answer::parse(response);
    if (!answer || !answer->is_object()) return false;
    return probe.kind_if_ok == "github"
               ? answer->has("installed_version") || answer->has("verifiable_password_authentication")
               : !answer->text("version").empty();
}

}  // namespace lockstep::forge
