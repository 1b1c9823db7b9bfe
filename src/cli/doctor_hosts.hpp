// SPDX-License-Identifier: MIT
// `doctor` for the hosts of the fleet.
#pragma once

#include <vector>

#include "cli/options.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/doctor.hpp"

namespace lockstep::cli {

/// Nothing where no host is deployed to or looked at. With --learn-host-keys the file is written, too.
[[nodiscard]] std::vector<Finding> examine_hosts(const Options& options, Machine& machine);

}  // namespace lockstep::cli
