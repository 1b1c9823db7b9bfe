// SPDX-License-Identifier: MIT
// Durations and sizes as people write them in configuration and read them in reports.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// "500ms", "90s", "10m", "2h", "1h30m", "2d". A bare number is refused: a unit is required.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "64MiB", "1GiB", "512KiB", "100B", decimal "10MB". A bare number is refused.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);

/// "0.4 s", "12 s", "3 min 5 s", "2 h 4 min".
[[nodiscard]] std::string human_duration(std::chrono::milliseconds duration);

/// The shortest form that parse_duration reads back: "90s", "10m".
[[nodiscard]] std::string format_duration(std::chrono::milliseconds duration);

/// "812 B", "1.4 MiB".
[[nodiscard]] std::string human_size(std::uint64_t bytes);

/// The shortest form that parse_size reads back: "64MiB".
[[nodiscard]] std::string format_size(std::uint64_t bytes);

/// Seconds since the epoch as RFC 3339 UTC, "2026-11-21T02:00:00Z".
[[nodiscard]] std::string format_utc(std::chrono::system_clock::time_point time);

/// A moment as people and scripts write it: "2026-11-21", "2026-11-21T02:00:00Z" (or "+01:00"), "@1795226400". A date
/// alone is midnight UTC. Whole seconds, years 1970 to 2261 (what system_clock holds).
[[nodiscard]] Result<std::chrono::system_clock::time_point> parse_utc(std::string_view text);

/// "2026-11-21" of seconds since the epoch, UTC; "" for 0.
[[nodiscard]] std::string format_date(std::int64_t epoch_seconds);

}  // namespace lockstep
