// SPDX-License-Identifier: MIT
// The words of a selector.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep::selector {

enum class TokenKind { name, tag, predicate, standard_input, all, both, either, except, open, close };

struct Token {
    TokenKind kind;
    std::string text;         ///< of a name or tag (a glob perhaps), or the predicate
    std::size_t column = 1;   ///< where it begins
    bool maybe_name = false;  ///< a predicate in one word: a host of that name goes before it

    bool operator==(const Token&) const = default;
};

/// Errors (usage): too long, a character that cannot stand here, an unknown predicate.
[[nodiscard]] Result<std::vector<Token>> tokens_of(std::string_view expression);

[[nodiscard]] Error wrong_selector(std::string_view expression, std::size_t column, const std::string& why,
                                   const std::string& hint = "");

}  // namespace lockstep::selector
