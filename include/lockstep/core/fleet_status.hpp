// SPDX-License-Identifier: MIT
// How the hosts of a fleet stand, from one look at each, and what they are compared with. Pure: others look.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/fleet_record.hpp"

namespace lockstep {

/// One look at a host. Texts are cleaned, one line; paths are store paths or "".
struct FleetLook {
    std::string name;
    HostRole role = HostRole::deploy;
    bool required = true;  ///< neither optional nor offline_ok
    std::string address;   ///< the one that answered, else the first
    bool reached = false;
    std::string trouble;  ///< why not, when it was not reached

    std::string running, booted, profile;
    std::string proved;        ///< what was proved last for it, "" = nothing
    std::string left;          ///< what the last deploy left there, "" = no deploy had it
    std::string left_to_boot;  ///< what that left to the next boot, "" = nothing
    std::optional<int> generation;
    std::uint64_t uptime_seconds = 0;
    std::string system_state;                              ///< of systemd: "running", "degraded"; "" = not known
    std::optional<std::vector<std::string>> failed_units;  ///< nullopt: not known
    std::optional<std::uint64_t> store_free, boot_free;    ///< bytes
    std::string holder, holder_state;                      ///< the run that has it
    bool holder_alive = false;
    std::string switch_by;                    ///< who is switching it right now, "" = nobody
    std::vector<std::string> busy;            ///< why not now
    std::vector<std::string> reboot_reasons;  ///< parts of what runs that differ from what was booted
    std::string kernel, nix_version;

    bool operator==(const FleetLook&) const = default;
};

enum class FleetState {
    unreachable,     ///< nobody answered
    busy,            ///< a run or a switch is under way, or the host asks to be left alone
    drifted,         ///< runs neither what a deploy left there nor what was last proved
    reboot_pending,  ///< what the next boot starts, or a part of what runs, needs a reboot
    behind,          ///< something else was proved since
    current,         ///< runs what was last proved
    unproved,        ///< answers; nothing was proved for it to be compared with
};
[[nodiscard]] std::string_view word(FleetState state);  ///< "reboot_pending"

/// The first of them that holds, in the order of the list.
[[nodiscard]] FleetState fleet_state(const FleetLook& look);
/// What a deploy would have to do something about.
[[nodiscard]] bool is_changed(const FleetLook& look);
/// What runs, or is to run after the next boot, differs from what was booted by a part that only a reboot changes.
[[nodiscard]] bool needs_reboot(const FleetLook& look);

/// A table, and below it a line for each host that there is more to say about.
[[nodiscard]] std::string fleet_status_text(const std::vector<FleetLook>& looks);
/// "lockstep-fleet-status/1", complete. Ends with a newline.
[[nodiscard]] std::string fleet_status_json(const std::vector<FleetLook>& looks);

/// What a deploy of what was last proved would change on a host.
struct FleetDifference {
    FleetLook look;
    std::string trouble;                              ///< why nothing can be said of the packages; "" = it can
    ClosureDiff packages;                             ///< from what runs to what was proved
    std::string kernel_before, kernel_after;          ///< versions; "" = not known
    std::optional<std::vector<std::string>> reboots;  ///< parts that a reboot is needed for; nullopt: not known

    bool operator==(const FleetDifference&) const = default;
};
[[nodiscard]] std::string fleet_diff_text(const std::vector<FleetDifference>& hosts);
/// "lockstep-fleet-diff/1". Ends with a newline.
[[nodiscard]] std::string fleet_diff_json(const std::vector<FleetDifference>& hosts);

/// "12d 4h", "3h 20min", "5min", "40s".
[[nodiscard]] std::string uptime_text(std::uint64_t seconds);

}  // namespace lockstep
