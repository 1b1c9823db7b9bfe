// SPDX-License-Identifier: MIT
// Data hidden in HTML comments: one line, `<!-- <tag> key=value … -->`, with fixed keys in a fixed order. Only the
// exact bytes that write_mark writes are read back. Private to src/core.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep {

using MarkFields = std::vector<std::pair<std::string_view, std::string>>;

/// Values are percent-encoded so far that no value can end a comment, a line or a field.
[[nodiscard]] std::string write_mark(std::string_view tag, const MarkFields& fields);

/// The values of `line`, which must be write_mark(tag, …) for these keys to the byte.
[[nodiscard]] std::optional<std::vector<std::string>> read_mark(std::string_view line, std::string_view tag,
                                                                const std::vector<std::string_view>& keys);

}  // namespace lockstep
