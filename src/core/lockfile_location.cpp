// SPDX-License-Identifier: MIT
// Where a flake reference points, for people: its address without secrets, and the page that compares two revisions.
#include "lockstep/core/lockfile.hpp"

#include <algorithm>

#include "core/lockfile_url.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

bool is_forge_type(std::string_view type) {
    return type == "github" || type == "gitlab" || type == "sourcehut";
}

bool is_object_id(std::string_view rev) {
    return rev.size() == 40 && rev.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// One repository on a forge whose pages are known.
struct Repository {
    enum class Pages { github, gitlab, sourcehut, forgejo } pages = Pages::github;
    std::string host;
    std::vector<std::string> segments;  ///< owner(s) and name

    bool operator==(const Repository&) const = default;
};

std::optional<Repository> forge_repository(const FlakeRef& ref) {
    auto pages = Repository::Pages::github;
    if (ref.type == "gitlab") pages = Repository::Pages::gitlab;
    if (ref.type == "sourcehut") pages = Repository::Pages::sourcehut;
    // GitLab's nested groups are one attribute: "group%2Fsubgroup".
    auto owner = replace_all(replace_all(ref.owner, "%2F", "/"), "%2f", "/");
    auto segments = split(owner, '/');
    segments.push_back(ref.repo);
    return Repository{pages, forge_host(ref), std::move(segments)};
}

/// Only for hosts of which it is certain what they run.
std::optional<Repository> git_repository(const FlakeRef& ref) {
    const auto url = split_url(ref.url);
    if (url.scheme != "https" && url.scheme != "ssh") return std::nullopt;
    auto pages = Repository::Pages::forgejo;
    if (url.host == "github.com")
        pages = Repository::Pages::github;
    else if (url.host == "gitlab.com")
        pages = Repository::Pages::gitlab;
    else if (url.host != "codeberg.org")
        return std::nullopt;
    auto path = url.path;
    while (path.ends_with('/')) path.remove_suffix(1);
    if (path.ends_with(".git")) path.remove_suffix(4);
    if (path.starts_with('/')) path.remove_prefix(1);
    return Repository{pages, std::string(url.host), split(path, '/')};
}

std::optional<Repository> repository_of(const FlakeRef& ref) {
    auto found = is_forge_type(ref.type) ? forge_repository(ref)
                 : ref.type == "git"     ? git_repository(ref)
                                         : std::nullopt;
    if (!found || !is_host_name(found->host) || found->segments.size() < 2) return std::nullopt;
    const bool odd = std::any_of(found->segments.begin(), found->segments.end(), [](const auto& segment) {
        return segment.empty() || segment == "." || segment == "..";
    });
    if (odd || (found->segments.size() > 2 && found->pages != Repository::Pages::gitlab)) return std::nullopt;
    return found;
}

std::string branch_of(std::string_view ref) {
    constexpr std::string_view k_heads = "refs/heads/";
    return std::string(ref.starts_with(k_heads) ? ref.substr(k_heads.size()) : ref);
}

/// Adds "?name=value" or "&name=value".
void add_parameter(std::string& text, std::string_view name, const std::string& value) {
    if (value.empty()) return;
    text += text.find('?') == std::string::npos ? '?' : '&';
    text += name;
    text += '=';
    text += value;
}

std::string forge_location(const FlakeRef& ref) {
    auto text = ref.type + ":" + ref.owner + "/" + ref.repo;
    if (!ref.ref.empty()) text += "/" + branch_of(ref.ref);
    if (forge_host(ref) != forge_host({.type = ref.type})) add_parameter(text, "host", ref.host);
    return text;
}

std::string other_location(const FlakeRef& ref) {
    if (ref.type == "path") return "path:" + ref.path;
    if (ref.type == "indirect") return "flake:" + ref.id + (ref.ref.empty() ? "" : "/" + branch_of(ref.ref));
    const bool plain = ref.type == "tarball" || ref.type == "file" || ref.url.starts_with(ref.type + "+");
    auto text = (plain ? "" : ref.type + "+") + without_secrets(ref.url);
    add_parameter(text, "ref", branch_of(ref.ref));
    return text;
}

}  // namespace

std::string location(const FlakeRef& ref) {
    auto text = is_forge_type(ref.type) ? forge_location(ref) : other_location(ref);
    add_parameter(text, "dir", ref.dir);
    return text;
}

std::string compare_url(const FlakeRef& from, const FlakeRef& to) {
    if (!is_object_id(from.rev) || !is_object_id(to.rev) || from.rev == to.rev) return {};
    const auto repository = repository_of(to);
    if (!repository || repository != repository_of(from)) return {};
    std::string url = "https://" + repository->host;
    for (const auto& segment : repository->segments) url += "/" + percent_encoded(segment);
    switch (repository->pages) {
        case Repository::Pages::gitlab:
            url += "/-/compare/" + from.rev + "..." + to.rev;
            break;
        case Repository::Pages::sourcehut:
            url += "/log/" + to.rev;
            break;
        case Repository::Pages::github:
        case Repository::Pages::forgejo:
            url += "/compare/" + from.rev + "..." + to.rev;
            break;
    }
    return url;
}

}  // namespace lockstep
