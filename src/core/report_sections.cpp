// SPDX-License-Identifier: MIT
// The sections of a report in Markdown: verdict, root causes, hosts that need a look, inputs, log tails.
#include <algorithm>

#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::parts {

namespace {

constexpr std::size_t k_tail_lines = 60;
constexpr std::size_t k_tail_line_bytes = 400;

std::string capitalised(std::string text) {
    if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
        text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text;
}

std::string how_it_ended(const RunReport& report) {
    const auto base = inline_text(report.repo.base);
    const auto& before = report.repo.base_before;
    const auto stays = fmt::format("{} stays{}{}", base.empty() ? "the base branch" : base,
                                   before.empty() ? "" : " at ", commit(report, before));
    switch (report.ending.outcome) {
        case Outcome::landed:
            return fmt::format("{} is now at {}.", base, commit(report, report.repo.base_after));
        case Outcome::unchanged:
            return "Every input is at its newest revision already.";
        case Outcome::would_land:
            return fmt::format("Dry run: this would have landed on {}.", base);
        case Outcome::would_propose:
            return "Dry run: this would have become a pull request.";
        case Outcome::proposed:
            return fmt::format("Nothing was merged: {}.", stays);
        case Outcome::proposed_green:
            return fmt::format("The update was not pushed to {}: merge this to land it.", base);
        case Outcome::proved:
            return {};
        case Outcome::alarm:
            return fmt::format("Nothing was merged: {}.", stays);
        case Outcome::hosts_failed:
            return report.run.command == "build" ? "" : fmt::format("Nothing was merged: {}.", stays);
        case Outcome::deployed:
        case Outcome::would_deploy:
        case Outcome::deploy_failed:
            return {};
        case Outcome::stopped:
            if (report.run.command != "run" && report.run.command != "build" && report.run.command != "plan")
                return "The run stopped.";
            if (report.repo.base_after.empty() && !before.empty())
                return fmt::format("The run stopped, and nobody knows whether {} moved.", base);
            if (!before.empty() && report.repo.base_after != before)
                return fmt::format("The run stopped after {} had moved to {}.", base,
                                   commit(report, report.repo.base_after));
            return fmt::format("The run stopped and decided nothing: {}.", stays);
    }
    return {};
}

std::string why_in_brackets(const Cause& cause) {
    std::string text(cause_phrase(cause.cls));
    if (cause.duration.count() > 0) text += " after " + human_duration(cause.duration);
    if (!cause.machine.empty()) text += " on " + inline_text(cause.machine, 80);
    return text;
}

std::string cause_row(const Cause& cause, const Tally& tally) {
    const auto name = inline_text(cause.name, 120);
    std::string row;
    if (cause.drv.empty() && cause.hosts.size() <= 1)
        row = fmt::format("1. **{}** does not evaluate{}\n", name,
                          cause.cls == CauseClass::evaluation ? "" : fmt::format(" ({})", why_in_brackets(cause)));
    else
        row = fmt::format("1. **{}** breaks **{} of {}** ({}): {}\n", name, cause.hosts.size(),
                          plural(tally.total, "host"), why_in_brackets(cause), names(cause.hosts, 12));
    if (!cause.first_error.empty()) row += fmt::format("   > {}\n", inline_text(cause.first_error, 300));
    return row + "\n";
}

std::string host_row(const RunReport& report, const HostResult& host, bool with_work) {
    const auto story = host_story(report, host);
    return fmt::format("| {}{} | {} | {}{} |\n", inline_text(host.name, 80), host.required ? "" : " (not required)",
                       state_phrase(host.state), with_work ? work_phrase(host.work) + " | " : "",
                       inline_text(story, 200));
}

/// "16 are proved, 5 of them unchanged: a, b, c."
std::string proved_hosts(const RunReport& report) {
    std::vector<std::string> fine;
    for (const auto& host : report.hosts)
        if (is_proved(host.state)) fine.push_back(host.name);
    if (fine.empty()) return {};
    std::sort(fine.begin(), fine.end());
    const auto unchanged = tally_of(report.hosts).unchanged;
    auto text = fine.size() == 1 ? "Proved" : fmt::format("{} are proved", fine.size());
    if (unchanged == fine.size())
        text += unchanged == 1 ? ", unchanged" : ", all of them unchanged";
    else if (unchanged > 0)
        text += fmt::format(", {} of them unchanged", unchanged);
    return fmt::format("{}: {}.\n\n", text, names(fine, 20));
}

std::string tail_row(const Cause& cause, std::size_t max_bytes, bool& shortened) {
    constexpr std::size_t k_frame = 200;
    const auto lines = clean_tail(join(cause.tail, "\n"), k_tail_lines, k_tail_line_bytes,
                                  max_bytes > 2 * k_frame ? max_bytes - k_frame : k_frame);
    if (lines.empty()) return {};
    const auto all = lines_of(join(cause.tail, "\n")).size();
    shortened = lines.size() < all;
    const auto of =
        shortened ? fmt::format("{} of {}", lines.size(), plural(all, "line")) : plural(lines.size(), "line");
    // A log could hold a copy of lockstep's own hidden marks; nothing that is read back may come from a log.
    const auto text = replace_all(join(lines, "\n"), "<!--", "<!- -");
    return fmt::format("<details><summary>{}: last {} of its log</summary>\n\n{}\n</details>\n\n",
                       plain_name(cause.name), of, markdown_fence(text));
}

}  // namespace

