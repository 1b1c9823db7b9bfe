// SPDX-License-Identifier: MIT
// Turns "origin of the user's checkout" into settings. With a token of our own for its host, whatever else would
// authenticate is switched off, because two Authorization headers make servers answer 400; without one, nothing is
// touched.
#include "edges/git_remote.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "edges/git_config.hpp"
#include "lockstep/core/base64.hpp"
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
    RemoteAddress fetch, push;
};

Result<Addresses> addresses(const GitConfig& config, const std::string& name, const std::filesystem::path& root) {
    const auto urls = config.all("remote." + name + ".url");
    const auto push_urls = config.all("remote." + name + ".pushurl");
    if (urls.empty() || name.empty()) return no_remote(name, config);
    const auto& targets = push_urls.empty() ? urls : push_urls;
    if (targets.size() > 1)
        return Error{ErrorKind::config, fmt::format("the remote \"{}\" has several addresses to push to", name),
                     "a push to several places cannot be all or nothing",
                     "add a remote with one address and name it with --remote"};
    Addresses result;
    LOCKSTEP_TRY(result.fetch, parse_remote(rewritten(config, urls.front(), false), root));
    LOCKSTEP_TRY(result.push, parse_remote(rewritten(config, targets.front(), push_urls.empty()), root));
    return result;
}

/// Our header for everything below `url`: the empty value drops every header that was set for less specific addresses.
void add_header(GitEntries& config, const std::string& url, const std::string& header) {
    const std::string key = "http." + url + ".";
    config.emplace_back(key + "extraHeader", "");
    config.emplace_back(key + "extraHeader", header);
    config.emplace_back(key + "followRedirects", "false");  // git would send the header along to wherever it is sent
}

/// A password that was in the address: git would show it in the argv of its transport program, so it is handed to git
/// when git asks. The script is a constant; both values come from the environment.
void add_password(RemoteAccess& access, const RemoteAddress& address) {
    const std::string key = "credential." + http_root(address) + ".helper";
    access.config.emplace_back(key, "");
    access.config.emplace_back(key,
                               "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' "
                               "\"$LOCKSTEP_GIT_USER\" \"$LOCKSTEP_GIT_PASSWORD\"; }; f");
    access.env.emplace_back("LOCKSTEP_GIT_USER", address.user);
    access.env.emplace_back("LOCKSTEP_GIT_PASSWORD", *address.password);
}

bool uses_token(const GitSettings& settings, const RemoteAddress& address) {
    return settings.token && address.kind == Kind::http && same_host(address, settings.token_host);
}

/// Whether the user of an address is a token (https://TOKEN@host/) and no name of somebody.
bool looks_like_token(const std::string& user) {
    const auto digits = std::count_if(user.begin(), user.end(), [](char c) { return c >= '0' && c <= '9'; });
    return user.size() >= 16 && digits >= 2;
}

/// Tells what must never be shown: what is in the address, and in headers that somebody else has set (the checkout
/// action of a runner leaves its token there), as they stand and decoded.
void tell_secrets(const GitSettings& settings, const RemoteAddress& address, const GitConfig& checkout) {
    if (!settings.on_secret) return;
    if (address.password) settings.on_secret(*address.password);
    if (!address.password && address.kind == Kind::http && looks_like_token(address.user))
        settings.on_secret(address.user);
    for (const auto& [key, value] : checkout.entries()) {
        if (!key.starts_with("http.") || !key.ends_with(".extraheader")) continue;
        const auto parts = words(value);
        if (parts.size() < 2) continue;
        settings.on_secret(parts.back());
        const auto plain = base64_decoded(parts.back());
        if (const auto colon = plain.find(':'); colon != std::string::npos) settings.on_secret(plain.substr(colon + 1));
    }
}

/// The way in for one direction.
RemoteAccess access_to(BoundRemote& remote, const GitSettings& settings, RemoteAddress& address) {
    RemoteAccess access;
    for (auto& secret : secrets_of(address)) remote.secrets.push_back(std::move(secret));
    if (uses_token(settings, address)) {
        const std::string basic = base64(settings.token_user + ":" + *settings.token);
        if (settings.on_secret) {
            settings.on_secret(*settings.token);
            settings.on_secret(basic);
        }
        remote.secrets.insert(remote.secrets.end(), {*settings.token, basic});
        address.url = address.bare;
        access.config.emplace_back("credential." + http_root(address) + ".helper", "");
        add_header(access.config, address.bare, "Authorization: Basic " + basic);
        access.env.emplace_back("GIT_ASKPASS", "");  // set and empty: nobody is asked after a wrong token
        // Submodules on the same host; less specific than the above, so it never adds to it.
        if (remote.submodule_config.empty())
            add_header(remote.submodule_config, http_root(address) + "/", "Authorization: Basic " + basic);
    } else if (address.kind == Kind::http && address.password) {
        add_password(access, address);
    }
    return access;
}

bool ssh_configured(const GitCli& git, const GitConfig& config) {
    return config.get("core.sshcommand") || !git.environment("GIT_SSH_COMMAND").empty() ||
           !git.environment("GIT_SSH").empty() || git.environment("SSH_ASKPASS_REQUIRE") == "force";
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
    for (const auto* address : {&at.fetch, &at.push}) tell_secrets(git.settings(), *address, checkout);
    remote.config = settings_to_hand_over(checkout, elsewhere, name, k_private_remote);
    remote.fetch = access_to(remote, git.settings(), at.fetch);
    remote.push = access_to(remote, git.settings(), at.push);

    const std::string section = fmt::format("remote.{}.", k_private_remote);
    remote.config.emplace_back(section + "url", at.fetch.url);
    remote.config.emplace_back(section + "pushurl", at.push.url);
    // The addresses are final: these rules are the longest match, so that none of the user's applies a second time.
    for (const auto& url : {at.fetch.url, at.push.url}) remote.config.emplace_back("url." + url + ".insteadOf", url);
    // What relative addresses of submodules start from. It ends up in a file, so it is without a password.
    remote.submodule_config.emplace_back("remote.origin.url", at.fetch.url);

    if (!ssh_configured(git, checkout)) remote.env.emplace_back("GIT_SSH_COMMAND", "ssh -oBatchMode=yes");
    for (const char* variable : {"GIT_SSH_COMMAND", "GIT_SSH", "GIT_SSH_VARIANT", "GIT_ASKPASS", "SSH_AUTH_SOCK"})
        if (auto value = git.environment(variable); !value.empty()) remote.env.emplace_back(variable, std::move(value));
    remote.address = std::move(at.fetch);
    return remote;
}

}  // namespace lockstep
