// SPDX-License-Identifier: MIT
// The parts of a system in this machine's store that only a boot brings into use.
#pragma once

#include <map>
#include <string>

namespace lockstep {

/// Where kernel, initrd, kernel-modules and systemd of a system really are, and the text of its kernel-params; what it
/// has not got is left out. Any thread.
[[nodiscard]] std::map<std::string, std::string> boot_parts_here(const std::string& system);

}  // namespace lockstep