std::string verdict(const RunReport& report) {
    const auto tally = tally_of(report.hosts);
    std::string text;
    if (report.ending.outcome == Outcome::unchanged)
        text = "**Nothing to update.**";
    else if (tally.total == 0)
        text = fmt::format("**{}**", capitalised(verdict_phrase(report)));
    else
        text = fmt::format("**{}.**", capitalised(headline(report)));
    if (const auto alarm = alarm_headline(report.alarms); !alarm.empty())
        text = fmt::format("**{}.** ", capitalised(alarm)) + text;
    const auto ended = how_it_ended(report);
    if (!ended.empty()) text += " " + ended;
    const bool explain = report.ending.outcome == Outcome::stopped ||
                         report.ending.outcome == Outcome::proposed_green || canary_said_no(report);
    if (explain && !report.ending.reason.empty()) text += " " + capitalised(inline_text(report.ending.reason, 400));
    return text + "\n";
}

Section alarms(const RunReport& report) {
    Section section{.head = "### Alarms on the lock change\n\n", .rows = {}, .foot = "\n", .what = "alarm"};
    for (const auto& alarm : report.alarms) section.rows.push_back(alarm_item(alarm));
    return section;
}

Section causes(const RunReport& report) {
    Section section{.head = "### Root causes\n\n", .rows = {}, .foot = "", .what = "root cause"};
    const auto tally = tally_of(report.hosts);
    for (const auto* cause : causes_by_weight(report)) section.rows.push_back(cause_row(*cause, tally));
    return section;
}

Section canaries(const RunReport& report) {
    Section section{.head = "### Why it did not land\n\n", .rows = {}, .foot = "\n", .what = "reason"};
    if (!canary_said_no(report)) return section;
    for (const auto& reason : report.reasons)
        section.rows.push_back(fmt::format("- {}{}\n", reason.host.empty() ? "" : inline_text(reason.host, 100) + ": ",
                                           inline_text(reason.text, 1500)));
    return section;
}

Section hosts(const RunReport& report) {
    const auto look = hosts_to_look_at(report);
    const bool with_work =
        std::any_of(look.begin(), look.end(), [](const HostResult* host) { return host->work.known; });
    Section section{.head = with_work ? "### Hosts\n\n| Host | State | Work | Why |\n| --- | --- | --- | --- |\n"
                                      : "### Hosts\n\n| Host | State | Why |\n| --- | --- | --- |\n",
                    .rows = {},
                    .foot = "\n" + proved_hosts(report),
                    .what = "host"};
    for (const auto* host : look) section.rows.push_back(host_row(report, *host, with_work));
    return section;
}

Section inputs(const RunReport& report) {
    Section section{.head = "### Inputs\n\n", .rows = {}, .foot = "\n", .what = "line"};
    if (report.inputs.empty()) return section;
    std::string table = lockdiff_markdown(report.inputs);
    for (auto& line : split(table, '\n')) section.rows.push_back(std::move(line) + "\n");
    while (!section.rows.empty() && section.rows.back() == "\n") section.rows.pop_back();
    return section;
}

Section tails(const RunReport& report, std::size_t max_row_bytes, std::size_t room) {
    Section section{.head = "### Log tails\n\n", .rows = {}, .foot = "", .what = "log tail"};
    std::size_t used = 0;
    for (const auto* cause : causes_by_weight(report)) {
        if (used > room) {
            ++section.unlisted;
            continue;
        }
        bool shortened = false;
        auto row = tail_row(*cause, max_row_bytes, shortened);
        if (row.empty()) continue;
        used += row.size();
        section.rows.push_back(std::move(row));
        if (shortened) ++section.shortened;
    }
    return section;
}

}  // namespace lockstep::parts
