// SPDX-License-Identifier: MIT
// What a run has in hand, and what happens when its time gets short.
#include "app/run_state.hpp"

namespace lockstep {

Result<void> RunState::configure(const std::optional<RepositoryFile>& file) {
    LOCKSTEP_TRY(config, ports.configure(file));
    deadline.set(config.run.deadline, config.run.publish_reserve);
    return {};
}

RunKeep& RunState::keeper() {
    if (!keep)
        keep = std::make_unique<RunKeep>(settings, ports, halt,
                                         [this](const std::string& text, bool warning) { notice(text, warning); });
    return *keep;
}

void RunState::time_gets_short() {
    time_is_short = true;
    halt.pull({deadline.words(), true});
    if (phase == Phase::before_proof) end_all();
}

void RunState::end_all() {
    time_is_short = time_is_up = true;
    if (ports.end_all) ports.end_all();
}

}  // namespace lockstep
