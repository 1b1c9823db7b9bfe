// SPDX-License-Identifier: MIT
// Counting brackets.
#include "lockstep/core/json_depth.hpp"

#include <algorithm>

namespace lockstep {

std::size_t json_depth(std::string_view text) noexcept {
    std::size_t depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (in_string && c == '\\')
            ++at;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = std::max(deepest, ++depth);
        else if (!in_string && (c == '}' || c == ']') && depth > 0)
            --depth;
    }
    return deepest;
}

}  // namespace lockstep
