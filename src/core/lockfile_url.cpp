// SPDX-License-Identifier: MIT
// URLs of lock files: split, stripped of secrets, encoded.
#include "core/lockfile_url.hpp"

#include <algorithm>
#include <array>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool names_a_secret(std::string_view parameter) {
    static constexpr std::array<std::string_view, 8> k_words{"token", "secret", "passw", "key",
                                                             "sig",   "auth",   "cred",  "session"};
    std::string lowered(parameter);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return std::any_of(k_words.begin(), k_words.end(),
                       [&](auto word) { return lowered.find(word) != std::string::npos; });
}

std::string public_query(std::string_view query) {
    auto parameters = split(query, '&');
    for (auto& parameter : parameters) {
        const auto equals = parameter.find('=');
        if (equals != std::string::npos && names_a_secret(parameter.substr(0, equals)))
            parameter = parameter.substr(0, equals + 1) + "REDACTED";
    }
    return join(parameters, "&");
}

}  // namespace

UrlParts split_url(std::string_view url) {
    UrlParts parts;
    url = url.substr(0, url.find('#'));
    if (const auto question = url.find('?'); question != std::string_view::npos) {
        parts.query = url.substr(question + 1);
        url = url.substr(0, question);
    }
    const auto colon = url.find("://");
    if (colon == std::string_view::npos) {
        parts.path = url;
        return parts;
    }
    parts.scheme = url.substr(0, colon);
    auto authority = url.substr(colon + 3);
    if (const auto slash = authority.find('/'); slash != std::string_view::npos) {
        parts.path = authority.substr(slash);
        authority = authority.substr(0, slash);
    }
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        parts.user = authority.substr(0, at);
        authority.remove_prefix(at + 1);
    }
    const auto port = authority.rfind(':');
    const bool has_port = port != std::string_view::npos && authority.find(']', port) == std::string_view::npos;
    parts.host = authority.substr(0, has_port ? port : authority.size());
    if (has_port) parts.port = authority.substr(port + 1);
    return parts;
}

std::string without_secrets(std::string_view url) {
    const auto clean = clean_text(url);  // first: an escape sequence must not hide where the authority begins
    const auto parts = split_url(clean);
    std::string text;
    if (!parts.scheme.empty()) {
        text.append(parts.scheme).append("://");
        if (!parts.user.empty() && parts.scheme.ends_with("ssh"))
            text.append(parts.user.substr(0, parts.user.find(':'))).append("@");
        text.append(parts.host);
        if (!parts.port.empty()) text.append(":").append(parts.port);
    }
    text.append(parts.path);
    if (!parts.query.empty()) text.append("?").append(public_query(parts.query));
    return text;
}

std::string percent_encoded(std::string_view segment) {
    constexpr std::string_view k_hex = "0123456789ABCDEF";
    std::string text;
    for (const char c : segment) {
        const auto byte = static_cast<unsigned char>(c);
        if (k_alnum.find(c) != std::string_view::npos || c == '-' || c == '.' || c == '_' || c == '~')
            text += c;
        else
            text.append("%").append(1, k_hex[byte >> 4U]).append(1, k_hex[byte & 0xFU]);
    }
    return text;
}

bool is_host_name(std::string_view host) {
    if (host.empty() || host.size() > 253 || host.front() == '.' || host.front() == '-') return false;
    return std::all_of(host.begin(), host.end(),
                       [](char c) { return k_alnum.find(c) != std::string_view::npos || c == '.' || c == '-'; });
}

std::string forge_host(const FlakeRef& ref) {
    if (!ref.host.empty()) return ref.host;
    if (ref.type == "gitlab") return "gitlab.com";
    if (ref.type == "sourcehut") return "git.sr.ht";
    return "github.com";
}

}  // namespace lockstep
