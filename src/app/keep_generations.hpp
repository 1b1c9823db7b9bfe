// SPDX-License-Identifier: MIT
// The last landed generations of each host survive garbage collections.
#pragma once

#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/ports/process.hpp"
#include "lockstep/ports/roots.hpp"

namespace lockstep {

struct LandedHost {
    std::string name;
    std::vector<std::string> outputs;  ///< never empty
};

struct KeepRequest {
    nix::Setup setup;
    std::string folder;              ///< absolute, the same for all runs on one base and flake
    std::string run_id;              ///< sorts after those of earlier runs
    int generations = 3;             ///< 0: everything goes
    std::vector<LandedHost> landed;  ///< the proved ones
    std::vector<std::string> fleet;  ///< names of all hosts there are; what others had goes
};

/// A generation of a host is what it had when it landed; landing the same again adds none. Below the folder,
/// hosts/HOST/RUN[.N] says what is kept, and slots/RUN/… are the links that Nix knows. Everything is registered afresh
/// whenever something changed, so that roots which got lost come back. Blocks on one process; never call it on the
/// runner's thread. Errors (infrastructure): the earlier generations keep their roots.
[[nodiscard]] Result<void> keep_landed(const KeepRequest& request, ProcessRunner& processes, RootLinks& links);

/// The first output that the host last landed with, as far as it is kept; "" when none is.
[[nodiscard]] std::string last_landed(const std::string& folder, const std::string& host, RootLinks& links);

}  // namespace lockstep
