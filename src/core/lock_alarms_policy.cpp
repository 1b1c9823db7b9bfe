// SPDX-License-Identifier: MIT
// What becomes of alarms: which of them stop an update, and how they are told.
#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/lock_alarms.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_name_bytes = 120;
constexpr std::size_t k_detail_bytes = 700;

std::string_view weight(const LockAlarm& alarm) {
    return alarm.stops ? "stops the update" : "warning";
}

template <class Line>
std::string listed(const std::vector<LockAlarm>& alarms, std::size_t max_lines, const Line& line,
                   std::string_view bullet) {
    std::string text;
    const auto shown = std::min(alarms.size(), max_lines);
    for (std::size_t i = 0; i < shown; ++i) text += line(alarms[i]);
    if (shown < alarms.size()) text += fmt::format("{}… and {} more\n", bullet, alarms.size() - shown);
    return text;
}

}  // namespace

JudgedAlarms judge_alarms(std::vector<LockAlarm> alarms, const AlarmPolicy& policy) {
    JudgedAlarms judged;
    for (auto& alarm : alarms) {
        if (matches_any(policy.ignore, alarm.code)) {
            judged.ignored.push_back(fmt::format("{} of {}", alarm.code, clean_line(alarm.input, k_name_bytes)));
            continue;
        }
        alarm.stops = matches_any(policy.stop, alarm.code);
        judged.alarms.push_back(std::move(alarm));
    }
    std::stable_sort(judged.alarms.begin(), judged.alarms.end(),
                     [](const LockAlarm& a, const LockAlarm& b) { return a.stops && !b.stops; });
    return judged;
}

bool any_stops(const std::vector<LockAlarm>& alarms) {
    return std::any_of(alarms.begin(), alarms.end(), [](const LockAlarm& alarm) { return alarm.stops; });
}

std::vector<std::string> stopping_codes(const std::vector<LockAlarm>& alarms) {
    std::vector<std::string> codes;
    for (const auto& alarm : alarms)
        if (alarm.stops && std::find(codes.begin(), codes.end(), alarm.code) == codes.end())
            codes.push_back(alarm.code);
    return codes;
}

std::string alarm_headline(const std::vector<LockAlarm>& alarms) {
    const auto codes = stopping_codes(alarms);
    return codes.empty() ? "" : clean_line("lock alarm: " + join(codes, ", "), 200);
}

std::string alarm_line(const LockAlarm& alarm) {
    return fmt::format("{}: {}: {}", clean_line(alarm.code, 60), clean_line(alarm.input, k_name_bytes),
                       clean_line(alarm.detail, k_detail_bytes));
}

std::string alarms_text(const std::vector<LockAlarm>& alarms, std::size_t max_lines) {
    return listed(
        alarms, max_lines,
        [](const LockAlarm& alarm) {
            return fmt::format("{} {} ({})\n", alarm.stops ? "!!" : "! ", alarm_line(alarm), weight(alarm));
        },
        "");
}

std::string alarm_item(const LockAlarm& alarm) {
    return fmt::format("- **{}** ({}): {}: {}\n", markdown_inline(clean_line(alarm.code, 60)), weight(alarm),
                       markdown_inline(clean_line(alarm.input, k_name_bytes)),
                       markdown_inline(clean_line(alarm.detail, k_detail_bytes)));
}

std::string alarms_markdown(const std::vector<LockAlarm>& alarms, std::size_t max_lines) {
    return listed(alarms, max_lines, alarm_item, "- ");
}

}  // namespace lockstep
