// SPDX-License-Identifier: MIT
// What the splitter of lines and the reader of log records agree on about lines that were too long.
#pragma once

#include <cstddef>
#include <string_view>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

/// Stands where a long line's middle was dropped.
inline constexpr std::string_view k_line_cut = " [... line cut ...] ";
/// How much of a long line's end is kept: enough for the end of a record, where its id stands.
inline constexpr std::size_t k_line_end_kept = 128;

/// parse_log_line without its scanner for the frequent shape: the same result, for tests.
[[nodiscard]] LogRecord parse_log_line_by_library(std::string_view line);

}  // namespace lockstep::nix
