// SPDX-License-Identifier: MIT
// What happens to the branch. Pure: same results, same verdict.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/lock_alarms.hpp"
#include "lockstep/core/records.hpp"

namespace lockstep {

enum class Action { land, propose, stop };
[[nodiscard]] std::string_view action_word(Action action);

struct Reason {
    std::string host;  ///< "" when it concerns the run
    std::string text;
    bool operator==(const Reason&) const = default;
};

struct Verdict {
    Action action = Action::stop;
    ExitCode exit = ExitCode::infrastructure;  ///< what the run ends with if acting on it succeeds
    std::vector<Reason> reasons;
    bool operator==(const Verdict&) const = default;
};

/// Invariants: never `land` unless every required host is proved (or merely `evaluated`/`skipped` by policy) and at
/// least one host was proved or evaluated; never `propose` without a host or an alarm that is itself at fault. Any
/// required broken host → propose (20). Else unsupported required hosts → stop (78). Else anything unknown → stop (40,
/// or 130 when interrupted). Hosts that are not required never decide. An alarm that stops turns landing and proposing
/// into propose (60), with the alarms as the first reasons; a proof that is not complete stays what it is.
[[nodiscard]] Verdict decide(const std::vector<HostResult>& hosts, const std::vector<LockAlarm>& alarms = {});

}  // namespace lockstep
