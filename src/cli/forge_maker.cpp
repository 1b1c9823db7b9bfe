// SPDX-License-Identifier: MIT
// Choosing, asking and making a forge.
#include "cli/forge_maker.hpp"

#include <sys/stat.h>

#include "app/forge_session.hpp"
#include "edges/directory_forge.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

forge::ChoiceInput choice_input(const Config& config, const Environment& environment, const std::string& remote_url) {
    forge::ChoiceInput input{.kind = config.forge.kind, .url = config.forge.url, .remote_url = remote_url};
    for (const char* name : {"GITHUB_ACTIONS", "GITEA_ACTIONS", "FORGEJO_ACTIONS", "GITHUB_SERVER_URL",
                             "GITHUB_API_URL", "GITHUB_REPOSITORY"})
        if (const auto value = environment.get(name); !value.empty()) input.env.emplace_back(name, value);
    return input;
}

/// "host[:port]" of an http(s) address, else "".
std::string http_host(const std::string& url) {
    for (const std::string_view scheme : {"https://", "http://"})
        if (url.rfind(scheme, 0) == 0) {
            auto rest = url.substr(scheme.size());
            rest = rest.substr(0, rest.find('/'));
            const auto at = rest.rfind('@');
            return at == std::string::npos ? rest : rest.substr(at + 1);
        }
    return "";
}

}  // namespace

Result<std::string> ask_kind(const std::string& web_root, HttpClient& http) {
    std::string last;
    for (const auto& probe : forge::probes(web_root)) {
        const auto answer = http.send(probe.request);
        if (!answer.ok()) {
            last = answer.error().what + ": " + answer.error().why;
            continue;
        }
        if (!probe.kind_if_ok.empty() && forge::proves(probe, *answer)) return probe.kind_if_ok;
        last = answer->status == 200 ? "it answers, but not as a forge" : "HTTP " + std::to_string(answer->status);
    }
    return Error{ErrorKind::config, "it is unknown which kind of forge " + web_root + " is", clean_line(last),
                 "set forge.kind (github, gitea, forgejo, directory:DIR or none) or --forge"};
}

Result<std::string> find_token(const Config& config, const Environment& environment, const std::string& variable) {
    if (!config.forge.token_file.empty()) return read_secret_file(config.forge.token_file);
    if (const auto credentials = environment.get("CREDENTIALS_DIRECTORY"); !credentials.empty()) {
        const std::string path = credentials + "/lockstep-token";
        struct stat info {};
        if (stat(path.c_str(), &info) == 0) return read_secret_file(path, SecretPlace::credential);
    }
    std::vector<std::string> names{variable};
    // Gitea's runner calls its token by GitHub's name as well, Forgejo's by all three.
    if (variable == "FORGEJO_TOKEN") names = {"FORGEJO_TOKEN", "GITEA_TOKEN"};
    if (variable != "GITHUB_TOKEN" && environment.get("GITEA_ACTIONS") + environment.get("FORGEJO_ACTIONS") != "")
        names.push_back("GITHUB_TOKEN");
    for (const auto& name : names)
        if (const auto value = environment.get(name); !name.empty() && !value.empty()) {
            secrets().add(value);
            return std::string(trim(value));
        }
    return std::string();
}

Result<std::optional<GitToken>> git_token(const Config& config, const Environment& environment,
                                          const std::string& remote_url) {
    const auto host = http_host(remote_url);
    if (host.empty() || config.forge.kind == "none") return std::optional<GitToken>();
    const auto choice = forge::choose(choice_input(config, environment, remote_url));
    std::string variable, server;
    if (choice.ok()) {
        variable = choice->token_variable;
        server = http_host(choice->location.web);
    }
    if (!server.empty() && server != host) return std::optional<GitToken>();
    const bool given = !config.forge.token_file.empty() || !environment.get("CREDENTIALS_DIRECTORY").empty();
    if (!given && server.empty()) return std::optional<GitToken>();
    LOCKSTEP_TRY(const auto token, find_token(config, environment, variable));
    if (token.empty()) return std::optional<GitToken>();
    return std::optional<GitToken>(GitToken{token, host});
}

Result<std::unique_ptr<Forge>> make_forge(const Config& config, const Environment& environment,
                                          const std::string& remote_url, const std::filesystem::path& default_directory,
                                          HttpClient& http, Clock& clock) {
    LOCKSTEP_TRY(auto choice, forge::choose(choice_input(config, environment, remote_url)));
    if (choice.kind == "none") return std::unique_ptr<Forge>();
    if (choice.kind == "directory") {
        const std::filesystem::path directory =
            choice.directory.empty() ? default_directory : std::filesystem::path(choice.directory);
        return std::unique_ptr<Forge>(std::make_unique<DirectoryForge>(std::filesystem::absolute(directory)));
    }
    if (choice.kind == "probe") {
        LOCKSTEP_TRY(choice.kind, ask_kind(choice.location.web, http));
        choice.location.api = forge::api_base(choice.kind, choice.location.web);
        choice.token_variable = choice.kind == "github"    ? "GITHUB_TOKEN"
                                : choice.kind == "forgejo" ? "FORGEJO_TOKEN"
                                                           : "GITEA_TOKEN";
    }
    LOCKSTEP_TRY(auto token, find_token(config, environment, choice.token_variable));
    for (const auto& row : forge::registry())
        if (row.name == choice.kind)
            return std::unique_ptr<Forge>(std::make_unique<ForgeSession>(
                row.make(choice.location), http, clock, std::move(token),
                ForgeSession::Options{.timeout = config.forge.timeout, .budget = config.forge.budget}));
    return Error{ErrorKind::config, "there is no forge called " + clean_line(choice.kind, 60), "",
                 "use github, gitea, forgejo, directory:DIR or none"};
}

}  // namespace lockstep::cli
