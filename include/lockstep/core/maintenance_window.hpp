// SPDX-License-Identifier: MIT
// When hosts may be changed: "mon-fri 02:00-05:00 Europe/Berlin", as people write it and as spans of time.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_policy.hpp"
#include "lockstep/core/result.hpp"
#include "lockstep/core/time_zone.hpp"

namespace lockstep {

struct MaintenanceWindow {
    std::array<bool, 7> days{};  ///< on which it begins; [0] is Sunday
    std::chrono::minutes from{0};
    std::chrono::minutes until{0};  ///< after midnight of the day on which it begins; up to two days
    std::string zone;               ///< of the tz database; "" = not said

    bool operator==(const MaintenanceWindow&) const = default;
};

/// "[days] HH:MM-HH:MM [zone]". Days are a list of days and ranges, "mon-fri,sun" or "daily"; without them every day.
/// An end that is not after its beginning is on the next day. Errors (config) say what was expected.
[[nodiscard]] Result<MaintenanceWindow> parse_maintenance_window(std::string_view text);

struct ZonedWindow {
    MaintenanceWindow window;
    TimeZone zone;
};

/// The spans that have not ended at `now`, of the days from now on, in order; those that touch or overlap are one.
/// Times that clocks show twice count the first time, those that they skip at the moment of the change.
[[nodiscard]] std::vector<DeployWindow> window_spans(const std::vector<ZonedWindow>& windows, Millis now,
                                                     std::chrono::days ahead = std::chrono::days(15));

/// That one of `spans` which `now` lies in.
[[nodiscard]] std::optional<DeployWindow> window_around(const std::vector<DeployWindow>& spans, Millis now);

/// "the next window opens at 2026-11-23T01:00:00Z, in 26 h 40 min", or, when one is open, when it closes.
[[nodiscard]] std::string window_words(const std::vector<DeployWindow>& spans, Millis now);

}  // namespace lockstep
