// SPDX-License-Identifier: MIT
// What became of telling somebody about a run. A record of its own, so that the report and the outbox of a run say the
// same.
#pragma once

#include <string>
#include <string_view>

namespace lockstep {

enum class NotificationState {
    waiting,   ///< not delivered yet; `lockstep resume` and the next run try again
    sent,      ///< the other side took it
    given_up,  ///< refused, outdated, or tried too often: nobody tries again
};
[[nodiscard]] std::string_view notification_word(NotificationState state);

struct Notification {
    std::string sink;  ///< "slack", as in the registry of sinks
    NotificationState state = NotificationState::waiting;
    int attempts = 0;
    std::string error;  ///< of the last attempt, one line; "" when there was none

    bool operator==(const Notification&) const = default;
};

}  // namespace lockstep
