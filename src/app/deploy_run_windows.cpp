// SPDX-License-Identifier: MIT
// Maintenance windows of a deploy: a run uses the one that is open when it begins, and says when the next one opens
// instead of waiting for it.
#include <fmt/format.h>

#include "app/deploy_run.hpp"
#include "lockstep/core/maintenance_window.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

void DeployRun::open_windows(DeployPolicy& policy) const {
    if (!request_.calendar) return;
    policy.windows.emplace();
    if (const auto open = window_around(*request_.calendar, now())) policy.windows->push_back(*open);
}

/// What a reader of the plan wants to know: whether it would begin now, and how far it would get.
void DeployRun::tell_windows() {
    if (!request_.calendar || plan_.waves.empty()) return;
    const auto open = window_around(*request_.calendar, now());
    record_.plan.push_back((open ? "" : "no maintenance window is open: nothing is begun; ") +
                           window_words(*request_.calendar, now()));
    auto at = now();
    for (const auto& wave : plan_.waves) {
        at += wave.expected;
        if (open && at > open->until) {
            record_.plan.push_back(
                fmt::format("wave {} would not be done before the window closes: it is not begun", wave.name));
            break;
        }
    }
    Millis longest{0};
    for (const auto& span : *request_.calendar) longest = std::max(longest, span.until - span.from);
    for (const auto& wave : plan_.waves)
        if (wave.expected > longest)
            record_.plan.push_back(
                fmt::format("wave {} may take {}: no window is that long; make batches smaller, the soak "
                            "shorter, or a window longer",
                            wave.name, human_duration(wave.expected)));
}

}  // namespace lockstep
