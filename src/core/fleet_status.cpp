// SPDX-License-Identifier: MIT
// What a look at a host means.
#include "lockstep/core/fleet_status.hpp"

#include <fmt/format.h>

namespace lockstep {

namespace {

/// A deploy has set the next boot, and it has not come yet.
bool waits_for_boot(const FleetLook& look) {
    return !look.profile.empty() && look.profile != look.running && look.profile == look.proved;
}

}  // namespace

std::string_view word(FleetState state) {
    switch (state) {
        case FleetState::unreachable:
            return "unreachable";
        case FleetState::busy:
            return "busy";
        case FleetState::drifted:
            return "drifted";
        case FleetState::reboot_pending:
            return "reboot_pending";
        case FleetState::behind:
            return "behind";
        case FleetState::current:
            return "current";
        case FleetState::unproved:
            return "unproved";
    }
    return "";
}

bool needs_reboot(const FleetLook& look) {
    return look.reached && (waits_for_boot(look) || !look.reboot_reasons.empty());
}

bool is_changed(const FleetLook& look) {
    return look.reached && !look.proved.empty() && (look.running != look.proved || look.profile != look.proved);
}

FleetState fleet_state(const FleetLook& look) {
    if (!look.reached) return FleetState::unreachable;
    if ((!look.holder.empty() && look.holder_alive) || !look.switch_by.empty() || !look.busy.empty())
        return FleetState::busy;
    // The same rule by which a deploy leaves a host alone.
    const bool as_left = look.running == look.left || look.running == look.left_to_boot;
    if (!look.left.empty() && !as_left && look.running != look.proved) return FleetState::drifted;
    if (needs_reboot(look)) return FleetState::reboot_pending;
    if (look.proved.empty()) return FleetState::unproved;
    return is_changed(look) ? FleetState::behind : FleetState::current;
}

std::string uptime_text(std::uint64_t seconds) {
    const auto minutes = seconds / 60, hours = minutes / 60, days = hours / 24;
    if (days > 0) return fmt::format("{}d {}h", days, hours % 24);
    if (hours > 0) return fmt::format("{}h {}min", hours, minutes % 60);
    return minutes > 0 ? fmt::format("{}min", minutes) : fmt::format("{}s", seconds);
}

}  // namespace lockstep
