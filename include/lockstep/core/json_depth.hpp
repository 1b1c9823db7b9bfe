// SPDX-License-Identifier: MIT
// How deep JSON nests, told before it is parsed: nlohmann's values are printed and destroyed recursively.
#pragma once

#include <cstddef>
#include <string_view>

namespace lockstep {

/// The deepest nesting of brackets outside of strings. Needs no stack, so any text is safe, JSON or not.
[[nodiscard]] std::size_t json_depth(std::string_view text) noexcept;

}  // namespace lockstep
