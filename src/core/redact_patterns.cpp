// SPDX-License-Identifier: MIT
// The tables, and the close look at a place.
#include "core/redact_patterns.hpp"

#include <algorithm>
#include <cstring>

#include "core/redact_forms.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_window = 4;
constexpr std::size_t k_token_body = 10;   // so many characters after a known prefix make a token
constexpr std::size_t k_user_info = 1024;  // "user:password" in addresses

constexpr std::string_view k_prefixes[] = {"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-"};
constexpr std::string_view k_header = "authorization";
constexpr std::string_view k_schemes[] = {"basic", "bearer", "token"};

std::uint8_t byte(char c) {
    return static_cast<std::uint8_t>(c);
}

/// Four bytes as one number; fewer are filled up with zero.
std::uint32_t number(std::string_view bytes) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), std::min(bytes.size(), sizeof value));
    return value;
}

std::uint32_t load(const char* bytes) {
    return number({bytes, sizeof(std::uint32_t)});
}

/// Of a window, the first three bytes.
const std::uint32_t k_block_mask = number("\xff\xff\xff");

constexpr unsigned k_hash_shift = 32 - RedactionPatterns::Table::k_hash_bits;

/// Of a window or of a block.
std::size_t hash(std::uint32_t bytes) {
    return bytes * 0x9E3779B1U >> k_hash_shift;
}

constexpr std::uint8_t k_first = 1, k_second = 2;  // where in a window a block may stand

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool alnum(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

bool token_char(char c) {
    return alnum(c) || c == '_' || c == '-';
}

bool credential_char(char c) {
    return token_char(c) || c == '+' || c == '/' || c == '=' || c == '.' || c == '~';
}

std::size_t most_breaks(std::size_t length) {
    return 1 + length / 32;
}

using Match = RedactionPatterns::Table::Match;
using Tail = RedactionPatterns::Tail;

/// The literal, with line breaks allowed inside.
Match match_literal(std::string_view text, std::size_t at, std::string_view literal) {
    std::size_t i = at, breaks = 0;
    for (std::size_t k = 0; k < literal.size(); ++k, ++i) {
        if (i >= text.size()) return {.unknown = true};
        if (text[i] == literal[k]) continue;
        if (k == 0 || ++breaks > most_breaks(literal.size())) return {};
        if (text[i] == '\r' && ++i >= text.size()) return {.unknown = true};
        if (text[i] != '\n') return {};
        if (++i >= text.size()) return {.unknown = true};
        if (text[i] != literal[k]) return {};
    }
    return {.length = i - at};
}

Match match_prefix(std::string_view text, std::size_t at, std::string_view prefix) {
    for (std::size_t i = 0; i < prefix.size() + k_token_body; ++i) {
        if (at + i >= text.size()) return {.unknown = true};
        const char c = text[at + i];
        if (i < prefix.size() ? c != prefix[i] : !token_char(c)) return {};
    }
    return {.length = prefix.size() + k_token_body, .tail = Tail::token};
}

/// "s://user:password@": all between the slashes and the last @ before the path.
Match match_address(std::string_view text, std::size_t at) {
    const auto start = at + k_window;
    constexpr std::string_view k_ends = "/?#\"'<>\\`|{}^";
    std::size_t colon = 0, last_at = 0, i = start;
    for (; i < start + k_user_info; ++i) {
        if (i >= text.size()) return {.unknown = true, .length = last_at, .ahead = colon};
        const char c = text[i];
        if (byte(c) <= ' ' || byte(c) == 0x7f || k_ends.find(c) != std::string_view::npos) break;
        if (c == ':' && colon == 0) colon = i;
        if (c == '@') last_at = i;
    }
    return {.length = last_at, .ahead = colon};  // places; judged by the caller
}

Match judged_address(std::string_view text, std::size_t at, bool final) {
    const auto found = match_address(text, at);
    if (found.unknown && !final) return {.unknown = true};
    const auto start = at + k_window, colon = found.ahead, end = found.length;
    if (colon == 0 || end <= colon + 1) return {};
    // What was redacted before stays as it is, or a second pass would take more than the first.
    if (text.substr(start, end - start).find(k_redacted) != std::string_view::npos) return {};
    return {.length = end - start, .ahead = k_window};
}

/// "Authorization: Basic x", whatever quotes and blanks a program puts in between.
Match match_header(std::string_view text, std::size_t at) {
    std::size_t i = at;
    for (const char c : k_header) {
        if (i >= text.size()) return {.unknown = true};
        if (lower(text[i++]) != c) return {};
    }
    const auto skip = [&](std::string_view some) {
        const auto from = i;
        while (i < text.size() && i < from + 8 && some.find(text[i]) != std::string_view::npos) ++i;
        return i > from;
    };
    if (!skip(" \t:=\"'\\,[") && i < text.size()) return {};
    std::string scheme;
    while (i < text.size() && scheme.size() < 8 && alnum(text[i])) scheme += lower(text[i++]);
    if (i >= text.size()) return {.unknown = true};
    if (std::find(std::begin(k_schemes), std::end(k_schemes), scheme) == std::end(k_schemes)) return {};
    if (!skip(" \t") && i < text.size()) return {};
    if (i >= text.size()) return {.unknown = true};
    if (!credential_char(text[i])) return {};
    return {.length = 1, .ahead = i - at, .tail = Tail::credentials};
}

}  // namespace

bool continues(Tail tail, char c) {
    return tail == Tail::credentials ? credential_char(c) : tail == Tail::token && token_char(c);
}

