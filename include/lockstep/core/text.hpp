// SPDX-License-Identifier: MIT
// Small operations on plain text that the standard library lacks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

[[nodiscard]] std::string_view trim(std::string_view text);
/// Splits at every separator; "a,,b" has three parts; "" has one empty part.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);
/// Non-empty lines, without "\r".
[[nodiscard]] std::vector<std::string> lines_of(std::string_view text);
/// Words separated by white space.
[[nodiscard]] std::vector<std::string> words(std::string_view text);
[[nodiscard]] std::string join(const std::vector<std::string>& parts, std::string_view separator);
[[nodiscard]] std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// "1 host", "2 hosts".
[[nodiscard]] std::string plural(std::size_t count, std::string_view noun);
/// First 10 hex digits of an object id (shorter ids as they are).
[[nodiscard]] std::string short_id(std::string_view id);

}  // namespace lockstep
