// SPDX-License-Identifier: MIT
// report.md: the whole record for people, from the same parts as the pull request.
#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_room = 64U << 20U;  // nothing is cut in a file of our own
constexpr std::size_t k_tail_bytes = 64U << 10U;

std::string facts(const RunReport& report) {
    std::string text = "| | |\n| --- | --- |\n";
    const auto row = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) text += fmt::format("| {} | {} |\n", name, value);
    };
    row("Run", parts::inline_text(report.run.id));
    row("Started", fmt::format("{}, took {}", replace_all(format_utc(report.run.started), "T", " "),
                               human_duration(report.run.duration)));
    row("Started by", parts::inline_text(report.run.actor.empty() ? report.run.trigger
                                                                  : report.run.trigger + ", " + report.run.actor));
    row("Base",
        fmt::format("{} at {}", parts::inline_text(report.repo.base), parts::commit(report, report.repo.base_before)));
    row("Update", fmt::format("{} {}", parts::inline_text(report.repo.branch),
                              parts::commit(report, report.repo.candidate_commit)));
    if (report.pull)
        row("Pull request",
            parts::link(fmt::format("number {}, {}", report.pull->number, parts::inline_text(report.pull->action, 40)),
                        report.pull->url));
    row("Versions", fmt::format("lockstep {}, {} {}", parts::inline_text(report.run.tool_version, 40),
                                parts::inline_text(report.run.nix_implementation, 40),
                                parts::inline_text(report.run.nix_version, 40)));
    return text + "\n";
}

std::string stages(const RunReport& report) {
    if (report.stages.empty()) return {};
    std::string text = "### Stages\n\n| Stage | State | Time | |\n| --- | --- | --- | --- |\n";
    for (const auto& stage : report.stages)
        text += fmt::format("| {} | {} | {} | {} |\n", parts::inline_text(stage.name), stage_word(stage.state),
                            human_duration(stage.duration), parts::inline_text(stage.error_message, 400));
    return text + "\n";
}

std::string list(std::string_view title, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    auto text = fmt::format("### {}\n\n", title);
    for (const auto& line : lines) text += fmt::format("- {}\n", parts::inline_text(line, 800));
    return text + "\n";
}

std::string notifications(const RunReport& report) {
    if (report.notifications.empty()) return {};
    std::string text = "### Notifications\n\n| Sink | State | Attempts | Why |\n| --- | --- | --- | --- |\n";
    for (const auto& entry : report.notifications)
        text += fmt::format("| {} | {} | {} | {} |\n", parts::inline_text(entry.sink, 40),
                            replace_all(std::string(notification_word(entry.state)), "_", " "), entry.attempts,
                            parts::inline_text(entry.error, 400));
    return text + "\n";
}

}  // namespace

std::string report_markdown(const RunReport& report) {
    std::vector<std::string> limits;
    const auto tally = tally_of(report.hosts);
    const auto alarm = alarm_headline(report.alarms);
    auto text = fmt::format("# lockstep {}: {}{}{}\n\n{}\n", parts::inline_text(report.run.command), alarm,
                            alarm.empty() ? "" : "; ", tally.total == 0 ? verdict_phrase(report) : headline(report),
                            parts::verdict(report));
    parts::append(text, parts::alarms(report), k_room, "report.md", limits);
    text += parts::next_action(report) + facts(report);
    for (const auto& section : {parts::causes(report), parts::canaries(report), parts::hosts(report),
                                parts::inputs(report), parts::changes(report), parts::changed_packages(report)})
        parts::append(text, section, k_room, "report.md", limits);
    text += stages(report);
    parts::append(text, parts::timing(report), k_room, "report.md", limits);
    text += list("Notices", report.notices) + list("Limits", report.limits) + notifications(report);
    parts::append(text, parts::tails(report, k_tail_bytes, k_room), k_room, "report.md", limits);
    return text;
}

}  // namespace lockstep
