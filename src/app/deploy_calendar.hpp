// SPDX-License-Identifier: MIT
// The maintenance windows of the configuration, put on the calendar of the coming two weeks.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/maintenance_window.hpp"
#include "lockstep/ports/files.hpp"

namespace lockstep {

/// `usual_zone`: of windows that name none. `zone_folder`: $TZDIR, or "". Errors (config): no window, or a zone that
/// this machine does not know.
[[nodiscard]] Result<std::vector<DeployWindow>> deploy_calendar(const std::vector<std::string>& windows,
                                                                const std::string& usual_zone,
                                                                const std::string& zone_folder, Files& files,
                                                                Millis now);

}  // namespace lockstep
