// SPDX-License-Identifier: MIT
// The hidden marks by which a later run recognises what an earlier one wrote.
#include "core/pull_text_marks.hpp"

#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_open = "<!-- ";
constexpr std::string_view k_close = " -->";
constexpr std::string_view k_pull_tag = "lockstep:pull/1";
constexpr std::size_t k_max_line = 4096;
constexpr std::string_view k_digits = "0123456789ABCDEF";

bool is_plain(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
           c == '/' || c == ':';
}

std::string encode(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (is_plain(c)) {
            text += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        text += '%';
        text += k_digits[byte >> 4U];
        text += k_digits[byte & 0xFU];
    }
    return text;
}

std::optional<std::string> decode(std::string_view text) {
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            value += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const auto high = k_digits.find(text[i + 1]), low = k_digits.find(text[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        value += static_cast<char>(high * 16 + low);
        i += 2;
    }
    // One spelling for each value: what we would not write ourselves was not written by us.
    if (encode(value) != text) return std::nullopt;
    return value;
}

}  // namespace

std::string write_mark(std::string_view tag, const MarkFields& fields) {
    std::string line(k_open);
    line += tag;
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += key;
        line += '=';
        line += encode(value);
    }
    line += k_close;
    return line;
}

std::optional<std::vector<std::string>> read_mark(std::string_view line, std::string_view tag,
                                                  const std::vector<std::string_view>& keys) {
    if (line.size() > k_max_line || !line.starts_with(k_open) || !line.ends_with(k_close)) return std::nullopt;
    if (line.size() < k_open.size() + k_close.size()) return std::nullopt;
    const auto inner = line.substr(k_open.size(), line.size() - k_open.size() - k_close.size());
    const auto parts = split(inner, ' ');
    if (parts.size() != keys.size() + 1 || parts.front() != tag) return std::nullopt;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::string_view part = parts[i + 1];
        if (!part.starts_with(keys[i]) || part.substr(keys[i].size(), 1) != "=") return std::nullopt;
        auto value = decode(part.substr(keys[i].size() + 1));
        if (!value) return std::nullopt;
        values.push_back(std::move(*value));
    }
    return values;
}

std::string marker_comment(const PullMarker& marker) {
    return write_mark(k_pull_tag,
                      {{"base", marker.base}, {"flake", marker.flake}, {"head", marker.head}, {"run", marker.run}});
}

std::optional<PullMarker> find_marker(std::string_view body) {
    for (const auto& line : lines_of(body)) {
        auto values = read_mark(line, k_pull_tag, {"base", "flake", "head", "run"});
        if (!values) continue;
        auto& v = *values;
        return PullMarker{std::move(v[0]), std::move(v[1]), std::move(v[2]), std::move(v[3])};
    }
    return std::nullopt;
}

}  // namespace lockstep
