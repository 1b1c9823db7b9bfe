// SPDX-License-Identifier: MIT
// Keeps the memory of this process, which holds tokens, from other programs of the same user and from the disk.
#pragma once

namespace lockstep {

/// No core files, of this process and its children; no debugger and no reading of /proc/PID/{environ,mem} by other
/// processes of the same user (root may always). Children become readable again when they start another program.
/// Failing at it is no reason not to run. Call before the first child.
void keep_memory_private();

}  // namespace lockstep
