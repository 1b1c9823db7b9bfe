// SPDX-License-Identifier: MIT
// Moments, from and to text; always UTC, never the machine's locale or time zone.
#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Seconds = std::chrono::seconds;
using Moment = std::chrono::system_clock::time_point;

struct Broken {
    int year;
    unsigned month, day;
    std::int64_t second_of_day;
};

Broken break_down(std::int64_t epoch_seconds) {
    const auto whole = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(Seconds(epoch_seconds)));
    const std::chrono::year_month_day date(whole);
    return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
            epoch_seconds - std::chrono::duration_cast<Seconds>(whole.time_since_epoch()).count()};
}

/// Exactly `digits` decimal digits off the front.
std::optional<int> take(std::string_view& text, std::size_t digits) {
    if (text.size() < digits) return std::nullopt;
    int value = 0;
    const auto* end = text.data() + digits;
    if (text.front() == '-') return std::nullopt;
    if (const auto [at, code] = std::from_chars(text.data(), end, value); code != std::errc() || at != end)
        return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

bool take_char(std::string_view& text, char expected) {
    if (text.empty() || text.front() != expected) return false;
    text.remove_prefix(1);
    return true;
}

std::optional<std::int64_t> take_date(std::string_view& text) {
    const auto year = take(text, 4);
    if (!year || *year < 1970 || *year > 2261 || !take_char(text, '-')) return std::nullopt;
    const auto month = take(text, 2);
    if (!month || !take_char(text, '-')) return std::nullopt;
    const auto day = take(text, 2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    if (!date.ok()) return std::nullopt;
    return std::chrono::duration_cast<Seconds>(std::chrono::sys_days(date).time_since_epoch()).count();
}

/// "T02:00:00Z", "T02:00:00+01:00": seconds to add to midnight UTC.
std::optional<std::int64_t> take_time(std::string_view& text) {
    if (!take_char(text, 'T')) return std::nullopt;
    const auto hour = take(text, 2);
    if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
    const auto minute = take(text, 2);
    if (!minute || *minute > 59 || !take_char(text, ':')) return std::nullopt;
    const auto second = take(text, 2);
    if (!second || *second > 59) return std::nullopt;
    const std::int64_t seconds = *hour * 3600 + *minute * 60 + *second;
    if (take_char(text, 'Z')) return seconds;
    const bool east = !text.empty() && text.front() == '+';
    if (!east && (text.empty() || text.front() != '-')) return std::nullopt;
    text.remove_prefix(1);
    const auto off_hour = take(text, 2);
    if (!off_hour || *off_hour > 23 || !take_char(text, ':')) return std::nullopt;
    const auto off_minute = take(text, 2);
    if (!off_minute || *off_minute > 59) return std::nullopt;
    const std::int64_t offset = *off_hour * 3600 + *off_minute * 60;
    return east ? seconds - offset : seconds + offset;
}

std::optional<std::int64_t> epoch_of(std::string_view text) {
    if (take_char(text, '@')) {
        constexpr std::int64_t k_year_2262 = 9'214'646'400;
        std::int64_t seconds = 0;
        const auto* end = text.data() + text.size();
        const auto [at, code] = std::from_chars(text.data(), end, seconds);
        if (text.empty() || code != std::errc() || at != end || seconds < 0 || seconds >= k_year_2262)
            return std::nullopt;
        return seconds;
    }
    const auto date = take_date(text);
    if (!date || text.empty()) return date;
    const auto time = take_time(text);
    if (!time || !text.empty()) return std::nullopt;
    return *date + *time;
}

}  // namespace

Result<Moment> parse_utc(std::string_view text) {
    if (const auto seconds = epoch_of(text)) return Moment(Seconds(*seconds));
    return Error{ErrorKind::config, fmt::format("`{}` is not a moment", clean_line(text, 60)),
                 "expects a date or time such as 2026-11-21, 2026-11-21T02:00:00Z or @1795226400", ""};
}

std::string format_utc(Moment time) {
    const auto at = break_down(std::chrono::floor<Seconds>(time.time_since_epoch()).count());
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", at.year, at.month, at.day, at.second_of_day / 3600,
                       at.second_of_day / 60 % 60, at.second_of_day % 60);
}

std::string format_date(std::int64_t epoch_seconds) {
    // Lock files hold whatever somebody wrote; outside of four-digit years there is no date to show.
    if (epoch_seconds == 0 || epoch_seconds < -62'135'596'800 || epoch_seconds >= 253'402'300'800) return "";
    const auto at = break_down(epoch_seconds);
    return fmt::format("{:04}-{:02}-{:02}", at.year, at.month, at.day);
}

}  // namespace lockstep
