// SPDX-License-Identifier: MIT
// What earlier runs on a repository told: a small file beside their directories. A push of metrics replaces the whole
// set, so what this run does not know (the last success, the last deploy) has to come from there.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "lockstep/core/report.hpp"

namespace lockstep::notify {

/// How a run ended, as far as it matters whether the next one ends differently.
struct Verdict {
    std::string outcome;
    int exit = 0;
    bool operator==(const Verdict&) const = default;
};
[[nodiscard]] bool is_success(const Verdict& verdict);

/// How the last run of one command on one base branch and flake ended, which another end is a change to.
struct LastVerdict {
    std::string id;  ///< of its news
    Verdict verdict;
    Verdict before;  ///< of the run before it; outcome "" = there was none
    bool operator==(const LastVerdict&) const = default;
};

/// The last run of one command that came to an end.
struct LastRun {
    Verdict verdict;
    std::int64_t finished = 0, success = 0, landing = 0;  ///< seconds since the epoch; 0 = never
    std::int64_t duration_ms = 0;
    std::map<std::string, int> hosts;  ///< state → number
    int alarms_critical = 0, alarms_warn = 0;
    bool operator==(const LastRun&) const = default;
};

struct Told {
    std::string version, nix_version;
    std::map<std::string, LastRun> commands;      ///< "run", "deploy"
    std::map<std::string, LastVerdict> verdicts;  ///< by told_subject
    bool operator==(const Told&) const = default;
};

/// "run main", "run main hosts/eu", and "run" as long as base is not known: what a run is compared with.
[[nodiscard]] std::string told_subject(const RunReport& report);
/// With this run as the last of its command. Twice the same is once.
[[nodiscard]] Told with_run(Told told, const RunReport& report);
/// told.json: "lockstep-told/1.0".
[[nodiscard]] std::string told_json(const Told& told);
/// Empty for a text that cannot be read: what is in it is no reason to fail.
[[nodiscard]] Told read_told(std::string_view text);

}  // namespace lockstep::notify
