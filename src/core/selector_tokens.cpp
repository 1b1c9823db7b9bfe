// SPDX-License-Identifier: MIT
// Cutting a selector into words. Names hold none of the characters that mean something here, but globs may: inside of
// [brackets] everything belongs to the glob.
#include "core/selector_tokens.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/selector.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::selector {

namespace {

constexpr std::size_t k_longest = 4096;
constexpr std::string_view k_space = " \t\r\n";
constexpr std::string_view k_special = "&|!(),";

/// The word that begins at `at`: up to white space or an operator.
std::string_view word_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && k_space.find(text[end]) == std::string_view::npos) {
        if (text[end] == '[') {
            const auto close = text.find(']', end + 2);
            const auto space = text.find_first_of(k_space, end);
            if (close != std::string_view::npos && close < space) end = close;
        } else if (k_special.find(text[end]) != std::string_view::npos) {
            break;
        }
        ++end;
    }
    return text.substr(at, end - at);
}

/// "(last)" right behind a word, or "()", else nothing.
std::string_view parentheses_at(std::string_view text, std::size_t at) {
    if (at >= text.size() || text[at] != '(') return {};
    const auto close = text.find(')', at);
    return close == std::string_view::npos ? std::string_view() : text.substr(at, close - at + 1);
}

std::string bare(std::string_view predicate) {
    return std::string(predicate.substr(0, predicate.find('(')));
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<std::vector<Token>> all() {
        if (text_.size() > k_longest) return wrong_selector(text_, 1, "it is longer than 4 KiB", "");
        while (at_ < text_.size()) {
            if (k_space.find(text_[at_]) != std::string_view::npos) {
                ++at_;
                continue;
            }
            LOCKSTEP_TRY_VOID(one());
        }
        return std::move(tokens_);
    }

private:
    Result<void> one() {
        const auto column = at_ + 1;
        const auto op = [&](TokenKind kind) -> Result<void> {
            tokens_.push_back({kind, std::string(1, text_[at_]), column});
            ++at_;
            return {};
        };
        switch (text_[at_]) {
            case '&':
                return op(TokenKind::both);
            case '|':
            case ',':
                return op(TokenKind::either);
            case '!':
                return op(TokenKind::except);
            case '(':
                return op(TokenKind::open);
            case ')':
                return op(TokenKind::close);
            default:
                return word(column);
        }
    }

    Result<void> word(std::size_t column) {
        const auto text = word_at(text_, at_);
        at_ += text.size();
        if (text == "*") return add(TokenKind::all, text, column);
        if (text == "-") return add(TokenKind::standard_input, text, column);
        if (text.front() == '-')
            return wrong_selector(text_, column, fmt::format("`{}` looks like a flag", clean_line(text, 80)));
        if (text.front() == '@') {
            if (text.size() == 1) return wrong_selector(text_, column, "`@` without a tag", "write @tag or @glob-*");
            return add(TokenKind::tag, text.substr(1), column);
        }
        if (const auto brackets = parentheses_at(text_, at_); !brackets.empty()) return call(text, brackets, column);
        for (const auto& predicate : selector_predicates())
            if (predicate == text) {
                tokens_.push_back({TokenKind::predicate, predicate, column, true});
                return {};
            }
        return add(TokenKind::name, text, column);
    }

    /// `failed(last)`, `changed()`.
    Result<void> call(std::string_view text, std::string_view brackets, std::size_t column) {
        const auto given = std::string(text) + std::string(brackets);
        for (const auto& predicate : selector_predicates()) {
            if (given != predicate && given != predicate + "()") continue;
            at_ += brackets.size();
            return add(TokenKind::predicate, predicate, column);
        }
        std::vector<std::string> words;
        for (const auto& predicate : selector_predicates()) words.push_back(bare(predicate));
        const auto near = nearest(text, words);
        for (const auto& predicate : selector_predicates())
            if (!near.empty() && bare(predicate) == near)
                return wrong_selector(text_, column, fmt::format("nobody knows `{}`", clean_line(given, 80)),
                                      fmt::format("did you mean `{}`?", predicate));
        return wrong_selector(text_, column, fmt::format("nobody knows `{}`", clean_line(given, 80)),
                              "there are " + join(selector_predicates(), ", "));
    }

    Result<void> add(TokenKind kind, std::string_view text, std::size_t column) {
        tokens_.push_back({kind, std::string(text), column});
        return {};
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

}  // namespace

Error wrong_selector(std::string_view expression, std::size_t column, const std::string& why, const std::string& hint) {
    return {ErrorKind::usage, fmt::format("the selector `{}` cannot be read", clean_line(expression, 120)),
            fmt::format("at column {}: {}", column, why), hint};
}

Result<std::vector<Token>> tokens_of(std::string_view expression) {
    return Lexer(expression).all();
}

}  // namespace lockstep::selector
