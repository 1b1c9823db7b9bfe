// SPDX-License-Identifier: MIT
// One posix_spawn: a Command becomes a child in its own process group with pipes, or a reason why not.
#pragma once

#include <sys/types.h>

#include <string>
#include <variant>
#include <vector>

#include "edges/fd.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

/// A started child; the descriptors are ours, non-blocking and close-on-exec.
struct Spawned {
    pid_t pid = -1;
    Fd pidfd, in, out, err;  ///< `in` only when the command has stdin_text
};

struct NotSpawned {
    std::string reason;
    bool for_now = false;  ///< descriptors, processes or memory ran out: worth another try when something has ended
};

/// The child leads its own process group and gets exactly stdin, stdout and stderr, no blocked signals and default
/// dispositions. With `wide_pipes` the kernel is asked for 1 MiB of buffer per stream (64 KiB otherwise): quicker, but
/// each user has a limited amount of it.
[[nodiscard]] std::variant<Spawned, NotSpawned> spawn(const Command& command,
                                                      const std::vector<std::string>& base_environment,
                                                      bool wide_pipes);

}  // namespace lockstep
