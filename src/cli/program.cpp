// SPDX-License-Identifier: MIT
// Placeholder until the commands are wired.
#include "cli/program.hpp"

namespace lockstep::cli {

int run_program(int, char**) noexcept {
    return 70;
}

}  // namespace lockstep::cli
