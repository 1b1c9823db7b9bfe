// SPDX-License-Identifier: MIT
// Git remote addresses and API bases, as text.
#include "adapters/forge/url.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

bool ends_with(std::string_view text, std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

/// Owner and repository are the last two segments; what stands before them is the web root's sub-path.
void read_path(std::string_view path, RemoteAddress& address, std::string& sub_path) {
    path = path.substr(0, path.find_first_of("?#"));
    path = without_trailing_slashes(path);
    if (ends_with(path, ".git")) path.remove_suffix(4);
    std::vector<std::string> segments;
    for (auto& segment : split(path, '/'))
        if (!segment.empty()) segments.push_back(decode(segment));
    if (segments.size() < 2) return;
    address.repo = segments.back();
    segments.pop_back();
    address.owner = segments.back();
    segments.pop_back();
    for (const auto& segment : segments) sub_path += "/" + encode(segment);
}

RemoteAddress local_address(std::string_view path) {
    RemoteAddress address;
    std::string sub_path;
    address.scheme = "file";
    address.local = true;
    read_path(path, address, sub_path);  // only of use to those who configure a forge beside a plain path
    return address;
}

/// The host that serves the web pages for a host that serves git over ssh.
std::string web_host(std::string_view host) {
    return host == "ssh.github.com" || host == "altssh.github.com" ? "github.com" : std::string(host);
}

bool is_known_host(std::string_view host) {
    return host == "github.com" || host == "codeberg.org" || host == "gitea.com" || ends_with(host, ".ghe.com");
}

RemoteAddress ssh_address(std::string_view host, std::string_view path) {
    RemoteAddress address;
    std::string sub_path;  // says nothing about the web: ssh has its own root
    address.scheme = "ssh";
    address.host = web_host(lower(host));
    read_path(path, address, sub_path);
    address.guessed = !is_known_host(address.host);
    address.web_root = "https://" + address.host;
    return address;
}

}  // namespace

RemoteAddress parse_remote_address(std::string_view url) {
    url = trim(url);
    if (const auto transport = url.find("::"); transport < url.find_first_of("/@[")) {
        RemoteAddress address;  // "codecommit::…": a remote helper, which says nothing that we understand
        address.scheme = lower(url.substr(0, transport));
        address.guessed = true;
        return address;
    }
    const auto mark = url.find("://");
    if (mark == std::string_view::npos) {
        const auto bracket = url.find(']');
        const auto colon = url.find(':', bracket == std::string_view::npos ? 0 : bracket);
        if (colon == std::string_view::npos || colon == 0 || url.find('/') < colon) return local_address(url);
        auto host = url.substr(0, colon);
        if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
        return ssh_address(host, url.substr(colon + 1));
    }
    const auto parts = split_url(url);
    if (lower(url.substr(0, mark)) == "file") return local_address(url.substr(mark + 3));
    RemoteAddress address;
    if (!parts) {
        address.scheme = lower(url.substr(0, mark));
        address.guessed = true;
        return address;
    }
    if (parts->scheme == "ssh" || parts->scheme == "git+ssh" || parts->scheme == "ssh+git")
        return ssh_address(parts->host, parts->path);
    std::string sub_path;
    address.scheme = parts->scheme;
    address.host = parts->host;
    read_path(parts->path, address, sub_path);
    const bool web = parts->scheme == "https" || parts->scheme == "http";
    address.guessed = !web && !is_known_host(parts->host);
    address.web_root = web ? origin(*parts) + sub_path : "https://" + parts->host;
    return address;
}

std::string api_base(std::string_view dialect, std::string_view web_root) {
    const auto root = without_trailing_slashes(web_root);
    if (ends_with(root, "/api/v1") || ends_with(root, "/api/v3")) return std::string(root);
    for (const auto& row : registry())
        if (row.name == dialect && !row.api_suffix.empty()) return std::string(root) + std::string(row.api_suffix);
    const auto parts = split_url(root);
    const auto host = parts ? parts->host : std::string();
    if (host == "github.com" || host == "www.github.com" || host == "api.github.com") return "https://api.github.com";
    if (ends_with(host, ".ghe.com")) return "https://" + (host.rfind("api.", 0) == 0 ? host : "api." + host);
    return std::string(root) + "/api/v3";
}

}  // namespace lockstep::forge
