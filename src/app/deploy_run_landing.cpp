// SPDX-License-Identifier: MIT
// Hosts that wait for the update to land, and the one question that decides for all of them.
#include <algorithm>

#include "app/deploy_run.hpp"

namespace lockstep {

/// Of a host's thread. What an earlier process had proved is brought to its end first: it is tried again together with
/// the others, unless the update has landed since.
LandingAnswer DeployRun::wait_for_landing() {
    if (request_.landed) return LandingAnswer::keep;
    if (taking_up_) return LandingAnswer::go_back;
    // Longer than a host holds by itself nobody needs to wait.
    auto patience = Millis::max();
    for (const auto& target : request_.targets)
        patience = std::min<Millis>(patience, std::chrono::seconds(target.limits.hold));
    const auto began = ports_.clock.steady();
    const auto interrupted = [&] { return ports_.interrupted && ports_.interrupted() != 0; };
    const auto given = landing_.wait([&] { return interrupted() || ports_.clock.steady() - began > patience; });
    return given ? *given : interrupted() ? LandingAnswer::unknown : LandingAnswer::go_back;
}

/// When no host is busy any more: those that wait get their answer. A failure anywhere is "no".
void DeployRun::ask_for_landing() {
    if (!ports_.land || landing_.answered()) return;
    std::size_t open = 0, skipped = 0;
    bool failed = false;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t n = 0; n < record_.hosts.size(); ++n) {
            const auto& outcome = record_.hosts[n].outcome;
            open += outcome ? 0U : 1U;
            if (!outcome) continue;
            const bool excused = *outcome == HostOutcome::unreachable && !has_failed(n);
            // What only the next boot would start was proved by nobody.
            const bool well = is_success(*outcome) && *outcome != HostOutcome::boot_pending;
            skipped += well ? 1U : 0U;
            failed = failed || (!well && !excused);
        }
    }
    if (landing_.waiting() < open && !failed) return;
    if (open + skipped == 0) failed = true;
    landing_.answer(failed ? LandingAnswer::go_back : ports_.land());
}

}  // namespace lockstep
