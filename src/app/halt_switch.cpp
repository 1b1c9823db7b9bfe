// SPDX-License-Identifier: MIT
// A switch that may be pulled before anybody listens.
#include "lockstep/app/prove.hpp"

namespace lockstep {

void HaltSwitch::pull(Halt halt) {
    const std::lock_guard lock(mutex_);
    if (halt_ && (halt_->time_up || !halt.time_up)) return;
    halt_ = std::move(halt);
    if (on_halt_) on_halt_(*halt_);
}

void HaltSwitch::connect(std::function<void(const Halt&)> on_halt) {
    const std::lock_guard lock(mutex_);
    on_halt_ = std::move(on_halt);
    if (on_halt_ && halt_) on_halt_(*halt_);
}

}  // namespace lockstep
