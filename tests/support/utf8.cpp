// SPDX-License-Identifier: MIT
// Validator written after the table "Well-Formed UTF-8 Byte Sequences" of the Unicode standard, row by row.
#include "support/utf8.hpp"

#include <array>

namespace lockstep::test {

namespace {

struct Row {
    unsigned lead_low, lead_high;
    unsigned second_low, second_high;
    std::size_t length;
};

constexpr std::array<Row, 9> k_rows{{{0x00, 0x7F, 0, 0, 1},
                                     {0xC2, 0xDF, 0x80, 0xBF, 2},
                                     {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                     {0xE1, 0xEC, 0x80, 0xBF, 3},
                                     {0xED, 0xED, 0x80, 0x9F, 3},
                                     {0xEE, 0xEF, 0x80, 0xBF, 3},
                                     {0xF0, 0xF0, 0x90, 0xBF, 4},
                                     {0xF1, 0xF3, 0x80, 0xBF, 4},
                                     {0xF4, 0xF4, 0x80, 0x8F, 4}}};

unsigned byte_at(std::string_view text, std::size_t at) {
    return static_cast<unsigned char>(text[at]);
}

std::size_t character_length(std::string_view text) {
    for (const auto& row : k_rows) {
        if (byte_at(text, 0) < row.lead_low || byte_at(text, 0) > row.lead_high) continue;
        if (text.size() < row.length) return 0;
        if (row.length > 1 && (byte_at(text, 1) < row.second_low || byte_at(text, 1) > row.second_high)) return 0;
        for (std::size_t i = 2; i < row.length; ++i)
            if (byte_at(text, i) < 0x80 || byte_at(text, i) > 0xBF) return 0;
        return row.length;
    }
    return 0;
}

}  // namespace

bool is_valid_utf8(std::string_view text) {
    while (!text.empty()) {
        const auto length = character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string hostile_bytes(std::mt19937& random, std::size_t max_pieces) {
    using namespace std::string_view_literals;
    static constexpr std::array k_pieces{"\x1b["sv,
                                         "31m"sv,
                                         "\x1b]0;"sv,
                                         "\x1b]52;c;"sv,
                                         "\a"sv,
                                         "\x1b\\"sv,
                                         "\x1b"sv,
                                         "\xC2\x9B"sv,
                                         "\xC2\x9D"sv,
                                         "\xC2\x9C"sv,
                                         "\xC2\x85"sv,
                                         "\xE2\x80\xAE"sv,
                                         "\xE2\x80\x8B"sv,
                                         "\xEF\xBB\xBF"sv,
                                         "\xD8\x9C"sv,
                                         "\xE2\x81\xA6"sv,
                                         "\xE2\x80\xA8"sv,
                                         "\0"sv,
                                         "\r"sv,
                                         "\r\n"sv,
                                         "\n"sv,
                                         "\t"sv,
                                         "\x7F"sv,
                                         "\xC0\xAF"sv,
                                         "\xED\xA0\x80"sv,
                                         "\xF4\x90\x80\x80"sv,
                                         "\xE2\x82"sv,
                                         "\xF0\x9F\x92"sv,
                                         "\xF0\x9F\x92\xA9"sv,
                                         "\xC3"sv,
                                         "\xA9"sv,
                                         "\xC3\xA9"sv,
                                         "\xEF\xBF\xBE"sv,
                                         "\xFF"sv,
                                         "word"sv,
                                         " "sv,
                                         "`"sv,
                                         "|"sv,
                                         "[x](y)"sv,
                                         "<b>"sv,
                                         "&amp;"sv,
                                         "@user"sv,
                                         "#12"sv,
                                         "https://x.y"sv,
                                         "\\"sv,
                                         "]]>"sv,
                                         "-->"sv,
                                         "\""sv};
    std::uniform_int_distribution<std::size_t> count(0, max_pieces), kind(0, k_pieces.size() + 8);
    std::uniform_int_distribution<int> byte(0, 255);
    std::string text;
    for (auto left = count(random); left > 0; --left) {
        const auto which = kind(random);
        if (which < k_pieces.size())
            text += k_pieces[which];
        else
            text += static_cast<char>(byte(random));
    }
    return text;
}

}  // namespace lockstep::test
