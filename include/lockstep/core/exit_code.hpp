// SPDX-License-Identifier: MIT
// The exit codes that scripts rely on, in one place.
#pragma once

#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

enum class ExitCode : int {
    ok = 0,                   ///< landed, nothing to do, or a dry run that would have landed
    nothing_to_do = 10,       ///< only with --detailed-exit-code
    hosts_failed = 20,        ///< hosts failed; pull request opened or updated
    hosts_failed_no_pr = 21,  ///< hosts failed; the pull request could not be written
    base_moved = 30,          ///< the base branch moved; nothing landed
    base_refused = 31,        ///< the base branch is protected, rewritten or gone
    infrastructure = 40,
    credentials = 41,
    deploy_rolled_back = 50,
    deploy_unknown = 51,
    approval_missing = 52,
    alarm = 60,
    usage = 64,
    internal = 70,
    locked = 75,
    config = 78,
    interrupted = 130,
    terminated = 143,
};

[[nodiscard]] ExitCode exit_code_for(ErrorKind kind);
/// Of what ended by a signal: `terminated` for SIGTERM, else `interrupted`.
[[nodiscard]] ExitCode exit_code_of_signal(int signal);

/// The word used in reports, step outputs and --exit-zero-on, e.g. "landed", "pr", "infrastructure".
/// `ok` is "ok": callers that know more (landed, nothing) say so themselves.
[[nodiscard]] std::string_view exit_code_word(ExitCode code);

}  // namespace lockstep
