// SPDX-License-Identifier: MIT
// File names for foreign text: readable where that is safe, never able to leave a directory or to meet another's file.
#include "lockstep/core/sanitize.hpp"

#include <algorithm>

namespace lockstep {

namespace {

constexpr std::size_t k_max_bytes = 80;
constexpr std::size_t k_hash_digits = 8;

bool is_lower_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

std::string lowered(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
    return result;
}

/// Names that some systems take for a device, whatever follows the first dot.
bool is_device(std::string_view name) {
    const auto stem = lowered(name.substr(0, name.find('.')));
    if (stem == "con" || stem == "prn" || stem == "aux" || stem == "nul") return true;
    return stem.size() == 4 && (stem.starts_with("com") || stem.starts_with("lpt")) && stem[3] >= '0' && stem[3] <= '9';
}

/// Ends like a name that file_slug makes, so taking it as it is could meet such a name.
bool looks_hashed(std::string_view name) {
    if (name.size() <= k_hash_digits) return false;
    const auto tail = name.substr(name.size() - k_hash_digits);
    return name[name.size() - k_hash_digits - 1] == '-' && std::all_of(tail.begin(), tail.end(), is_hex);
}

std::string readable(std::string_view text) {
    std::string slug;
    for (const char c : text) {
        const bool kept = is_lower_or_digit(c) || is_upper(c) || c == '.' || c == '_' || c == '-';
        const char next = kept ? c : '_';
        if (slug.empty() && (next == '.' || next == '-' || next == '_')) continue;
        if (!slug.empty() && next == slug.back() && (next == '.' || next == '_')) continue;
        slug += next;
    }
    if (slug.empty()) slug = "unnamed";
    return is_device(slug) ? "_" + slug : slug;
}

std::string hash_digits(std::string_view text) {
    constexpr std::string_view k_digits = "0123456789abcdef";
    const auto hash = stable_hash(text);
    auto folded = static_cast<std::uint32_t>(hash ^ (hash >> 32U));
    std::string digits(k_hash_digits, '0');
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, folded >>= 4U) *digit = k_digits[folded & 0xFU];
    return digits;
}

}  // namespace

std::string file_slug(std::string_view text) {
    auto slug = readable(text);
    const bool has_capitals = std::any_of(slug.begin(), slug.end(), is_upper);
    const bool as_it_is = slug == text && slug.size() <= k_max_bytes && slug.back() != '.';
    if (as_it_is && !has_capitals && !looks_hashed(slug)) return slug;
    slug.resize(std::min(slug.size(), k_max_bytes - k_hash_digits - 1));
    return slug + "-" + hash_digits(text);
}

std::uint64_t stable_hash(std::string_view text) {
    std::uint64_t hash = 0xCBF29CE484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001B3ULL;
    }
    return hash;
}

}  // namespace lockstep
