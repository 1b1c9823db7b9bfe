// SPDX-License-Identifier: MIT
// Addresses as text. A parser that disagrees with the one in libcurl would send a token to the wrong host, so whatever
// is unusual is refused.
#include "adapters/forge/url.hpp"

#include <algorithm>
#include <cctype>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::forge {

namespace {

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_next(std::string_view parameters) {
    for (const auto& parameter : split(parameters, ';')) {
        const auto equals = parameter.find('=');
        if (equals == std::string::npos || lower(trim(parameter.substr(0, equals))) != "rel") continue;
        for (const auto& relation : words(replace_all(lower(parameter.substr(equals + 1)), "\"", " ")))
            if (relation == "next") return true;
    }
    return false;
}

/// The target whose relation is "next" in one Link header.
std::string next_link(std::string_view header) {
    for (;;) {
        const auto open = header.find('<');
        const auto close = header.find('>', open == std::string_view::npos ? 0 : open);
        if (open == std::string_view::npos || close == std::string_view::npos) return "";
        const auto target = header.substr(open + 1, close - open - 1);
        const auto end = std::min(header.find('<', close), header.size());
        const auto parameters = header.substr(close + 1, end - close - 1);
        if (is_next(parameters.substr(0, parameters.rfind(',')))) return std::string(target);
        header.remove_prefix(end);
    }
}

}  // namespace

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return result;
}

std::string_view without_trailing_slashes(std::string_view text) {
    while (!text.empty() && text.back() == '/') text.remove_suffix(1);
    return text;
}

std::optional<Url> split_url(std::string_view text) {
    const auto strange = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; };
    const auto mark = text.find("://");
    if (mark == std::string_view::npos || mark == 0 || std::any_of(text.begin(), text.end(), strange)) return {};
    Url url;
    url.scheme = lower(text.substr(0, mark));
    text.remove_prefix(mark + 3);
    const auto path = std::min(text.find_first_of("/?#"), text.size());
    auto authority = text.substr(0, path);
    url.path = std::string(text.substr(path));
    if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
        url.userinfo = std::string(authority.substr(0, at));
        authority.remove_prefix(at + 1);
    }
    const auto bracket = authority.find(']');
    const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
    url.host = lower(authority.substr(0, colon));
    if (colon != std::string_view::npos) url.port = std::string(authority.substr(colon + 1));
    if (url.host.empty() || !std::all_of(url.port.begin(), url.port.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return {};
    return url;
}

std::string origin(const Url& url) {
    const bool standard = url.port.empty() || (url.scheme == "https" && url.port == "443") ||
                          (url.scheme == "http" && url.port == "80") || (url.scheme == "ssh" && url.port == "22");
    return url.scheme + "://" + url.host + (standard ? "" : ":" + url.port);
}

std::string encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        if (is_unreserved(c)) {
            result += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            result += '%';
            result += digits[byte >> 4U];
            result += digits[byte & 15U];
        }
    }
    return result;
}

std::string decode(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
        if (low >= 0) {
            result += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

Result<std::string> next_page(const HttpResponse& response, std::string_view api) {
    std::string link;
    for (const auto& [name, value] : response.headers)
        if (name == "link" && link.empty()) link = next_link(value);
    if (link.empty()) return std::string();
    const auto home = split_url(api);
    if (home && link.front() == '/' && link.substr(0, 2) != "//") link = origin(*home) + link;
    const auto target = split_url(link);
    if (home && target && target->userinfo.empty() && origin(*target) == origin(*home)) return link;
    return Error{ErrorKind::infrastructure, "the forge's list continues at another address",
                 "the next page is said to be at " + clean_line(target ? origin(*target) : link, 200) +
                     ", but the forge is configured as " + (home ? origin(*home) : std::string(api)) +
                     "; the token is not sent there",
                 "set forge.url (--forge-url) to the address that the forge uses for itself"};
}

}  // namespace lockstep::forge
