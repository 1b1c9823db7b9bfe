// SPDX-License-Identifier: MIT
// Takes remote addresses apart the way git does (url forms, host:path, plain paths).
#include "edges/git_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <system_error>

namespace lockstep {

namespace {

using Kind = RemoteAddress::Kind;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

Error refused(std::string why) {
    return {ErrorKind::config, "the remote's address is refused", std::move(why),
            "correct it with `git remote set-url`; https, ssh, file and plain paths are fine"};
}

bool scheme_like(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '+' || c == '-' || c == '.';
    });
}

std::string without_default_port(std::string_view host, std::string_view scheme) {
    const std::string_view port = scheme == "https" ? ":443" : scheme == "http" ? ":80" : scheme == "ssh" ? ":22" : "";
    std::string result = lower(host);
    if (!port.empty() && result.ends_with(port)) result.resize(result.size() - port.size());
    return result;
}

std::string percent_decoded(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool coded = text[i] == '%' && i + 2 < text.size() &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 1])) != 0 &&
                           std::isxdigit(static_cast<unsigned char>(text[i + 2])) != 0;
        result += coded ? static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16)) : text[i];
        if (coded) i += 2;
    }
    return result;
}

std::string percent_encoded(std::string_view text) {
    std::string result;
    for (const char c : text)
        result += std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                          std::string_view("-._~").find(c) != std::string_view::npos
                      ? std::string(1, c)
                      : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return result;
}

void take_user(RemoteAddress& address, std::string_view user_info) {
    const auto colon = user_info.find(':');
    address.user = percent_decoded(user_info.substr(0, colon));
    if (colon != std::string_view::npos) address.password = percent_decoded(user_info.substr(colon + 1));
}

/// scheme://[user[:password]@]host[:port]/path
RemoteAddress parse_url(std::string_view url, std::size_t scheme_end) {
    RemoteAddress address;
    address.scheme = lower(url.substr(0, scheme_end));
    address.url = address.shown = address.bare = url;
    if (address.scheme == "file") {
        address.kind = Kind::file;
        return address;
    }
    const auto start = scheme_end + 3;
    const auto end = std::min(url.find_first_of("/?#", start), url.size());
    const std::string_view authority = url.substr(start, end - start);
    const auto at = authority.rfind('@');
    const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
    address.host = without_default_port(host, address.scheme);
    if (at != std::string_view::npos) take_user(address, authority.substr(0, at));
    address.bare = fmt::format("{}://{}{}", address.scheme, host, url.substr(end));
    if (address.scheme == "http" || address.scheme == "https") {
        address.kind = Kind::http;
        address.shown = address.bare.substr(0, address.bare.find_first_of("?#"));
        if (address.password) address.url = address.bare;
        return address;
    }
    address.kind = address.scheme.find("ssh") != std::string::npos ? Kind::ssh : Kind::other;
    if (address.password) {  // ssh takes no password from an address
        const auto user = authority.substr(0, authority.find(':'));
        address.url = fmt::format("{}://{}@{}{}", address.scheme, user, host, url.substr(end));
    }
    address.shown = address.url;
    return address;
}

/// [user@]host:path
RemoteAddress parse_scp(std::string_view url, std::size_t colon) {
    RemoteAddress address;
    address.kind = Kind::ssh;
    address.url = address.shown = address.bare = url;
    const std::string_view authority = url.substr(0, colon);
    const auto at = authority.rfind('@');
    if (at != std::string_view::npos) address.user = authority.substr(0, at);
    address.host = lower(at == std::string_view::npos ? authority : authority.substr(at + 1));
    return address;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

Result<RemoteAddress> parse_remote(std::string_view url, const std::filesystem::path& root) {
    if (url.empty()) return refused("it is empty");
    if (has_control(url)) return refused("it holds control characters");
    if (url.front() == '-') return refused("it starts with '-' and would be taken for an option");
    const auto colon = url.find(':');
    if (colon != std::string_view::npos && scheme_like(url.substr(0, colon))) {
        if (url.substr(colon).starts_with("://")) {
            const RemoteAddress address = parse_url(url, colon);
            if (address.kind != Kind::file && address.host.starts_with('-')) return refused("its host starts with '-'");
            if (has_control(address.user) || has_control(address.password.value_or("")))
                return refused("its user or password holds control characters");
            return address;
        }
        if (url.substr(colon).starts_with("::")) {
            const std::string helper = lower(url.substr(0, colon));
            if (helper == "ext" || helper == "fd")
                return refused(fmt::format("{}:: addresses run commands or use open files", helper));
            RemoteAddress address;
            address.url = address.bare = url;
            address.shown = helper + "::";  // what follows is the helper's business and may be secret
            return address;
        }
    }
    if (colon != std::string_view::npos && colon < url.find('/')) {
        const RemoteAddress address = parse_scp(url, colon);
        if (address.host.empty() || address.host.starts_with('-'))
            return refused("its host starts with '-' or is empty");
        return address;
    }
    RemoteAddress address;
    address.kind = Kind::file;
    std::error_code ignored;
    const std::filesystem::path path(url);
    address.url = path.is_absolute() ? path.string() : std::filesystem::weakly_canonical(root / path, ignored).string();
    if (address.url.empty()) return refused("it is a relative path that cannot be resolved");
    while (address.url.size() > 1 && address.url.ends_with('/')) address.url.pop_back();
    address.shown = address.bare = address.url;
    return address;
}

bool same_host(const RemoteAddress& address, std::string_view host) {
    return !address.host.empty() && address.host == without_default_port(host, address.scheme);
}

std::vector<std::string> secrets_of(const RemoteAddress& address) {
    std::vector<std::string> secrets;
    const auto add = [&](const std::string& text) {
        if (text.empty()) return;
        secrets.push_back(text);
        if (std::string encoded = percent_encoded(text); encoded != text) secrets.push_back(std::move(encoded));
    };
    if (address.password) add(*address.password);
    if (address.kind == Kind::http) add(address.user);  // https://TOKEN@host/
    return secrets;
}

std::string http_root(const RemoteAddress& address) {
    return address.bare.substr(0, address.bare.find_first_of("/?#", address.scheme.size() + 3));
}

}  // namespace lockstep
