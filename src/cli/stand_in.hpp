// SPDX-License-Identifier: MIT
// Somebody who goes on with this run when the switch of the machine that it runs on ends it.
#pragma once

#include <functional>

#include "cli/wiring.hpp"

namespace lockstep::cli {

/// For DeployPorts::stand_in: a unit of the service manager that waits for the end of this process and then resumes the
/// run, unless it is over. Empty where there is no systemd: nothing ends services there. The machine must outlive it.
[[nodiscard]] std::function<Result<void>()> stand_in_for(Machine& machine);

}  // namespace lockstep::cli