RedactionPatterns::Table::Table(std::vector<std::string> literals) : literals_(std::move(literals)) {
    longest = k_window + k_user_info;
    for (std::size_t i = 0; i < literals_.size(); ++i) add_literal(i);
    add_fixed();
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.window < b.window; });
    std::sort(begins_three_.begin(), begins_three_.end());
}

void RedactionPatterns::Table::add(std::string_view window, Kind kind, std::size_t index) {
    window = window.substr(0, k_window);
    entries_.push_back({number(window), static_cast<std::uint32_t>(index), kind});
    windows_.set(hash(number(window)));  // throws where the table is too small
    blocks_[hash(number(window.substr(0, 3)))] |= k_first;
    blocks_[hash(number(window.substr(1, 3)))] |= k_second;
    begins_one_.set(number(window.substr(0, 1)));
    begins_two_.set(number(window.substr(0, 2)));
    begins_three_.push_back(number(window.substr(0, 3)));
}

void RedactionPatterns::Table::add_literal(std::size_t index) {
    const std::string& text = literals_[index];
    longest = std::max(longest, text.size() + 2 * most_breaks(text.size()));
    add(text, Kind::literal, index);
    for (std::size_t cut = 1; cut < k_window; ++cut)
        for (const std::string_view line_end : {"\n", "\r\n"})
            add(text.substr(0, cut) + std::string(line_end) + text.substr(cut, k_window), Kind::literal, index);
}

void RedactionPatterns::Table::add_fixed() {
    for (std::size_t i = 0; i < std::size(k_prefixes); ++i) add(k_prefixes[i], Kind::prefix, i);
    for (int c = 0; c < 128; ++c)
        if (alnum(static_cast<char>(c))) add(std::string(1, static_cast<char>(c)) + "://", Kind::address, 0);
    for (const std::string_view form : {"auth", "Auth", "AUTH"}) add(form, Kind::header, 0);
}

std::size_t RedactionPatterns::Table::candidate(std::string_view text, std::size_t from) const {
    // Of any match, the block of three bytes at its first or at its second byte is looked at.
    const auto block = [&](std::size_t at) { return blocks_[hash(load(text.data() + at) & k_block_mask)]; };
    const auto fits = [&](std::size_t at) { return windows_[hash(load(text.data() + at))] != 0; };
    std::size_t at = from;
    while (at + k_window <= text.size()) {
        if (at + 18 <= text.size()) {
            unsigned any = 0;
            for (std::size_t i = 0; i < 16; i += 2) any |= block(at + i);
            if (any == 0) {
                at += 16;
                continue;
            }
        }
        for (const auto end = at + 16; at < end && at + k_window <= text.size(); at += 2) {
            const auto found = block(at);
            if (found == 0) continue;
            if ((found & k_second) != 0 && at > from && fits(at - 1)) return at - 1;
            if ((found & k_first) != 0 && fits(at)) return at;
        }
    }
    // Less than a window is left: it may be the beginning of something.
    for (at = std::max(from, at - std::min<std::size_t>(at, 1)); at < text.size(); ++at) {
        const auto rest = text.substr(at);
        if (rest.size() >= k_window && fits(at)) return at;
        if (rest.size() == 1 && begins_one_[number(rest)]) return at;
        if (rest.size() == 2 && begins_two_[number(rest)]) return at;
        if (rest.size() == 3 && std::binary_search(begins_three_.begin(), begins_three_.end(), number(rest))) return at;
    }
    return text.size();
}

void RedactionPatterns::Table::match(std::string_view text, std::size_t at, bool final, Match& literal,
                                     Match& other) const {
    if (text.size() - at < k_window) {
        literal.unknown = !final && candidate(text.substr(at), 0) == 0;
        return;
    }
    const auto window = number(text.substr(at, k_window));
    auto entry = std::lower_bound(entries_.begin(), entries_.end(), window,
                                  [](const Entry& e, std::uint32_t wanted) { return e.window < wanted; });
    for (; entry != entries_.end() && entry->window == window; ++entry) {
        Match found;
        if (entry->kind == Kind::literal) found = match_literal(text, at, literals_[entry->index]);
        if (entry->kind == Kind::prefix) found = match_prefix(text, at, k_prefixes[entry->index]);
        if (entry->kind == Kind::address) found = judged_address(text, at, final);
        if (entry->kind == Kind::header) found = match_header(text, at);
        auto& best = entry->kind == Kind::literal ? literal : other;
        best.unknown = best.unknown || (found.unknown && !final);
        if (!found.unknown && found.length > best.length) {
            const bool unknown = best.unknown;
            best = found;
            best.unknown = unknown;
        }
    }
}

RedactionPatterns::RedactionPatterns(const std::vector<std::string>& secrets) {
    std::vector<std::string> literals;
    for (const auto& secret : secrets) {
        // The line end of a file is not part of a secret.
        const std::string whole(trim(secret));
        if (whole.size() < k_shortest) {
            ignored_.push_back("a secret of " + plural(whole.size(), "byte") + " is too short to be looked for");
            continue;
        }
        for (auto& form : forms_of(whole, k_shortest)) literals.push_back(std::move(form));
    }
    std::sort(literals.begin(), literals.end());
    literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
    table_ = std::make_unique<Table>(std::move(literals));
}

RedactionPatterns::~RedactionPatterns() = default;

std::size_t RedactionPatterns::longest() const {
    return table_->longest;
}

}  // namespace lockstep
