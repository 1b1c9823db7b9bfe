// SPDX-License-Identifier: MIT
// A directory is read as it is; anything shorter is looked for below the repository's state.
#include "cli/wanted_run.hpp"

#include "cli/wiring.hpp"

namespace lockstep::cli {

Result<FoundRun> wanted_run(const Options& options, const Environment& environment) {
    const std::string wish = options.operands.empty() ? "" : options.operands.front();
    if (options.run_dir) return read_run(std::filesystem::absolute(*options.run_dir).lexically_normal());
    if (wish.find('/') != std::string::npos) return find_run("", wish);
    Machine machine(options, environment);
    LOCKSTEP_TRY_VOID(machine.open_reading());
    return find_run(machine.runs(), wish);
}

}  // namespace lockstep::cli
