// SPDX-License-Identifier: MIT
// The end of a run on a terminal: verdict first, then what breaks what, then what changed and what to do.
#include <algorithm>

#include <fmt/format.h>

#include "core/report_words.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_max_alarms = 20;
constexpr std::size_t k_max_hosts = 40;
constexpr std::size_t k_max_causes = 20;
constexpr std::size_t k_causes_with_tail = 3;
constexpr std::size_t k_tail_lines = 8;
constexpr std::size_t k_slow_builds = 3;

class Ink {
public:
    explicit Ink(bool color) : color_(color) {}
    [[nodiscard]] std::string bold(std::string_view text) const { return paint("1", text); }
    [[nodiscard]] std::string red(std::string_view text) const { return paint("31", text); }
    [[nodiscard]] std::string yellow(std::string_view text) const { return paint("33", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return paint("2", text); }
    [[nodiscard]] std::string verdict(std::string_view text, bool good) const {
        return paint(good ? "1;32" : "1;31", text);
    }

private:
    [[nodiscard]] std::string paint(const char* code, std::string_view text) const {
        return color_ ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
    }
    bool color_;
};

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string padded(std::string text, std::size_t width) {
    const auto used = characters(text);
    if (used < width) text.append(width - used, ' ');
    return text;
}

std::string head(const RunReport& report, const Ink& ink) {
    const auto good = is_good(report.ending.outcome);
    const auto tally = tally_of(report.hosts);
    std::vector<std::string> parts;
    if (const auto alarm = alarm_headline(report.alarms); !alarm.empty()) parts.push_back(ink.verdict(alarm, false));
    if (tally.total > 0 && report.ending.outcome != Outcome::unchanged)
        parts.push_back(ink.verdict(headline(report), good));
    const auto phrase = verdict_phrase(report);
    parts.push_back(parts.empty() ? ink.verdict(phrase, good) : phrase);
    if (report.run.duration.count() > 0) parts.push_back(human_duration(report.run.duration));
    auto text = join(parts, " · ") + "\n";
    const bool says_more =
        report.ending.outcome == Outcome::stopped || report.ending.outcome == Outcome::hosts_failed ||
        report.ending.outcome == Outcome::proposed_green || canary_said_no(report) || tally.total == 0;
    if (says_more && !report.ending.reason.empty()) text += clean_line(report.ending.reason, 1'000) + "\n";
    return text;
}

std::string alarms(const RunReport& report, const Ink& ink) {
    if (report.alarms.empty()) return {};
    auto text = "\n" + ink.bold("Alarms on the lock change") + "\n";
    std::size_t at = 0;
    for (const auto& line : lines_of(alarms_text(report.alarms, k_max_alarms))) {
        const bool stops = at < report.alarms.size() && report.alarms[at++].stops;
        text += "  " + (stops ? ink.red(line) : ink.yellow(line)) + "\n";
    }
    return text;
}

std::string one_cause(const Cause& cause, const Tally& tally, bool with_tail, const Ink& ink) {
    auto name = clean_line(blast_radius(cause, tally), 200);
    auto text = "  " + (is_infrastructure(cause.cls) ? ink.yellow(name) : ink.red(name));
    if (cause.cls != CauseClass::evaluation) {
        text += fmt::format(": {}", cause_phrase(cause.cls));
        if (cause.duration.count() > 0) text += " after " + human_duration(cause.duration);
        if (!cause.machine.empty()) text += " on " + clean_line(cause.machine, 80);
    }
    text += "\n";
    if (!cause.first_error.empty()) text += "    " + clean_line(cause.first_error, 300) + "\n";
    if (with_tail)
        for (const auto& line : clean_tail(join(cause.tail, "\n"), k_tail_lines, 200, 4'000))
            text += "    " + ink.dim("│ " + line) + "\n";
    if (!cause.log.empty()) text += "    " + ink.dim("log: " + clean_line(cause.log)) + "\n";
    return text;
}

std::string causes(const RunReport& report, const Ink& ink) {
    if (report.causes.empty()) return {};
    const auto tally = tally_of(report.hosts);
    auto text = "\n" + ink.bold("Root causes") + "\n";
    std::size_t shown = 0;
    for (const auto* cause : causes_by_weight(report)) {
        if (shown == k_max_causes) return text + fmt::format("  … and {} more\n", report.causes.size() - shown);
        text += one_cause(*cause, tally, shown < k_causes_with_tail, ink);
        ++shown;
    }
    return text;
}

std::string hosts(const RunReport& report, const Ink& ink) {
    const auto look = hosts_to_look_at(report);
    if (look.empty()) return {};
    const auto shown = std::min(look.size(), k_max_hosts);
    std::size_t name_width = 0, state_width = 0;
    for (std::size_t i = 0; i < shown; ++i) {
        name_width = std::max(name_width, std::min<std::size_t>(characters(clean_line(look[i]->name, 80)), 32));
        state_width = std::max(state_width, characters(state_phrase(look[i]->state)));
    }
    auto text = "\n" + ink.bold("Hosts that need a look") + "\n";
    for (std::size_t i = 0; i < shown; ++i) {
        const auto& host = *look[i];
        const auto state = padded(std::string(state_phrase(host.state)), state_width);
        auto story = clean_line(host_story(report, host), 200);
        if (const auto work = work_phrase(host.work); !work.empty())
            story += fmt::format("{}({})", story.empty() ? "" : " ", work);
        if (!host.required) story += story.empty() ? "(not required)" : " (not required)";
        auto line = fmt::format("  {}  {}", padded(clean_line(host.name, 80), name_width),
                                is_broken(host.state) ? ink.red(state) : ink.yellow(state));
        if (!story.empty()) line += "  " + story;
        text += line + "\n";
    }
    if (shown < look.size()) text += fmt::format("  … and {} more\n", look.size() - shown);
    return text;
}

std::string timing(const RunReport& report, const Ink& ink) {
    const auto slow = slowest_line(report, k_slow_builds);
    if (slow.empty()) return {};
    auto text = "\n" + ink.bold("Where the time went") + "\n  slowest: " + slow + "\n";
    if (const auto path = critical_path_line(report); !path.empty()) text += "  critical path, " + path + "\n";
    return text;
}

std::string inputs(const RunReport& report, const Ink& ink) {
    if (report.inputs.empty()) return {};
    auto text = "\n" + ink.bold("Inputs") + "\n";
    for (const auto& line : lines_of(lockdiff_text(report.inputs))) text += "  " + line + "\n";
    return text;
}

/// "notifications: 3 sent, 1 waiting (slack: no answer from …)"; "" when there is nobody to tell.
std::string notifications(const RunReport& report) {
    if (report.notifications.empty()) return {};
    std::vector<std::string> parts;
    for (const auto state : {NotificationState::sent, NotificationState::waiting, NotificationState::given_up}) {
        std::size_t count = 0;
        std::vector<std::string> troubles;
        for (const auto& entry : report.notifications) {
            if (entry.state != state) continue;
            ++count;
            if (!entry.error.empty()) troubles.push_back(entry.sink + ": " + entry.error);
        }
        if (count == 0) continue;
        parts.push_back(fmt::format("{} {}", count, replace_all(std::string(notification_word(state)), "_", " ")));
        if (!troubles.empty()) parts.back() += " (" + join(troubles, "; ") + ")";
    }
    return "notifications: " + clean_line(join(parts, ", "), 1'000) + "\n";
}

}  // namespace

std::string report_text(const RunReport& report, bool color) {
    const Ink ink(color);
    auto text = head(report, ink) + alarms(report, ink) + causes(report, ink) + hosts(report, ink) +
                inputs(report, ink) + timing(report, ink);
    std::string tail;
    for (const auto& notice : report.notices) tail += "note: " + clean_line(notice, 600) + "\n";
    for (const auto& limit : report.limits) tail += "cut: " + clean_line(limit, 300) + "\n";
    tail += notifications(report);
    if (report.pull && report.ending.next_action.find(report.pull->url) == std::string::npos)
        tail += fmt::format("pull request {}: {}\n", report.pull->number, clean_line(report.pull->url, 500));
    if (!report.ending.next_action.empty()) tail += "next: " + clean_line(report.ending.next_action, 500) + "\n";
    return tail.empty() ? text : text + "\n" + tail;
}

std::string last_line(const RunReport& report, std::string_view report_path) {
    auto line = fmt::format("lockstep: {} · exit {} · {}", verdict_phrase(report), static_cast<int>(report.ending.exit),
                            report_path.empty() ? "no report" : clean_line(report_path, 1'000));
    if (!report.ending.next_action.empty()) line += " · next: " + clean_line(report.ending.next_action, 500);
    return line;
}

}  // namespace lockstep
