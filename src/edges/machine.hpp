// SPDX-License-Identifier: MIT
// What this machine offers: cores and memory, as far as this process may use them.
#pragma once

#include <cstdint>
#include <string>

namespace lockstep {

struct MachineFacts {
    int cores = 1;                   ///< by affinity and cgroup quota, at least 1
    std::uint64_t memory_bytes = 0;  ///< MemAvailable, or what the cgroup leaves, whichever is less; 0 = unknown
};

[[nodiscard]] MachineFacts machine_facts();

/// What this machine calls itself; "" when it cannot tell.
[[nodiscard]] std::string host_name();

}  // namespace lockstep
