// SPDX-License-Identifier: MIT
// The summary page of an Actions step. GitHub drops the whole of it when it is larger than 1 MiB, so it is written to a
// budget: what matters first, log tails last.
#include <algorithm>

#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_tail_bytes = 16'000;

std::string opening(const RunReport& report) {
    auto text = parts::verdict(report) + "\n" + parts::next_action(report);
    // The next step usually names the pull request already.
    if (report.pull && report.ending.next_action.find(report.pull->url) == std::string::npos)
        text += fmt::format("Pull request: {}\n\n",
                            parts::link(fmt::format("number {}", report.pull->number), report.pull->url));
    return text;
}

std::string closing(const RunReport& report) {
    return fmt::format("\nlockstep {} took {}.\n", parts::inline_text(report.run.tool_version, 40),
                       human_duration(report.run.duration));
}

}  // namespace

std::string step_summary(const RunReport& report, std::size_t max_bytes) {
    auto text = opening(report);
    const auto end = closing(report);
    if (text.size() + end.size() > max_bytes) {
        const auto verdict = parts::verdict(report);
        return verdict.size() <= max_bytes ? verdict : "";
    }
    std::vector<std::string> limits;
    auto room = max_bytes - text.size() - end.size();
    const auto add = [&](const parts::Section& section, std::size_t share, std::size_t of) {
        room -= parts::append(text, section, room * share / of, "step summary", limits);
    };
    add(parts::alarms(report), 2, 5);
    add(parts::causes(report), 2, 5);
    add(parts::hosts(report), 3, 5);
    add(parts::inputs(report), 3, 5);
    add(parts::tails(report, std::min(k_tail_bytes, std::max<std::size_t>(room / 2, 1'000)), room), 1, 1);
    if (const auto timing = parts::timing(report); parts::size_of(timing) <= room)
        parts::append(text, timing, room, "step summary", limits);
    return text + end;
}

}  // namespace lockstep
