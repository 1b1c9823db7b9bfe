// SPDX-License-Identifier: MIT
// A UTF-8 validator of the tests' own, so that the sanitiser is not judged by its own decoder; and hostile text.
#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

namespace lockstep::test {

[[nodiscard]] bool is_valid_utf8(std::string_view text);

/// Pseudo-random bytes that are rich in what sanitisers trip over: escapes, broken characters, Markdown, HTML.
[[nodiscard]] std::string hostile_bytes(std::mt19937& random, std::size_t max_pieces);

}  // namespace lockstep::test
