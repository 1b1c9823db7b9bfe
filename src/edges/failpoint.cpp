// SPDX-License-Identifier: MIT
// Dying, failing, stalling on purpose.
#include "edges/failpoint.hpp"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "edges/fd.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

Failpoints::Failpoints(std::string_view plan, std::string fifo, std::function<void()> wait)
    : fifo_(std::move(fifo)), wait_(std::move(wait)) {
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
    if (action == "stall" || action == "stuck" || action == "pause") tell_reached();
    if (action == "pause") Fd(open(fifo_.c_str(), O_RDONLY | O_CLOEXEC));
    if (action == "stall") wait_();
    while (action == "stuck") pause();  // signals go to a thread of their own
    if (action.rfind("errno:", 0) == 0)
        return Error{ErrorKind::infrastructure, "the step " + std::string(step) + " failed",
                     std::strerror(std::atoi(action.c_str() + 6)), "a test asked for it"};
    return {};
}

void Failpoints::tell_reached() const {
    if (fifo_.empty()) return;
    const Fd fifo(open(fifo_.c_str(), O_WRONLY | O_CLOEXEC));
    (void)!write(fifo.get(), "reached\n", 8);
}

}  // namespace lockstep
