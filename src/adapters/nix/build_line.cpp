// SPDX-License-Identifier: MIT
// Records of build output without a JSON document: there are millions of them, all of one shape. Whatever deviates from
// it is left to the JSON library, so that both always agree.
#include <algorithm>
#include <charconv>
#include <cstdint>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

namespace {

constexpr std::size_t k_block = 32;

unsigned char is_special(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return static_cast<unsigned char>((byte < 0x20) | (byte > 0x7e) | (byte == '\\') | (byte == '"'));
}

/// Whole blocks at the beginning whose characters all stand for themselves (printable ASCII), in characters.
std::size_t plain_blocks(std::string_view text) {
    std::size_t at = 0;
    for (; at + k_block <= text.size(); at += k_block) {
        unsigned char special = 0;
        for (std::size_t i = 0; i < k_block; ++i)  // of fixed length, without branches: compilers make vectors of it
            special = static_cast<unsigned char>(special | is_special(text[at + i]));
        if (special != 0) break;
    }
    return at;
}

std::size_t plain_prefix(std::string_view text) {
    std::size_t at = plain_blocks(text);
    while (at < text.size() && is_special(text[at]) == 0) ++at;
    return at;
}

void append_code_point(std::string& into, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { into.push_back(static_cast<char>(value)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xc0 | code >> 6U);
    } else if (code < 0x10000) {
        byte(0xe0 | code >> 12U);
        byte(0x80 | (code >> 6U & 0x3fU));
    } else {
        byte(0xf0 | code >> 18U);
        byte(0x80 | (code >> 12U & 0x3fU));
        byte(0x80 | (code >> 6U & 0x3fU));
    }
    byte(0x80 | (code & 0x3fU));
}

/// Takes "\uXXXX" from the front.
std::optional<std::uint32_t> take_unit(std::string_view& text) {
    if (text.size() < 6 || text[0] != '\\' || text[1] != 'u') return std::nullopt;
    std::uint32_t unit = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    if (error != std::errc{} || end != text.data() + 6) return std::nullopt;
    text.remove_prefix(6);
    return unit;
}

bool take_unicode(std::string& into, std::string_view& text) {
    const auto first = take_unit(text);
    if (!first) return false;
    if (*first < 0xd800 || *first > 0xdfff) {
        append_code_point(into, *first);
        return true;
    }
    const auto second = *first < 0xdc00 ? take_unit(text) : std::nullopt;
    if (!second || *second < 0xdc00 || *second > 0xdfff) return false;
    append_code_point(into, 0x10000 + ((*first - 0xd800) << 10U) + (*second - 0xdc00));
    return true;
}

/// Takes an escape, which begins with a backslash, from the front.
bool take_escape(std::string& into, std::string_view& text) {
    constexpr std::string_view k_letters = "\"\\/bfnrt", k_meanings = "\"\\/\b\f\n\r\t";
    if (text.size() < 2) return false;
    if (text[1] == 'u') return take_unicode(into, text);
    const auto letter = k_letters.find(text[1]);
    if (letter == std::string_view::npos) return false;
    into.push_back(k_meanings[letter]);
    text.remove_prefix(2);
    return true;
}

/// Takes one character of well-formed UTF-8 (or DEL) from the front.
bool take_character(std::string& into, std::string_view& text) {
    const auto byte = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned lead = byte(0);
    std::size_t size = 0;
    if (lead == 0x7f)
        size = 1;
    else if (lead >= 0xc2 && lead <= 0xdf && follows(1))
        size = 2;
    else if (lead >= 0xe0 && lead <= 0xef && follows(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) &&
             follows(2))
        size = 3;
    else if (lead >= 0xf0 && lead <= 0xf4 && follows(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) &&
             follows(2) && follows(3))
        size = 4;
    else
        return false;
    into.append(text.substr(0, size));
    text.remove_prefix(size);
    return true;
}

}  // namespace

std::optional<BuildLine> scan_build_line(std::string_view line) {
    constexpr std::string_view k_head = R"(@nix {"action":"result","fields":[")";
    constexpr std::string_view k_middle = R"("],"id":)";
    constexpr std::string_view k_tail = R"(,"type":101})";
    constexpr std::size_t k_digits = 20;
    if (!line.starts_with(k_head) || !line.ends_with(k_tail)) return std::nullopt;
    line.remove_prefix(k_head.size());
    line.remove_suffix(std::min(line.size(), k_tail.size()));
    std::size_t digits = 0;
    while (digits < line.size() && digits < k_digits && line[line.size() - 1 - digits] >= '0' &&
           line[line.size() - 1 - digits] <= '9')
        ++digits;
    const auto number = line.substr(line.size() - digits);
    line.remove_suffix(digits);
    if (number.empty() || (number.front() == '0' && number.size() > 1) || !line.ends_with(k_middle))
        return std::nullopt;
    BuildLine found;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), found.id);
    if (error != std::errc{}) return std::nullopt;
    line.remove_suffix(k_middle.size());
    found.escaped = line;
    return found;
}

bool append_text(std::string& into, const BuildLine& line) {
    const auto before = into.size();
    std::string_view rest = line.escaped;
    for (;;) {
        const auto plain = plain_prefix(rest);
        into.append(rest.substr(0, plain));
        rest.remove_prefix(plain);
        if (rest.empty()) return true;
        if (rest.front() == '\\' ? take_escape(into, rest) : take_character(into, rest)) continue;
        into.resize(before);
        return false;
    }
}

}  // namespace lockstep::nix
