// SPDX-License-Identifier: MIT
// An unsandboxed build runs as our user and can read whatever that user can.
#include "edges/private_memory.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace lockstep {

void keep_memory_private() {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace lockstep
