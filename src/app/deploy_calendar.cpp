// SPDX-License-Identifier: MIT
// Zones come from the files of this machine: rules of clocks change more often than this program.
#include "app/deploy_calendar.hpp"

#include <fmt/format.h>

namespace lockstep {

namespace {

constexpr std::uint64_t k_longest_file = 1U << 20U;

Result<TimeZone> zone_named(const std::string& name, const std::string& folder, Files& files) {
    if (name == "UTC") return TimeZone();
    std::vector<std::string> folders;
    if (!folder.empty()) folders.push_back(folder);
    folders.insert(folders.end(), k_zone_folders.begin(), k_zone_folders.end());
    for (const auto& each : folders) {
        const auto file = files.read(each + "/" + name, k_longest_file);
        if (!file.ok()) continue;
        auto zone = TimeZone::read(file.value());
        if (zone.ok()) return zone;
    }
    return Error{ErrorKind::config, fmt::format("the time zone \"{}\" is not known on this machine", name),
                 fmt::format("it is in none of {}", fmt::join(folders, ", ")),
                 "check its name (Europe/Berlin), install the time zone database (tzdata; TZDIR says where it is), or "
                 "write the window in UTC"};
}

}  // namespace

Result<std::vector<DeployWindow>> deploy_calendar(const std::vector<std::string>& windows,
                                                  const std::string& usual_zone, const std::string& zone_folder,
                                                  Files& files, Millis now) {
    std::vector<ZonedWindow> zoned;
    for (const auto& text : windows) {
        LOCKSTEP_TRY(auto window, parse_maintenance_window(text));
        if (window.zone.empty()) window.zone = usual_zone;
        LOCKSTEP_TRY(auto zone, zone_named(window.zone, zone_folder, files));
        zoned.push_back({std::move(window), std::move(zone)});
    }
    return window_spans(zoned, now);
}

}  // namespace lockstep
