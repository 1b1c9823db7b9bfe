// SPDX-License-Identifier: MIT
// The process table, as far as it is needed to find what children leave behind. Best effort by nature: processes come
// and go while it is read, and without procfs every answer is "none".
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lockstep {

struct ProcessFacts {
    pid_t pid = 0, group = 0, session = 0;
    bool dead = false;  ///< a zombie
    std::string name;   ///< as the kernel keeps it: 15 bytes
};

[[nodiscard]] std::optional<ProcessFacts> process_facts(pid_t pid);

/// Bytes of memory that the process has in use, 0 when that is not known.
[[nodiscard]] std::uint64_t resident_bytes(pid_t pid);

/// Direct children, dead ones included.
[[nodiscard]] std::vector<pid_t> children_of(pid_t pid);

/// Children, their children, and so on; at most 4096 of them.
[[nodiscard]] std::vector<ProcessFacts> descendants_of(pid_t pid);

}  // namespace lockstep
