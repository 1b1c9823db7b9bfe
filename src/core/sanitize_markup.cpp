// SPDX-License-Identifier: MIT
// Foreign text inside Markdown, HTML and XML. Forges look for mentions, issue numbers, closing words and addresses in
// the *rendered* text, so an escape alone does not stop them: a zero-width space inside the pattern does.
#include "lockstep/core/sanitize.hpp"

#include <algorithm>
#include <limits>

namespace lockstep {

namespace {

constexpr std::string_view k_split = "\xE2\x80\x8B";  // U+200B, zero-width space

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_alpha(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_alnum(char c) {
    return is_digit(c) || is_alpha(c);
}
char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Writes one line of clean text as Markdown, looking at most a few characters around each place.
class InlineEscaper {
public:
    explicit InlineEscaper(std::string_view text) : text_(text) {}

    std::string run() {
        out_.reserve(text_.size() + text_.size() / 4);
        begin_block();
        while (at_ < text_.size()) {
            escape(text_[at_]);
            split_after(text_[at_]);
            ++at_;
        }
        return std::move(out_);
    }

private:
    [[nodiscard]] char peek(std::size_t ahead) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
    [[nodiscard]] char back(std::size_t behind) const { return at_ >= behind ? text_[at_ - behind] : '\0'; }

    /// What would start a list, a heading, a table or (on Gitea, `\[`) a formula at the beginning of a line.
    void begin_block() {
        while (is_digit(peek(0))) out_ += text_[at_++];
        const char c = peek(0);
        const bool list_number = at_ > 0 && (c == '.' || c == ')');
        const bool marker = at_ == 0 && (c == '-' || c == '+' || c == '=' || c == ':');
        if (list_number || marker) {
            out_ += '\\';
            out_ += c;
            split_after(c);
            ++at_;
        } else if (at_ == 0 && c == '[') {
            out_ += "&lsqb;";
            ++at_;
        }
    }

    void escape(char c) {
        switch (c) {
            case '<':
                out_ += "&lt;";
                return;
            case '>':
                out_ += "&gt;";
                return;
            case '&':
                out_ += "&amp;";
                return;
            case '_':
                if (!is_alnum(back(1)) || !is_alnum(peek(1))) out_ += '\\';
                break;
            case '\\':
            case '`':
            case '*':
            case '[':
            case ']':
            case '{':
            case '}':
            case '#':
            case '|':
            case '~':
            case '$':
            case '!':
                out_ += '\\';
                break;
            default:
                break;
        }
        out_ += c;
    }

    void split_after(char c) {
        if (c == '@' && peek(1) != ' ' && peek(1) != '\0') out_ += k_split;
        if ((c == '#' || c == '!') && is_digit(peek(1))) out_ += k_split;
        if (c == '-' && is_digit(peek(1)) && lower(back(1)) == 'h' && lower(back(2)) == 'g') out_ += k_split;
        if (c == ':' && ((peek(1) == '/' && peek(2) == '/') || begins_emoji())) out_ += k_split;
        if (lower(c) == 'w' && peek(1) == '.' && lower(back(1)) == 'w' && lower(back(2)) == 'w') out_ += k_split;
    }

    /// ":tada:". Linear in total, because the characters of a name exclude the colon.
    [[nodiscard]] bool begins_emoji() const {
        std::size_t ahead = 1;
        while (is_alnum(peek(ahead)) || peek(ahead) == '_' || peek(ahead) == '+' || peek(ahead) == '-') ++ahead;
        return ahead > 1 && peek(ahead) == ':';
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string out_;
};

std::size_t longest_run(std::string_view text, char wanted) {
    std::size_t longest = 0, run = 0;
    for (const char c : text) {
        run = c == wanted ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

std::string markdown_inline(std::string_view raw) {
    const auto text = clean_line(raw, std::numeric_limits<std::size_t>::max());
    return InlineEscaper(text).run();
}

namespace {

/// With a space in every longer run of backticks.
std::string with_short_runs(const std::string& text) {
    // cmark-gfm counts the length of a fence to 255 and no further: a longer one inside would close it.
    constexpr std::size_t k_longest_run = 100;
    std::string out;
    out.reserve(text.size());
    std::size_t run = 0;
    for (const char c : text) {
        run = c == '`' ? run + 1 : 0;
        if (run > k_longest_run) {
            out += ' ';
            run = 1;
        }
        out += c;
    }
    return out;
}

}  // namespace

std::string markdown_fence(std::string_view raw, std::string_view info) {
    const auto text = with_short_runs(clean_text(raw));
    const std::string fence(std::max<std::size_t>(3, longest_run(text, '`') + 1), '`');
    std::string out = fence;
    for (const char c : info.substr(0, 40))
        if (is_alnum(c) || c == '-' || c == '+' || c == '_') out += c;
    out += '\n';
    out += text;
    if (!text.empty() && text.back() != '\n') out += '\n';
    return out + fence + '\n';
}

std::string xml_text(std::string_view raw) {
    const auto text = clean_text(raw);
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (std::size_t at = 0; at < text.size(); ++at) {
        // U+FFFE and U+FFFF are valid UTF-8 that XML 1.0 forbids.
        const auto three = std::string_view(text).substr(at, 3);
        if (three == "\xEF\xBF\xBE" || three == "\xEF\xBF\xBF") {
            out += "\xEF\xBF\xBD";
            at += 2;
            continue;
        }
        switch (text[at]) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += text[at];
        }
    }
    return out;
}

}  // namespace lockstep
