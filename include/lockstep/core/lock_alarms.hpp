// SPDX-License-Identifier: MIT
// Supply-chain alarms: what in a lock change looks like tampering rather than like an update. Pure, and judged on
// changed inputs only, so that what the base branch accepted once is not brought up for ever.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/lockfile.hpp"

namespace lockstep {

enum class AlarmSeverity { critical, warn };
[[nodiscard]] std::string_view alarm_severity_word(AlarmSeverity severity);

struct LockAlarm {
    AlarmSeverity severity = AlarmSeverity::warn;
    std::string code;    ///< one of alarm_codes()
    std::string input;   ///< input path; foreign text
    std::string detail;  ///< one clean sentence with the old and the new value; foreign text, without credentials
    bool stops = false;  ///< by policy: the update may not land by itself

    bool operator==(const LockAlarm&) const = default;
};

/// "same-rev-other-hash", "moved", …: every code, the gravest first.
[[nodiscard]] const std::vector<std::string_view>& alarm_codes();

/// What surrounds the two locks.
struct LockContext {
    bool same_flake = true;  ///< flake.nix is the same at both commits, so nobody asked for another source
    std::int64_t now = 0;    ///< seconds since the epoch
};

/// Alarms of the changed inputs, critical ones first, then by input path and code. None of them stops yet. Inputs that
/// follow others have no lock of their own and raise nothing.
[[nodiscard]] std::vector<LockAlarm> lock_alarms(const LockFile& before, const LockFile& after,
                                                 const LockContext& context);

/// Which codes keep an update from landing, and which are not raised at all. Globs; `ignore` wins.
struct AlarmPolicy {
    std::vector<std::string> stop, ignore;
};
struct JudgedAlarms {
    std::vector<LockAlarm> alarms;     ///< those that stop first, else in their old order
    std::vector<std::string> ignored;  ///< "moved of nixpkgs": what `ignore` took away; clean text
};
[[nodiscard]] JudgedAlarms judge_alarms(std::vector<LockAlarm> alarms, const AlarmPolicy& policy);

[[nodiscard]] bool any_stops(const std::vector<LockAlarm>& alarms);
/// Codes of the alarms that stop, each once, in their order.
[[nodiscard]] std::vector<std::string> stopping_codes(const std::vector<LockAlarm>& alarms);
/// "moved: nixpkgs: came from …": code, input and detail, cleaned.
[[nodiscard]] std::string alarm_line(const LockAlarm& alarm);
/// "lock alarm: moved, plain-http" of the alarms that stop; "" when none does. Only words of our own.
[[nodiscard]] std::string alarm_headline(const std::vector<LockAlarm>& alarms);

/// For terminals: one line per alarm, at most `max_lines` and one that says how many are left; no escapes, foreign
/// text cleaned; "" without alarms.
[[nodiscard]] std::string alarms_text(const std::vector<LockAlarm>& alarms, std::size_t max_lines = 100);
/// The same as a Markdown list.
[[nodiscard]] std::string alarms_markdown(const std::vector<LockAlarm>& alarms, std::size_t max_lines = 100);
/// One item of that list, ending with a newline.
[[nodiscard]] std::string alarm_item(const LockAlarm& alarm);

}  // namespace lockstep
