// SPDX-License-Identifier: MIT
// A unit of its own that goes on with a run when its process is gone: for the machine that lockstep itself runs on,
// whose switch may end the service that lockstep is part of.
#pragma once

#include <string>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep::deploy {

struct StandIn {
    std::string program;        ///< lockstep itself, absolute
    std::string run;            ///< is_run_name
    std::string run_dir;        ///< absolute
    bool user_manager = false;  ///< of the user's own service manager: we are not root
    /// "K=V" of this process without its secrets; what the unit may see of it is chosen here.
    std::vector<std::string> environment;
};

/// Starts `lockstep resume --wait` for the run and returns. The unit's environment can be read by everybody on the
/// machine: only variables that say where things are go along, and lockstep's own settings.
[[nodiscard]] Command stand_in_command(const StandIn& wish);

}  // namespace lockstep::deploy
