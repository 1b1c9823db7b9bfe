// SPDX-License-Identifier: MIT
// The texts of a pull request, within a forge's size budget, and the hidden marker by which a later run finds it again.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/report.hpp"

namespace lockstep {

/// Hidden in the body as an HTML comment. Identifies lockstep's pull request for one (base, flake directory), and the
/// commit that lockstep itself pushed there.
struct PullMarker {
    std::string base, flake, head, run;
    bool operator==(const PullMarker&) const = default;
};
[[nodiscard]] std::string marker_comment(const PullMarker& marker);
/// The first well-formed marker of a body, or nothing. Accepts only what marker_comment writes.
[[nodiscard]] std::optional<PullMarker> find_marker(std::string_view body);

/// How the forge can hold the full logs.
struct LogLinks {
    std::string run_url;                                           ///< page of the CI run, or ""
    std::vector<std::pair<std::string, std::string>> attachments;  ///< file name → URL
};

[[nodiscard]] std::string pull_title(const RunReport& report);

/// Body of at most `max_bytes`: marker, verdict, root causes, table of hosts, changed inputs, tails last; what does not
/// fit is cut from the end with a marked cut. Appends to `limits` what was cut.
[[nodiscard]] std::string pull_body(const RunReport& report, const LogLinks& links, std::size_t max_bytes,
                                    std::vector<std::string>& limits);

/// The one comment that is edited in place: a table with one row per run, newest first. `previous` is the comment's
/// present body ("" for none); at most 30 rows are kept. It carries its own hidden tag (see comment_tag).
[[nodiscard]] std::string history_comment(const RunReport& report, std::string_view previous, std::size_t max_bytes);
[[nodiscard]] std::string_view comment_tag();

/// The log text attached or linked for one file, see propose; and the description of commit statuses.
struct StatusText {
    std::string context;      ///< "lockstep" or "lockstep/<host>"
    std::string state;        ///< "success", "failure", "error", "pending"
    std::string description;  ///< at most 140 characters
};
/// One for the run, then at most `max_hosts` of the worst hosts (root causes with most hosts first).
[[nodiscard]] std::vector<StatusText> status_texts(const RunReport& report, int max_hosts);

}  // namespace lockstep
