// SPDX-License-Identifier: MIT
// Reading and showing typed values. Quoted YAML scalars are texts, so they are refused where a number or boolean
// belongs.
#include "core/config_keys_types.hpp"

#include <fmt/format.h>

#include <charconv>

#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::keys {

namespace {

Complaint expect_scalar(const RawValue& raw, std::string_view expected) {
    if (raw.shape == RawValue::Shape::scalar) return std::nullopt;
    return fmt::format("expects {}, not a {}", expected, raw.shape == RawValue::Shape::list ? "list" : "mapping");
}

bool looks_typed(std::string_view text) {
    for (const std::string_view word : {"true", "false", "yes", "no", "on", "off", "null", "~", "y", "n"})
        if (text == word) return true;
    return text.find_first_not_of("0123456789+-._eExX:") == std::string_view::npos;
}

bool is_plain(std::string_view text) {
    constexpr std::string_view k_start = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.+";
    if (text.empty() || k_start.find(text.front()) == std::string_view::npos || looks_typed(text)) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (k_start.find(c) != std::string_view::npos || c == '-' || c == '%' || c == '@' || c == '=') continue;
        if (c == '*' && i > 0) continue;
        if (c == ' ' && i + 1 < text.size() && text[i + 1] != '#') continue;
        if (c == ':' && i + 1 < text.size() && text[i + 1] != ' ') continue;
        return false;
    }
    return true;
}

}  // namespace

Complaint read(const RawValue& raw, std::string& into) {
    if (auto complaint = expect_scalar(raw, "a text")) return complaint;
    into = raw.scalar;
    return std::nullopt;
}

Complaint read(const RawValue& raw, bool& into) {
    constexpr std::string_view k_expected = "true or false";
    if (auto complaint = expect_scalar(raw, k_expected)) return complaint;
    const std::string& word = raw.scalar;
    const bool yes = word == "true" || word == "yes" || word == "on";
    const bool no = word == "false" || word == "no" || word == "off";
    if (raw.quoted || (!yes && !no))
        return fmt::format("expects {}{}", k_expected, raw.quoted ? " without quotes" : "");
    into = yes;
    return std::nullopt;
}

Complaint read(const RawValue& raw, std::int64_t least, std::int64_t most, int& into) {
    const auto expected = fmt::format("a whole number from {} to {}", least, most);
    if (auto complaint = expect_scalar(raw, expected)) return complaint;
    std::int64_t value = 0;
    const char* end = raw.scalar.data() + raw.scalar.size();
    const auto [at, code] = std::from_chars(raw.scalar.data(), end, value);
    if (raw.quoted) return fmt::format("expects {} without quotes", expected);
    if (raw.scalar.empty() || code != std::errc() || at != end || value < least || value > most)
        return fmt::format("expects {}", expected);
    into = static_cast<int>(value);
    return std::nullopt;
}

Complaint read(const RawValue& raw, std::chrono::milliseconds& into) {
    constexpr std::string_view k_expected = "a duration with a unit, such as 90s, 10m or 1h30m";
    if (auto complaint = expect_scalar(raw, k_expected)) return complaint;
    const auto value = parse_duration(raw.scalar);
    if (!value) return fmt::format("expects {}", k_expected);
    if (value->count() < 1 || *value > std::chrono::days(30)) return "expects a duration from 1ms to 30d";
    into = *value;
    return std::nullopt;
}

Complaint read(const RawValue& raw, std::uint64_t least, std::uint64_t most, std::uint64_t& into) {
    constexpr std::string_view k_expected = "a size with a unit, such as 64MiB, 512KiB or 10MB";
    if (auto complaint = expect_scalar(raw, k_expected)) return complaint;
    const auto value = parse_size(raw.scalar);
    if (!value) return fmt::format("expects {}", k_expected);
    if (*value < least || *value > most)
        return fmt::format("expects a size from {} to {}", format_size(least), format_size(most));
    into = *value;
    return std::nullopt;
}

Complaint read(const RawValue& raw, std::vector<std::string>& into) {
    if (raw.shape != RawValue::Shape::list) return "expects a list, such as [one, two]";
    into = raw.list;
    return std::nullopt;
}

Complaint read(const RawValue& raw, std::vector<std::pair<std::string, std::string>>& into) {
    if (raw.shape != RawValue::Shape::map) return "expects a mapping of names to values";
    into = raw.map;
    return std::nullopt;
}

std::string show(const std::string& value) {
    if (is_plain(value)) return value;
    std::string quoted = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') quoted += '\\';
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
        } else {
            quoted += c;
        }
    }
    return quoted + "\"";
}

std::string show(const std::vector<std::string>& value) {
    std::vector<std::string> parts;
    for (const auto& entry : value) parts.push_back(show(entry));
    return "[" + join(parts, ", ") + "]";
}

std::string show(const std::map<std::string, std::string>& value) {
    std::vector<std::string> parts;
    for (const auto& [name, text] : value) parts.push_back(show(name) + ": " + show(text));
    return "{" + join(parts, ", ") + "}";
}

}  // namespace lockstep::keys
