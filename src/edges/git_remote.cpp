// SPDX-License-Identifier: MIT
// Turns "origin of the user's checkout" into settings. With a token of our own for its host, whatever else would
// authenticate is switched off, because two Authorization headers make servers answer 400; without one, nothing is
// touched.
#include "edges/git_remote.hpp"

#include <fmt/format.h>

#include "edges/git_config.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Kind = RemoteAddress::Kind;

Error no_remote(const std::string& name, const GitConfig& config) {
    const auto names = config.remotes();
    return {ErrorKind::config, fmt::format("the checkout has no remote \"{}\"", name),
            names.empty() ? "it has no remotes at all" : fmt::format("it has {}", plural(names.size(), "other remote")),
            names.empty() ? fmt::format("add it: git remote add {} ADDRESS", name.empty() ? "origin" : name)
                          : fmt::format("name one with --remote: {}", join(names, ", "))};
}

struct Addresses {
    std::string fetch, push;          // as git is told
    RemoteAddress fetch_at, push_at;  // where they lead
};

/// Relative paths mean the checkout, and ours is elsewhere. An address that `insteadOf` changes is left for git to
/// change.
Result<std::string> for_git(const GitConfig& config, const std::string& url, bool push,
                            const std::filesystem::path& root) {
    if (rewritten(config, url, push) != url) return url;
    LOCKSTEP_TRY(const RemoteAddress address, parse_remote(url, root));
    return address.url;
}

Result<Addresses> addresses(const GitConfig& config, const std::string& name, const std::filesystem::path& root) {
    const auto urls = config.all("remote." + name + ".url");
    const auto push_urls = config.all("remote." + name + ".pushurl");
    if (urls.empty() || name.empty() || name.front() == '-') return no_remote(name, config);
    if ((push_urls.empty() ? urls : push_urls).size() > 1)
        return Error{ErrorKind::config, fmt::format("the remote \"{}\" has several addresses to push to", name),
                     "a push to several places cannot be all or nothing",
                     "add a remote with one address and name it with --remote"};
    Addresses result;
    LOCKSTEP_TRY(result.fetch, for_git(config, urls.front(), false, root));
    LOCKSTEP_TRY(result.fetch_at, parse_remote(rewritten(config, urls.front(), false), root));
    const bool own_push = !push_urls.empty();
    LOCKSTEP_TRY(result.push, for_git(config, own_push ? push_urls.front() : urls.front(), !own_push, root));
    LOCKSTEP_TRY(result.push_at,
                 parse_remote(rewritten(config, own_push ? push_urls.front() : urls.front(), !own_push), root));
    if (!own_push) result.push.clear();
    return result;
}

/// Our header for everything below `url`: the empty value drops every header that was set for less specific addresses.
void add_token(GitEntries& config, const std::string& url, const std::string& header) {
    const std::string key = "http." + url + ".";
    config.emplace_back(key + "extraHeader", "");
    config.emplace_back(key + "extraHeader", header);
    config.emplace_back(key + "followRedirects", "false");  // git would send the header along to wherever it is sent
}

std::string root_of(const RemoteAddress& address) {
    return address.bare.substr(0, address.bare.find('/', address.scheme.size() + 3)) + "/";
}

bool ssh_configured(const GitCli& git, const GitConfig& config) {
    return config.get("core.sshcommand") || !git.environment("GIT_SSH_COMMAND").empty() ||
           !git.environment("GIT_SSH").empty() || git.environment("SSH_ASKPASS_REQUIRE") == "force";
}

/// Submodule addresses end up in files, so they are handed over without passwords, which `insteadOf` brings back in
/// memory.
void add_submodule_rules(BoundRemote& remote, const Addresses& at) {
    remote.submodule_config.emplace_back("remote.origin.url", at.fetch_at.bare);  // what relative addresses start from
    if (at.fetch_at.kind == Kind::http && !at.fetch_at.user_info.empty()) {
        const std::string host = root_of(at.fetch_at);
        const auto start = at.fetch_at.scheme.size() + 3;
        remote.submodule_config.emplace_back(
            "url." + host.substr(0, start) + at.fetch_at.user_info + "@" + host.substr(start) + ".insteadOf", host);
    }
}

}  // namespace

std::string rewritten(const GitConfig& config, const std::string& url, bool push) {
    const auto best = [&](std::string_view name) {
        std::string base;
        std::size_t length = 0;
        for (const auto& [key, prefix] : config.entries()) {
            if (!key.starts_with("url.") || !key.ends_with(name) || prefix.size() <= length || !url.starts_with(prefix))
                continue;
            base = key.substr(4, key.size() - 4 - name.size());
            length = prefix.size();
        }
        return length == 0 ? url : base + url.substr(length);
    };
    if (push)
        if (std::string result = best(".pushinsteadof"); result != url) return result;
    return best(".insteadof");
}

Result<BoundRemote> bind_remote(const GitCli& git, const std::filesystem::path& root, const std::string& name,
                                const GitConfig& checkout, const GitConfig& elsewhere) {
    LOCKSTEP_TRY(Addresses at, addresses(checkout, name, root));
    BoundRemote remote;
    remote.address = at.fetch_at;
    for (const auto* address : {&at.fetch_at, &at.push_at})
        for (auto& secret : secrets_of(*address)) remote.secrets.push_back(std::move(secret));
    remote.config = settings_to_hand_over(checkout, elsewhere, name, k_private_remote);

    const GitSettings& settings = git.settings();
    const auto ours = [&](const RemoteAddress& address) {
        return settings.token && address.kind == Kind::http && same_host(address, settings.token_host);
    };
    const bool with_token = ours(at.fetch_at) || ours(at.push_at);
    if (with_token) {
        const std::string basic = base64(settings.token_user + ":" + *settings.token);
        remote.secrets.insert(remote.secrets.end(), {*settings.token, basic});
        const std::string header = "Authorization: Basic " + basic;
        for (auto [address, given] : {std::pair{&at.fetch_at, &at.fetch}, std::pair{&at.push_at, &at.push}}) {
            if (!ours(*address)) continue;
            remote.config.emplace_back("credential." + root_of(*address) + ".helper", "");
            add_token(remote.config, address->bare, header);
            add_token(remote.submodule_config, root_of(*address), header);
            if (auto raw = parse_remote(*given, root); raw.ok() && raw->kind == Kind::http) *given = raw->bare;
        }
    }
    remote.config.emplace_back(fmt::format("remote.{}.url", k_private_remote), at.fetch);
    if (!at.push.empty()) remote.config.emplace_back(fmt::format("remote.{}.pushurl", k_private_remote), at.push);
    add_submodule_rules(remote, at);

    if (!ssh_configured(git, checkout)) remote.env.emplace_back("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    if (with_token) remote.env.emplace_back("GIT_ASKPASS", "");  // set and empty: nobody is asked after a wrong token
    for (const char* variable : {"GIT_SSH_COMMAND", "GIT_SSH", "GIT_SSH_VARIANT", "GIT_ASKPASS", "SSH_AUTH_SOCK"})
        if (auto value = git.environment(variable);
            !value.empty() && !(with_token && std::string_view(variable) == "GIT_ASKPASS"))
            remote.env.emplace_back(variable, std::move(value));
    return remote;
}

}  // namespace lockstep
