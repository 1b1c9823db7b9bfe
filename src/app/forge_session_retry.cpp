// SPDX-License-Identifier: MIT
// Waiting times. Everything a header says is foreign: it is bounded and never negative.
#include "app/forge_session_retry.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr std::int64_t k_longest_wait = 24 * 3600;

std::optional<std::int64_t> whole_number(std::string_view text) {
    text = trim(text);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty() || value < 0) return {};
    return value;
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the only form of a date that servers may send today.
std::optional<system_clock::time_point> http_date(std::string_view text) {
    constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto parts = words(text);
    if (parts.size() != 6 || parts[5] != "GMT") return {};
    const auto month = std::find(months.begin(), months.end(), parts[2]);
    const auto clock = split(parts[4], ':');
    const auto day = whole_number(parts[1]);
    const auto year = whole_number(parts[3]);
    if (month == months.end() || clock.size() != 3 || !day || !year) return {};
    // What the clock can count in nanoseconds.
    if (*year < 1970 || *year > 2261) return {};
    const auto hour = whole_number(clock[0]);
    const auto minute = whole_number(clock[1]);
    const auto second = whole_number(clock[2]);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return {};
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(month - months.begin() + 1)),
                                           std::chrono::day(static_cast<unsigned>(std::min<std::int64_t>(*day, 99))));
    if (!date.ok()) return {};
    return std::chrono::sys_days(date) + seconds(*hour * 3600 + *minute * 60 + *second);
}

milliseconds until(system_clock::time_point then, system_clock::time_point now) {
    const auto wait = std::chrono::ceil<seconds>(then - now).count();
    return seconds(std::clamp<std::int64_t>(wait, 0, k_longest_wait));
}

}  // namespace

std::optional<milliseconds> told_wait(const HttpResponse& response, system_clock::time_point now) {
    const auto after = response.header("retry-after");
    if (const auto value = whole_number(after)) return seconds(std::min(*value, k_longest_wait));
    if (const auto date = http_date(after)) return until(*date, now);
    if (response.header("x-ratelimit-remaining") == "0") {
        // A far future in seconds would overflow the clock's own unit.
        const auto reset = whole_number(response.header("x-ratelimit-reset"));
        if (reset && *reset < 4'000'000'000) return until(system_clock::time_point(seconds(*reset)), now);
    }
    return {};
}

milliseconds retry_delay(const HttpResponse& response, forge::Meaning meaning, system_clock::time_point now, int tries,
                         const forge::Pace& pace, double jitter) {
    const auto doublings = static_cast<unsigned>(std::clamp(tries - 1, 0, 10));
    const auto step = std::min<milliseconds>(seconds(1) * (1U << doublings), seconds(30));
    const auto own = milliseconds(static_cast<std::int64_t>(static_cast<double>(step.count()) * (0.75 + 0.5 * jitter)));
    if (const auto told = told_wait(response, now)) return std::max(*told, own);
    if (meaning == forge::Meaning::rate_limited) return std::max(own, pace.rate_limit_floor * (1U << doublings));
    return own;
}

}  // namespace lockstep
