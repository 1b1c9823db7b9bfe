// SPDX-License-Identifier: MIT
// How fuzz targets read their input. Its form is text with separators, so that seeds can be written and read by people;
// what is cut where in a stream follows from the text itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::fuzz {

/// Separates the parts of an input: a line of its own.
inline constexpr std::string_view k_separator = "\n====\n";

[[nodiscard]] inline std::string_view input_text(const std::uint8_t* data, std::size_t size) {
    // The one place where libFuzzer's bytes become text.
    return size == 0 ? std::string_view() : std::string_view(reinterpret_cast<const char*>(data), size);  // NOLINT
}

/// The part before the first separator, which is taken out of `text` with it; all of it when there is none.
[[nodiscard]] inline std::string_view take_part(std::string_view& text) {
    const auto end = text.find(k_separator);
    const auto part = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + k_separator.size());
    return part;
}

/// Deterministic randomness out of the input.
[[nodiscard]] std::mt19937 random_of(std::string_view text);
[[nodiscard]] std::size_t below(std::mt19937& random, std::size_t limit);  ///< 0 when limit is 0

/// The text in pieces of 1 to `longest` bytes, drawn from itself.
[[nodiscard]] std::vector<std::string_view> pieces_of(std::string_view text, std::size_t longest);

/// Ends the program unless the text is valid UTF-8 without any control character but newline and tab, and already what
/// clean_text makes of it.
void check_clean(std::string_view text);
/// check_clean, and no newline or tab either.
void check_clean_line(std::string_view text);

}  // namespace lockstep::fuzz
