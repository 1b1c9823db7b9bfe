// SPDX-License-Identifier: MIT
// Shell-style patterns over names, by characters rather than bytes, and the nearest known word for hints.
#include "lockstep/core/target.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

namespace lockstep {

namespace {

/// Characters of UTF-8 text; a byte that belongs to none stands for itself, outside of Unicode.
std::u32string characters(std::string_view text) {
    std::u32string result;
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0xC2 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 1;
        const auto tail = text.substr(at + 1, length - 1);
        const bool whole = tail.size() == length - 1 && std::all_of(tail.begin(), tail.end(), [](char c) {
                               return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
                           });
        if (lead < 0x80)
            result += static_cast<char32_t>(lead);
        else if (length == 1 || !whole)
            result += char32_t{0x110000} + lead;
        else {
            char32_t code = lead & (0x7FU >> length);
            for (const char c : tail) code = (code << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
            result += code;
        }
        at += length == 1 || !whole ? 1 : length;
    }
    return result;
}

/// The position behind the bracket expression that begins at `at`, or nothing when it never closes.
std::optional<std::size_t> class_end(const std::u32string& pattern, std::size_t at) {
    std::size_t i = at + 1;
    if (i < pattern.size() && pattern[i] == '!') ++i;
    for (bool first = true; i < pattern.size(); ++i, first = false) {
        if (pattern[i] == ']' && !first) return i + 1;
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
    }
    return std::nullopt;
}

bool class_holds(const std::u32string& pattern, std::size_t at, std::size_t end, char32_t wanted) {
    std::size_t i = at + 1;
    const bool negated = pattern[i] == '!';
    if (negated) ++i;
    bool found = false;
    const auto literal = [&] {
        if (pattern[i] == '\\' && i + 2 < end) ++i;
        return pattern[i++];
    };
    while (i + 1 < end) {
        const char32_t low = literal();
        char32_t high = low;
        if (i + 2 < end && pattern[i] == '-') {
            ++i;
            high = literal();
        }
        found = found || (low <= wanted && wanted <= high);
    }
    return found != negated;
}

/// Matches one character of text against the pattern element at `at`; gives the position behind the element.
std::optional<std::size_t> match_one(const std::u32string& pattern, std::size_t at, char32_t c) {
    if (pattern[at] == '?') return at + 1;
    if (pattern[at] == '[') {
        if (const auto end = class_end(pattern, at)) return class_holds(pattern, at, *end, c) ? end : std::nullopt;
    }
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    return pattern[at] == c ? std::optional(at + 1) : std::nullopt;
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Insertions, deletions, replacements and swaps of neighbours; case does not count.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::array<std::vector<std::size_t>, 3> rows;
    for (auto& row : rows) row.resize(b.size() + 1);
    std::iota(rows[0].begin(), rows[0].end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& row = rows[i % 3];
        const auto& above = rows[(i + 2) % 3];
        const auto& two_above = rows[(i + 1) % 3];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
            const bool swapped =
                i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
        }
    }
    return rows[a.size() % 3][b.size()];
}

}  // namespace

bool glob_match(std::string_view pattern_text, std::string_view text) {
    const auto pattern = characters(pattern_text), name = characters(text);
    std::size_t p = 0, n = 0;
    std::optional<std::size_t> star;  // position behind the last `*`, which so far took the text up to `star_name`
    std::size_t star_name = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = ++p;
            star_name = n;
            continue;
        }
        if (p < pattern.size()) {
            if (const auto next = match_one(pattern, p, name[n])) {
                p = *next;
                ++n;
                continue;
            }
        }
        if (!star) return false;
        p = *star;
        n = ++star_name;
    }
    return pattern.find_first_not_of(U'*', p) == std::u32string::npos;
}

std::string nearest(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t k_longest = 200;
    if (word.empty() || word.size() > k_longest) return {};
    const std::string* best = nullptr;
    std::size_t best_distance = 0;
    for (const auto& candidate : known) {
        const auto longer = std::max(word.size(), candidate.size());
        if (candidate.empty() || longer > k_longest) continue;
        const auto distance = edit_distance(word, candidate);
        const bool near = distance <= (longer + 2) / 3 && distance < longer;
        if (near && (best == nullptr || distance < best_distance)) {
            best = &candidate;
            best_distance = distance;
        }
    }
    return best == nullptr ? std::string() : *best;
}

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
    return std::any_of(globs.begin(), globs.end(),
                       [&](const std::string& glob) { return glob == text || glob_match(glob, text); });
}

}  // namespace lockstep
