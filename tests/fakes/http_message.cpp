// SPDX-License-Identifier: MIT
// Reading of addresses and headers, independent of the code under test.
#include "fakes/http_message.hpp"

#include <algorithm>
#include <cctype>

namespace lockstep::fakes {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string Call::header(std::string_view lower_name) const {
    for (const auto& [name, value] : headers)
        if (name == lower_name) return value;
    return "";
}

std::vector<std::string> Call::headers_named(std::string_view lower_name) const {
    std::vector<std::string> result;
    for (const auto& [name, value] : headers)
        if (name == lower_name) result.push_back(value);
    return result;
}

std::optional<std::string> Call::parameter(std::string_view name) const {
    for (const auto& [key, value] : query)
        if (key == name) return value;
    return std::nullopt;
}

void Reply::set_header(const std::string& name, const std::string& value) {
    const auto wanted = lower_case(name);
    headers.erase(std::remove_if(headers.begin(), headers.end(),
                                 [&](const auto& entry) { return lower_case(entry.first) == wanted; }),
                  headers.end());
    headers.emplace_back(name, value);
}

std::string percent_decode(std::string_view text) {
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

std::string percent_encode(std::string_view text) {
    constexpr std::string_view k_digits = "0123456789ABCDEF";
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
            result += c;
        } else {
            result += '%';
            result += k_digits[byte >> 4U];
            result += k_digits[byte & 15U];
        }
    }
    return result;
}

Pairs parse_query(std::string_view raw) {
    Pairs result;
    while (!raw.empty()) {
        const auto entry = raw.substr(0, raw.find('&'));
        raw.remove_prefix(std::min(raw.size(), entry.size() + 1));
        if (entry.empty()) continue;
        const auto equals = entry.find('=');
        std::string value(equals == std::string_view::npos ? std::string_view() : entry.substr(equals + 1));
        std::replace(value.begin(), value.end(), '+', ' ');
        result.emplace_back(percent_decode(entry.substr(0, equals)), percent_decode(value));
    }
    return result;
}

std::vector<std::string> path_segments(std::string_view path) {
    std::vector<std::string> result;
    while (!path.empty()) {
        const auto segment = path.substr(0, path.find('/'));
        path.remove_prefix(std::min(path.size(), segment.size() + 1));
        if (!segment.empty()) result.emplace_back(segment);
    }
    return result;
}

std::string base64_decode(std::string_view text) {
    constexpr std::string_view k_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    unsigned bits = 0;
    int count = 0;
    for (const char c : text) {
        const auto digit = k_digits.find(c);
        if (digit == std::string_view::npos) break;
        bits = (bits << 6U) | static_cast<unsigned>(digit);
        count += 6;
        if (count >= 8) {
            count -= 8;
            result += static_cast<char>((bits >> static_cast<unsigned>(count)) & 0xFFU);
        }
    }
    return result;
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

std::optional<std::pair<std::string, std::string>> basic_credentials(std::string_view authorization) {
    if (lower_case(std::string(authorization.substr(0, 6))) != "basic ") return std::nullopt;
    const auto decoded = base64_decode(authorization.substr(6));
    const auto colon = decoded.find(':');
    if (colon == std::string::npos) return std::nullopt;
    return std::pair(decoded.substr(0, colon), decoded.substr(colon + 1));
}

}  // namespace lockstep::fakes
