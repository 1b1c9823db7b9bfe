// SPDX-License-Identifier: MIT
// Ends the program on a bug.
#include "lockstep/core/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace lockstep {

void check_failed(const char* condition, const char* file, int line) noexcept {
    std::fprintf(stderr, "lockstep: internal error: %s does not hold at %s:%d\n", condition, file, line);
    std::abort();
}

}  // namespace lockstep
