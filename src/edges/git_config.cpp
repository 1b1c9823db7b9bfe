// SPDX-License-Identifier: MIT
// Chooses, out of everything `git config --list` says in the checkout, what our own git commands are told.
#include "edges/git_config.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// "remote.my.fork.url" → section "remote", subsection "my.fork", name "url".
struct KeyParts {
    std::string_view section, subsection, name;
};

KeyParts parts_of(std::string_view key) {
    const auto first = key.find('.'), last = key.rfind('.');
    if (first == std::string_view::npos) return {key, {}, {}};
    return {key.substr(0, first), first == last ? std::string_view{} : key.substr(first + 1, last - first - 1),
            key.substr(last + 1)};
}

/// A list, not a denial list: a setting that we do not know might make our commands do something else than asked.
bool wanted(const KeyParts& key) {
    static const std::set<std::string_view> sections = {"http",   "credential", "url",       "ssh", "protocol",
                                                        "user",   "author",     "committer", "gpg", "submodule",
                                                        "filter", "lfs",        "safe"};
    static const std::set<std::string_view> core = {"sshcommand", "askpass", "gitproxy",
                                                    "autocrlf",   "eol",     "attributesfile"};
    if (sections.count(key.section) != 0) return true;
    if (key.section == "core") return core.count(key.name) != 0;
    if (key.section == "commit") return key.name == "gpgsign";
    if (key.section == "fetch")
        return key.name == "fsckobjects" || key.subsection == "fsck" || key.subsection.starts_with("fsck.");
    if (key.section == "transfer") return key.name == "fsckobjects" || key.name == "credentialsinurl";
    return false;
}

/// Of a remote's own section: how to reach it. Not its addresses (handed over by name), and nothing that widens a fetch
/// or a push (refspecs, mirror, prune) or makes the private repository a partial one.
bool wanted_of_remote(std::string_view name) {
    static const std::set<std::string_view> names = {"proxy", "proxyauthmethod", "receivepack", "uploadpack",
                                                     "serveroption"};
    return names.count(name) != 0;
}

/// Lists that an empty value starts anew; everything else either takes the last value or does not mind repetition.
bool resettable(const KeyParts& key) {
    return (key.section == "http" && key.name == "extraheader") ||
           (key.section == "credential" && key.name == "helper");
}

/// How many of the values `now` git finds by itself: all of `before` when `now` only adds to it, else none count,
/// because another order or a missing one would change the meaning.
std::size_t leading_values(const std::vector<std::string>& before, const std::vector<std::string>& now) {
    const bool extends = before.size() <= now.size() && std::equal(before.begin(), before.end(), now.begin());
    return extends ? before.size() : 0;
}

std::string cleaned(std::string_view text) {
    std::string result;
    for (const char c : trim(text))
        if (c != '<' && c != '>' && c != '\n' && c != '\0') result += c;
    return result;
}

std::string first_set(std::initializer_list<std::string> candidates) {
    for (const auto& candidate : candidates)
        if (auto text = cleaned(candidate); !text.empty()) return text;
    return {};
}

}  // namespace

GitConfig GitConfig::parse(std::string_view listing) {
    GitConfig config;
    while (!listing.empty()) {
        const auto end = std::min(listing.find('\0'), listing.size());
        const std::string_view entry = listing.substr(0, end);
        const auto newline = entry.find('\n');
        config.entries_.emplace_back(entry.substr(0, newline),
                                     newline == std::string_view::npos ? "true" : entry.substr(newline + 1));
        listing.remove_prefix(std::min(end + 1, listing.size()));
    }
    return config;
}

std::optional<std::string> GitConfig::get(std::string_view key) const {
    auto values = all(key);
    if (values.empty()) return std::nullopt;
    return std::move(values.back());
}

std::vector<std::string> GitConfig::all(std::string_view key) const {
    std::vector<std::string> values;
    for (const auto& [name, value] : entries_)
        if (name == key) values.push_back(value);
    return values;
}

bool GitConfig::is_true(std::string_view key) const {
    std::string value = get(key).value_or("");
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    if (value == "true" || value == "yes" || value == "on") return true;
    const bool number =
        !value.empty() && std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
    return number && value.find_first_not_of('0') != std::string::npos;
}

bool GitConfig::any(bool (*matches)(std::string_view, std::string_view)) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& entry) { return matches(entry.first, entry.second); });
}

std::vector<std::string> GitConfig::remotes() const {
    std::vector<std::string> names;
    for (const auto& [key, value] : entries_) {
        const KeyParts parts = parts_of(key);
        if (parts.section != "remote" || parts.name != "url") continue;
        if (std::find(names.begin(), names.end(), parts.subsection) == names.end())
            names.emplace_back(parts.subsection);
    }
    return names;
}

GitEntries settings_to_hand_over(const GitConfig& checkout, const GitConfig& elsewhere, const std::string& remote,
                                 const std::string& as) {
    GitEntries result;
    struct Progress {
        std::size_t known = 0, seen = 0;  // leading values that git finds by itself, values met so far
    };
    std::map<std::string, Progress> progress;
    for (const auto& [key, value] : checkout.entries()) {
        const KeyParts parts = parts_of(key);
        const bool of_remote = parts.section == "remote" && parts.subsection == remote && wanted_of_remote(parts.name);
        if (!of_remote && !wanted(parts)) continue;
        const std::string target = of_remote ? "remote." + as + "." + std::string(parts.name) : key;
        const auto [at, first] = progress.try_emplace(target);
        if (first) {
            at->second.known = leading_values(elsewhere.all(target), checkout.all(key));
            if (!elsewhere.all(target).empty() && at->second.known == 0 && resettable(parts))
                result.emplace_back(target, "");
        }
        if (at->second.seen++ >= at->second.known) result.emplace_back(target, value);
    }
    return result;
}

Result<Identity> identity_for(Role role, const std::function<std::string(const char*)>& environment,
                              const GitConfig& config) {
    const bool author = role == Role::author;
    const auto variable = [&](const char* name) { return environment ? environment(name) : std::string(); };
    const auto setting = [&](const char* key) { return config.get(key).value_or(""); };
    const Identity identity{
        first_set({variable(author ? "GIT_AUTHOR_NAME" : "GIT_COMMITTER_NAME"),
                   setting(author ? "author.name" : "committer.name"), setting("user.name")}),
        first_set({variable(author ? "GIT_AUTHOR_EMAIL" : "GIT_COMMITTER_EMAIL"),
                   setting(author ? "author.email" : "committer.email"), setting("user.email"), variable("EMAIL")})};
    if (!identity.name.empty() && !identity.email.empty()) return identity;
    return Error{ErrorKind::config,
                 std::string("git does not know the ") + (author ? "author" : "committer") + " of the commit",
                 std::string("no ") + (identity.name.empty() ? "name" : "e-mail address") + " is set",
                 "set commit.name and commit.email in lockstep.yaml, or GIT_AUTHOR_NAME, GIT_AUTHOR_EMAIL, "
                 "GIT_COMMITTER_NAME and "
                 "GIT_COMMITTER_EMAIL, or `git config user.name` and `git config user.email`"};
}

}  // namespace lockstep
