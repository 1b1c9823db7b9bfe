// SPDX-License-Identifier: MIT
// Dying, failing, stalling on purpose.
#include "edges/failpoint.hpp"

#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "lockstep/core/text.hpp"

namespace lockstep {

Failpoints::Failpoints(std::string_view plan, std::function<void()> wait) : wait_(std::move(wait)) {
    for (const auto& part : split(plan, ','))
        if (const auto equals = part.find('='); equals != std::string::npos)
            plan_[part.substr(0, equals)] = part.substr(equals + 1);
}

Result<void> Failpoints::reach(std::string_view step) {
    std::string action;
    {
        const std::lock_guard lock(mutex_);
        const auto found = plan_.find(step);
        if (found == plan_.end()) return {};
        action = found->second;
        plan_.erase(found);
    }
    if (action == "kill") {
        kill(getpid(), SIGKILL);
        pause();
    }
    if (action == "stall") wait_();
    if (action.rfind("errno:", 0) == 0)
        return Error{ErrorKind::infrastructure, "the step " + std::string(step) + " failed",
                     std::strerror(std::atoi(action.c_str() + 6)), "a test asked for it"};
    return {};
}

}  // namespace lockstep
