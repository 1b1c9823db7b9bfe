// SPDX-License-Identifier: MIT
// report.md: the whole record for people, from the same parts as the pull request.
#include "core/report_parts.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep {

namespace {

/// Everything is wanted here, so there is room for it.
constexpr std::size_t k_room = 64u << 20;
constexpr std::size_t k_tail_bytes = 64u << 10;

std::string document(const RunReport& report, std::size_t room, std::size_t tail_bytes) {
    std::vector<std::string> limits;
    std::string text = "# lockstep " + report.run.command + "\n\n" + parts::verdict(report) + "\n\n";
    for (const auto& section : {parts::causes(report), parts::hosts(report), parts::inputs(report)})
        if (text.size() < room) parts::append(text, section, room - text.size(), "the report", limits);
    for (const auto& notice : report.notices) {
        const std::string line = "- " + parts::inline_text(notice, 600) + "\n";
        if (text.size() + line.size() < room) text += line;
    }
    if (text.size() < room) parts::append(text, parts::tails(report, tail_bytes), room - text.size(), "the report", limits);
    return text;
}

}  // namespace

std::string report_markdown(const RunReport& report) { return document(report, k_room, k_tail_bytes); }

std::string step_summary(const RunReport& report, std::size_t max_bytes) { return document(report, max_bytes, 16u << 10); }

}  // namespace lockstep
