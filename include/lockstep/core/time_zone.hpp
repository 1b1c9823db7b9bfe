// SPDX-License-Identifier: MIT
// What clocks show in a place: rules of the tz database, as its compiled files hold them (RFC 8536). The C library
// knows one zone for the whole process, and takes a name that it does not know for UTC without a word.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// A day of every year and a time on it, at which clocks are changed.
struct ClockChange {
    enum class Kind {
        nth_weekday,  ///< month, week (5: the last), weekday
        julian,       ///< day 1 to 365, the 29th of February is not counted
        day_of_year,  ///< day 0 to 365
    };
    Kind kind = Kind::nth_weekday;
    int month = 1, week = 1, weekday = 0, day = 0;
    std::chrono::seconds time{7200};  ///< after midnight; may be negative or more than a day

    bool operator==(const ClockChange&) const = default;
};

struct SummerTime {
    std::chrono::seconds offset{0};
    ClockChange begin, end;

    bool operator==(const SummerTime&) const = default;
};

/// What holds after the last change that a file lists: "CET-1CEST,M3.5.0,M10.5.0/3". Offsets are east of UTC.
struct ClockRule {
    std::chrono::seconds standard{0};
    std::optional<SummerTime> summer;

    [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
    bool operator==(const ClockRule&) const = default;
};

/// None when it is not such a rule.
[[nodiscard]] std::optional<ClockRule> parse_clock_rule(std::string_view text);

class TimeZone {
public:
    /// UTC.
    TimeZone() = default;
    /// Of the content of a compiled file, version 2 or newer. Errors (config): it is none.
    [[nodiscard]] static Result<TimeZone> read(std::string_view file);

    [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
    /// The moment at which clocks show this; the first one if they show it twice, the moment of the change if they
    /// never do.
    [[nodiscard]] std::chrono::sys_seconds moment_of(std::chrono::local_seconds shown) const;
    [[nodiscard]] std::chrono::local_seconds shown_at(std::chrono::sys_seconds time) const;

private:
    struct Change {
        std::chrono::sys_seconds at;
        std::chrono::seconds offset;
    };
    std::chrono::seconds first_{0};  ///< before every change
    std::vector<Change> changes_;    ///< ascending
    std::optional<ClockRule> rule_;  ///< after the last of them
};

/// Where compiled files are looked for, in this order; $TZDIR goes before.
inline constexpr std::array<std::string_view, 3> k_zone_folders = {"/usr/share/zoneinfo", "/etc/zoneinfo",
                                                                   "/usr/lib/zoneinfo"};

}  // namespace lockstep
