// SPDX-License-Identifier: MIT
// The Markdown building blocks that the pull request, the step summary and report.md share: sections that can be cut
// between rows, never inside one. Private to core and adapters. Everything foreign in them is escaped already.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/report_words.hpp"

namespace lockstep::parts {

/// Foreign text as inline Markdown, cut to about `max_bytes` before escaping.
[[nodiscard]] std::string inline_text(std::string_view foreign, std::size_t max_bytes = 160);

/// The address when it can stand in a Markdown link as it is, else "".
[[nodiscard]] std::string link_target(std::string_view url);
/// `[text](url)`, or just the text when the address is unusable. `text` is Markdown.
[[nodiscard]] std::string link(const std::string& text, std::string_view url);
/// A git object id, shortened, linked to its page where the repository has one; "" for none.
[[nodiscard]] std::string commit(const RunReport& report, std::string_view id);
/// "a, b, c and 8 more", escaped.
[[nodiscard]] std::string names(const std::vector<std::string>& foreign, std::size_t max_names);
/// What may stand inside <summary>, where Markdown escapes do not work: anything odd becomes "_".
[[nodiscard]] std::string plain_name(std::string_view foreign);
/// The sentence that opens every Markdown rendering.
[[nodiscard]] std::string verdict(const RunReport& report);

/// What to do next as a paragraph, with the address of the pull request as a link; "" when there is nothing to do.
[[nodiscard]] std::string next_action(const RunReport& report);

struct Section {
    std::string head;               ///< heading, and table header if any
    std::vector<std::string> rows;  ///< whole lines or blocks, each ending with a newline
    std::string foot;               ///< after the rows, also when they were cut
    std::string what;               ///< what a row is, in the singular: "root cause"
    std::size_t shortened = 0;      ///< rows that say less than the report does
    std::size_t unlisted = 0;       ///< further rows, not made because there is no room for them anyway
};
[[nodiscard]] Section alarms(const RunReport& report);
[[nodiscard]] Section causes(const RunReport& report);
/// Why an update did not land although every host is proved: what hosts showed that tried it.
[[nodiscard]] Section canaries(const RunReport& report);
[[nodiscard]] Section hosts(const RunReport& report);
[[nodiscard]] Section inputs(const RunReport& report);
/// What proved systems are to those that base last landed with; no rows when none differs, or nobody knows.
[[nodiscard]] Section changes(const RunReport& report);
/// The packages of these changes, folded, a row for each host.
[[nodiscard]] Section changed_packages(const RunReport& report);
/// Slowest builds and the critical path; no rows when nothing took long.
[[nodiscard]] Section timing(const RunReport& report);
/// Folded log tails, one row per root cause, each row at most about `max_row_bytes`; none are made beyond `room`.
[[nodiscard]] Section tails(const RunReport& report, std::size_t max_row_bytes, std::size_t room);

/// Appends as many rows as fit into `room` bytes and says so in the text and in `limits` when that was not all.
/// Nothing at all is appended when there are no rows, or when not even one fits (which is a cut as well).
/// Returns the bytes used, at most `room`.
std::size_t append(std::string& out, const Section& section, std::size_t room, std::string_view where,
                   std::vector<std::string>& limits);
[[nodiscard]] std::size_t size_of(const Section& section);

}  // namespace lockstep::parts
