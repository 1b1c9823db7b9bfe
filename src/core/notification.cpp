// SPDX-License-Identifier: MIT
// The words of notifications.
#include "lockstep/core/notification.hpp"

#include "lockstep/core/check.hpp"

namespace lockstep {

std::string_view notification_word(NotificationState state) {
    switch (state) {
        case NotificationState::waiting:
            return "waiting";
        case NotificationState::sent:
            return "sent";
        case NotificationState::given_up:
            return "given_up";
    }
    LOCKSTEP_CHECK(false);
}

}  // namespace lockstep
