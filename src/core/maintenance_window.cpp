// SPDX-License-Identifier: MIT
// Windows read, and put on the calendar.
#include "lockstep/core/maintenance_window.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using std::chrono::days;
using std::chrono::minutes;

constexpr std::array<std::string_view, 7> k_days = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr minutes k_day{24 * 60};
/// Without a dot: names lead into folders of the database, and never out of it.
constexpr std::string_view k_zone_letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";

Error no_window(std::string_view text, std::string why) {
    return {ErrorKind::config, fmt::format("\"{}\" is no maintenance window", text), std::move(why),
            "write days, times and a time zone, such as \"mon-fri 02:00-05:00 Europe/Berlin\""};
}

std::optional<std::size_t> day_from(std::string_view text) {
    const auto found = std::find(k_days.begin(), k_days.end(), text);
    if (found == k_days.end()) return std::nullopt;
    return static_cast<std::size_t>(found - k_days.begin());
}

/// "mon-fri,sun", "daily"; false: it is something else.
bool read_days(const std::string& text, std::array<bool, 7>& into) {
    if (text == "daily") {
        into.fill(true);
        return true;
    }
    for (const auto& part : split(text, ',')) {
        const auto ends = split(part, '-');
        const auto first = day_from(ends.front());
        const auto last = day_from(ends.back());
        if (ends.size() > 2 || !first || !last) return false;
        for (auto day = *first;; day = (day + 1) % 7) {
            into[day] = true;
            if (day == *last) break;
        }
    }
    return true;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// "02:00", and "24:00".
std::optional<minutes> time_from(std::string_view text) {
    if (text.size() != 5 || text[2] != ':' || !is_digit(text[0]) || !is_digit(text[1]) || !is_digit(text[3]) ||
        !is_digit(text[4]))
        return std::nullopt;
    const int hour = (text[0] - '0') * 10 + (text[1] - '0');
    const int minute = (text[3] - '0') * 10 + (text[4] - '0');
    if (minute > 59 || hour * 60 + minute > k_day.count()) return std::nullopt;
    return minutes(hour * 60 + minute);
}

bool looks_like_times(std::string_view text) {
    return !text.empty() && is_digit(text.front());
}

Millis millis(std::chrono::sys_seconds time) {
    return std::chrono::duration_cast<Millis>(time.time_since_epoch());
}

}  // namespace

Result<MaintenanceWindow> parse_maintenance_window(std::string_view text) {
    auto parts = words(text);
    MaintenanceWindow window;
    if (!parts.empty() && !looks_like_times(parts.front())) {
        if (!read_days(parts.front(), window.days))
            return no_window(text, fmt::format("\"{}\" names no days: they are {}, ranges like mon-fri, lists with "
                                               "commas, and daily",
                                               parts.front(), fmt::join(k_days, ", ")));
        parts.erase(parts.begin());
    } else {
        window.days.fill(true);
    }
    const auto times = parts.empty() ? std::vector<std::string>{} : split(parts.front(), '-');
    const auto from = times.size() == 2 ? time_from(times[0]) : std::nullopt;
    const auto until = times.size() == 2 ? time_from(times[1]) : std::nullopt;
    if (!from || !until || *from == k_day)
        return no_window(text, "the times are not two of 00:00 to 24:00, with a dash between");
    if (*from == *until) return no_window(text, "it ends when it begins; a whole day is 00:00-24:00");
    window.from = *from;
    window.until = *until > *from ? *until : *until + k_day;
    if (parts.size() > 2) return no_window(text, "there is something behind the time zone");
    if (parts.size() == 2) window.zone = parts[1];
    if (window.zone.find_first_not_of(k_zone_letters) != std::string::npos || window.zone.starts_with('/'))
        return no_window(text, fmt::format("\"{}\" cannot be a time zone", window.zone));
    return window;
}

std::vector<DeployWindow> window_spans(const std::vector<ZonedWindow>& windows, Millis now, days ahead) {
    std::vector<DeployWindow> all;
    const std::chrono::sys_seconds moment{std::chrono::floor<std::chrono::seconds>(now)};
    for (const auto& [window, zone] : windows) {
        const auto today = std::chrono::floor<days>(zone.shown_at(moment));
        for (auto day = today - days(2); day <= today + ahead; day += days(1)) {
            const std::chrono::weekday weekday{std::chrono::sys_days(day.time_since_epoch())};
            if (!window.days[weekday.c_encoding()]) continue;
            const DeployWindow span{millis(zone.moment_of(day + window.from)),
                                    millis(zone.moment_of(day + window.until))};
            if (span.until > now && span.from < span.until) all.push_back(span);
        }
    }
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
    std::vector<DeployWindow> merged;
    for (const auto& span : all) {
        if (!merged.empty() && span.from <= merged.back().until)
            merged.back().until = std::max(merged.back().until, span.until);
        else
            merged.push_back(span);
    }
    return merged;
}

std::optional<DeployWindow> window_around(const std::vector<DeployWindow>& spans, Millis now) {
    for (const auto& span : spans)
        if (span.from <= now && now < span.until) return span;
    return std::nullopt;
}

std::string window_words(const std::vector<DeployWindow>& spans, Millis now) {
    const auto at = [](Millis time) { return format_utc(std::chrono::system_clock::time_point(time)); };
    const auto away = [&](Millis time) { return human_duration(std::chrono::ceil<minutes>(time - now)); };
    if (const auto open = window_around(spans, now))
        return fmt::format("the window that is open closes at {}, in {}", at(open->until), away(open->until));
    for (const auto& span : spans)
        if (span.from > now) return fmt::format("the next window opens at {}, in {}", at(span.from), away(span.from));
    return "no window opens within two weeks";
}

}  // namespace lockstep
