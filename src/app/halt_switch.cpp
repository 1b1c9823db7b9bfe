// SPDX-License-Identifier: MIT
// A switch that may be pulled before anybody listens.
#include "lockstep/app/prove.hpp"

namespace lockstep {

void HaltSwitch::pull(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (reason_) return;
    reason_ = reason;
    if (halt_) halt_(reason);
}

void HaltSwitch::connect(std::function<void(const std::string&)> halt) {
    const std::lock_guard lock(mutex_);
    halt_ = std::move(halt);
    if (halt_ && reason_) halt_(*reason_);
}

}  // namespace lockstep
