// SPDX-License-Identifier: MIT
// Cleaning of foreign text: one pass over the bytes that decodes UTF-8, skips terminal sequences and drops what a
// reader cannot see. Every rule ends at a newline, so cleaning line by line gives the same as cleaning the whole.
#include "lockstep/core/sanitize.hpp"

#include <algorithm>

namespace lockstep {

namespace {

constexpr std::string_view k_replacement = "\xEF\xBF\xBD";
constexpr std::string_view k_ellipsis = "\xE2\x80\xA6";
constexpr char32_t k_invalid = 0xFFFFFFFF;

struct Decoded {
    char32_t code = k_invalid;
    std::size_t length = 1;  ///< bytes used; for invalid input the longest prefix that could have begun a character
};

bool is_continuation(char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. Precondition: at < text.size().
Decoded decode(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t offset) -> unsigned {
        return at + offset < text.size() ? static_cast<unsigned char>(text[at + offset]) : 0U;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    if (lead < 0xC2 || lead > 0xF4) return {k_invalid, 1};
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    unsigned low = 0x80, high = 0xBF;  // of the second byte
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    if (byte(1) < low || byte(1) > high) return {k_invalid, 1};
    char32_t code = lead & (0x7FU >> length);
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U) return {k_invalid, i};
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    return {code, length};
}

/// Characters without a glyph of their own that reorder, hide or join what is around them.
bool is_invisible(char32_t c) {
    return c == 0xAD || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) ||
           (c >= 0xE0000 && c <= 0xE007F);
}

bool in(char byte, char low, char high) {
    return byte >= low && byte <= high;
}

/// Behind `ESC [`: parameters, intermediates, final byte. Stops before anything that cannot belong to it.
std::size_t skip_csi(std::string_view text, std::size_t at) {
    while (at < text.size() && in(text[at], '\x30', '\x3F')) ++at;
    while (at < text.size() && in(text[at], '\x20', '\x2F')) ++at;
    return at < text.size() && in(text[at], '\x40', '\x7E') ? at + 1 : at;
}

/// Behind an opener of OSC, DCS, SOS, PM or APC: up to BEL, CAN, SUB or ST (both forms). An unterminated one ends
/// with its line, so that it cannot hide the rest of a log.
std::size_t skip_string(std::string_view text, std::size_t at) {
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n' || c == '\r') return at;
        if (c == '\a' || c == '\x18' || c == '\x1A') return at + 1;
        if (c == '\x1B') return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
        if (c == '\xC2' && at + 1 < text.size() && text[at + 1] == '\x9C') return at + 2;
    }
    return at;
}

/// Behind ESC.
std::size_t skip_escape(std::string_view text, std::size_t at) {
    if (at >= text.size()) return at;
    switch (text[at]) {
        case '[':
            return skip_csi(text, at + 1);
        case ']':
        case 'P':
        case 'X':
        case '^':
        case '_':
            return skip_string(text, at + 1);
        default:
            break;
    }
    while (at < text.size() && in(text[at], '\x20', '\x2F')) ++at;
    return at < text.size() && in(text[at], '\x30', '\x7E') ? at + 1 : at;
}

/// Behind a C1 control (as a decoded character): those that open a sequence take it with them.
std::size_t skip_c1(char32_t c, std::string_view text, std::size_t at) {
    if (c == 0x9B) return skip_csi(text, at);
    if (c == 0x90 || c == 0x98 || (c >= 0x9D && c <= 0x9F)) return skip_string(text, at);
    return at;
}

/// What a terminal would show: a carriage return starts the line anew once something follows it.
class Screen {
public:
    explicit Screen(std::size_t expected) { out_.reserve(expected); }

    void put(std::string_view bytes) {
        if (returned_) out_.resize(line_start_);
        returned_ = false;
        out_ += bytes;
    }
    void carriage_return() { returned_ = true; }
    void newline() {
        returned_ = false;
        out_ += '\n';
        line_start_ = out_.size();
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
    std::size_t line_start_ = 0;
    bool returned_ = false;
};

std::string shorten(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return std::string(text);
    if (max_bytes < k_ellipsis.size()) return std::string(cut_utf8(text, max_bytes));
    return std::string(cut_utf8(text, max_bytes - k_ellipsis.size())).append(k_ellipsis);
}

bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t") == std::string_view::npos;
}

}  // namespace

std::string clean_text(std::string_view raw) {
    Screen screen(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
        const auto [code, length] = decode(raw, at);
        const auto bytes = raw.substr(at, length);
        at += length;
        if (code == k_invalid || code == 0)
            screen.put(k_replacement);
        else if (code == '\n')
            screen.newline();
        else if (code == '\r')
            screen.carriage_return();
        else if (code == '\t')
            screen.put(bytes);
        else if (code == 0x1B)
            at = skip_escape(raw, at);
        else if (code < 0x20 || code == 0x7F)
            continue;
        else if (code >= 0x80 && code < 0xA0)
            at = skip_c1(code, raw, at);
        else if (code == 0x2028 || code == 0x2029)
            screen.put(" ");
        else if (!is_invisible(code))
            screen.put(bytes);
    }
    return screen.take();
}

std::string clean_line(std::string_view raw, std::size_t max_bytes) {
    auto text = clean_text(raw);
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '\n' || c == '\t'; }, ' ');
    const auto first = text.find_first_not_of(' ');
    if (first == std::string::npos) return {};
    const auto last = text.find_last_not_of(' ');
    auto line = shorten(std::string_view(text).substr(first, last - first + 1), max_bytes);
    line.resize(line.find_last_not_of(' ') + 1);
    return line;
}

std::vector<std::string> clean_tail(std::string_view raw, std::size_t max_lines, std::size_t max_line_bytes,
                                    std::size_t max_bytes) {
    std::vector<std::string> lines;
    std::size_t room = max_bytes;
    while (!raw.empty() && lines.size() < max_lines && room > 0) {
        if (raw.back() == '\n') raw.remove_suffix(1);
        const auto newline = raw.rfind('\n');
        const auto start = newline == std::string_view::npos ? 0 : newline + 1;
        auto line = shorten(clean_text(raw.substr(start)), max_line_bytes);
        raw = raw.substr(0, start);
        if (lines.empty() && is_blank(line)) continue;
        if (line.size() >= room) {
            if (!lines.empty()) break;
            line = shorten(line, room);
        }
        room -= std::min(room, line.size() + 1);
        lines.push_back(std::move(line));
    }
    std::reverse(lines.begin(), lines.end());
    return lines;
}

std::string_view cut_utf8(std::string_view text, std::size_t max_bytes) {
    if (text.size() <= max_bytes) return text;
    auto end = max_bytes;
    for (int step = 0; step < 3 && end > 0 && is_continuation(text[end]); ++step) --end;
    return text.substr(0, is_continuation(text[end]) ? max_bytes : end);
}

}  // namespace lockstep
