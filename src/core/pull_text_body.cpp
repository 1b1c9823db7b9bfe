// SPDX-License-Identifier: MIT
// The body of a pull request within a forge's budget. What must be there comes first and is reserved; tables follow,
// and log tails take what is left.
#include "lockstep/core/pull_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_tail_bytes = 6'000;
constexpr std::string_view k_where = "pull request";

/// For people who copy and paste: a shell sees exactly this text.
std::string shell_word(std::string_view foreign) {
    const auto text = clean_line(foreign, 200);
    const bool plain = !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' ||
               c == '/' || c == '-' || c == '@' || c == ':';
    });
    return plain ? text : "'" + replace_all(text, "'", "'\\''") + "'";
}

constexpr std::string_view k_merge = "Merge this with a fast-forward, so that the very commit that was proved lands.\n";
constexpr std::string_view k_after_canary =
    "Every host builds; what hosts showed that ran it is above. Hold the guilty input back, or mend what is not well: "
    "the "
    "next run tries again and updates this pull request. To land it all the same, merge this with a fast-forward.\n";

std::string alarm_steps(const RunReport& report) {
    std::string flags;
    for (const auto& code : stopping_codes(report.alarms)) flags += " --ignore-alarm " + shell_word(code);
    return "Find out for each alarm above whether the input's maintainers made that change. If they did not, do not "
           "merge: "
           "hold the input back. If they did, merge this with a fast-forward, or let one run land it:\n\n" +
           markdown_fence("lockstep run" + flags + "\n", "sh") + "\n";
}

/// Not the next action of the report: that one leads here.
std::string next_steps(const RunReport& report) {
    std::string text = "### What to do next\n\n";
    if (any_stops(report.alarms)) text += alarm_steps(report);
    const auto look = hosts_to_look_at(report);
    if (look.empty() || !is_broken(look.front()->state))
        return any_stops(report.alarms)                ? text
               : !parts::canaries(report).rows.empty() ? text + std::string(k_after_canary)
                                                       : text + std::string(k_merge);
    text +=
        "Fix the cause on the base branch, hold the guilty input back, or wait for upstream: the next run starts from "
        "the base branch again and updates this pull request. To see the first failure on your machine:\n\n";
    const auto flake = report.repo.flake.empty() ? "" : " --flake " + shell_word(report.repo.flake);
    text += markdown_fence(
        fmt::format("git fetch origin {} && git switch --detach FETCH_HEAD\nlockstep build{} {}\n",
                    shell_word("refs/heads/" + report.repo.branch), flake, shell_word(look.front()->name)),
        "sh");
    return text;
}

parts::Section logs(const LogLinks& links) {
    parts::Section section{.head = "### Logs\n\n", .rows = {}, .foot = "\n", .what = "log"};
    if (const auto run = parts::link_target(links.run_url); !run.empty())
        section.rows.push_back(fmt::format("- [the run, with its complete log]({})\n", run));
    for (const auto& [name, url] : links.attachments)
        section.rows.push_back(fmt::format("- {}\n", parts::link(parts::inline_text(name, 100), url)));
    return section;
}

/// As it is when it can stand in a code span, which every id of ours can.
std::string run_id(const RunReport& report) {
    const auto& id = report.run.id;
    const bool plain = !id.empty() && id.size() <= 80 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.';
    });
    return plain ? id : file_slug(id);
}

std::string footer(const RunReport& report) {
    std::string text = "\n---\n";
    text += fmt::format("lockstep {} · run `{}` · commit {}", parts::inline_text(report.run.tool_version, 40),
                        run_id(report), parts::commit(report, report.repo.candidate_commit));
    if (!report.run.nix_version.empty())
        text += fmt::format(
            " · {} {}",
            report.run.nix_implementation.empty() ? "Nix" : parts::inline_text(report.run.nix_implementation, 40),
            parts::inline_text(report.run.nix_version, 40));
    return text + "\n";
}

/// Every section has a share that it may fill even when the ones before it are long.
void add_sections(std::string& body, const RunReport& report, const LogLinks& links, std::size_t room,
                  std::vector<std::string>& limits) {
    const auto add = [&](const parts::Section& section, std::size_t share, std::size_t of) {
        room -= parts::append(body, section, std::min(room, room * share / of), k_where, limits);
    };
    add(parts::alarms(report), 2, 5);
    add(parts::causes(report), 2, 5);
    add(parts::canaries(report), 2, 5);
    const auto log_list = logs(links);
    const auto inputs = parts::inputs(report);
    const auto later = std::min(parts::size_of(log_list) + parts::size_of(inputs), room * 2 / 5);
    room -= later;
    add(parts::hosts(report), 4, 5);
    room += later;
    add(inputs, 3, 5);
    add(log_list, 3, 5);
    add(parts::changes(report), 1, 2);
}

}  // namespace

std::string pull_body(const RunReport& report, const LogLinks& links, std::size_t max_bytes,
                      std::vector<std::string>& limits) {
    const PullMarker marker{report.repo.base, report.repo.flake, report.repo.candidate_commit, report.run.id};
    const auto mark = marker_comment(marker) + "\n";
    auto body = mark + parts::verdict(report) + "\n";
    const auto next = next_steps(report);
    const auto foot = footer(report);
    const auto fixed = body.size() + next.size() + foot.size() + 2;
    if (fixed > max_bytes) {  // no forge is that small; half a mark would hide all that follows it
        limits.push_back(fmt::format("{}: nearly everything left out", k_where));
        if (body.size() <= max_bytes) return body;
        return mark.size() <= max_bytes ? mark : "";
    }
    auto room = max_bytes - fixed;
    const auto start = body.size();
    add_sections(body, report, links, room, limits);
    room -= body.size() - start;
    body += next + "\n";
    room -=
        parts::append(body, parts::tails(report, std::min(k_tail_bytes, std::max<std::size_t>(room / 2, 1'000)), room),
                      room, k_where, limits);
    // Nice to have: all of it or nothing, and no word about a cut.
    if (const auto timing = parts::timing(report); parts::size_of(timing) <= room)
        parts::append(body, timing, room, k_where, limits);
    return body + foot;
}

}  // namespace lockstep
