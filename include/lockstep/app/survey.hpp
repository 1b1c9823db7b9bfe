// SPDX-License-Identifier: MIT
// What `init` finds out about a repository: attribute sets, hosts that this machine cannot build, names that are no
// hosts.
#pragma once

#include "lockstep/app/run.hpp"
#include "lockstep/core/init_file.hpp"

namespace lockstep {

/// Looks at the checked-out commit; evaluates every host once to learn its system. Changes nothing.
[[nodiscard]] Result<InitFacts> survey(const RunSettings& settings, const RunPorts& ports);

}  // namespace lockstep
