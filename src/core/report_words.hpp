// SPDX-License-Identifier: MIT
// The sentences that every rendering of a report shares, so that the terminal, the pull request and the status say the
// same thing. Private to core and adapters. Plain text: each renderer escapes for its own context.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/report.hpp"

namespace lockstep {

[[nodiscard]] std::string_view target_kind_word(TargetKind kind);

/// Skipped hosts are in none of these numbers.
struct Tally {
    std::size_t total = 0, proved = 0, evaluated = 0, broken = 0;
    std::size_t unchanged = 0;                 ///< of those that are proved
    std::size_t unknown = 0, unsupported = 0;  ///< of required hosts
    std::size_t optional_trouble = 0;          ///< hosts that are not required, and neither proved nor evaluated
};
[[nodiscard]] Tally tally_of(const std::vector<HostResult>& hosts);

/// "3 of 16 hosts fail, 1 unknown", "all 16 hosts are proved, 5 unchanged" or "all 16 hosts are unchanged"; "no hosts"
/// when there are none. Only required hosts make it a failure.
[[nodiscard]] std::string headline(const Tally& tally);

/// Every host is proved, and a canary that ran the update kept it from landing.
[[nodiscard]] bool canary_said_no(const RunReport& report);
/// The same of a report; says first when a canary said no.
[[nodiscard]] std::string headline(const RunReport& report);

/// "landed", "pull request opened", "stopped (infrastructure)": the ending in two or three words.
[[nodiscard]] std::string verdict_phrase(const RunReport& report);

/// "curl-8.1 breaks 11 of 16 hosts", "web1 does not evaluate".
[[nodiscard]] std::string blast_radius(const Cause& cause, const Tally& tally);

/// Causes that say something about hosts first, then by number of hosts.
[[nodiscard]] std::vector<const Cause*> causes_by_weight(const RunReport& report);

/// Broken first, then unsupported, then unknown; hosts that are fine are left out.
[[nodiscard]] std::vector<const HostResult*> hosts_to_look_at(const RunReport& report);

/// "system-path ← curl-8.1" or what else is known in a few words; "" when nothing is.
[[nodiscard]] std::string host_story(const RunReport& report, const HostResult& host);

/// Builds that took long enough to be worth telling, longest first.
[[nodiscard]] std::vector<const BuildRecord*> slow_builds(const RunReport& report);
/// "linux-6.6.8 (20 min), curl-8.1 (3 min 5 s) failed"; "" when nothing took long.
[[nodiscard]] std::string slowest_line(const RunReport& report, std::size_t at_most);
/// "24 min: linux-6.6.8 (20 min) → initrd (12 s), and 3 shorter builds"; "" when no two builds waited for each other.
[[nodiscard]] std::string critical_path_line(const RunReport& report);
/// "12 to build, 30 to fetch", "nothing"; "" when not known.
[[nodiscard]] std::string work_phrase(const HostWork& work);

/// The day of the update: of the branch name when it carries one (its time zone is the user's), else of the start.
[[nodiscard]] std::string update_day(const RunReport& report);

/// Whether the run asks somebody to act: hosts failed, or it could not finish.
[[nodiscard]] bool is_good(Outcome outcome);

}  // namespace lockstep
