// SPDX-License-Identifier: MIT
// Looks from the runner at what hosts serve.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace lockstep {

/// Whether a TCP connection to host:port can be made within the limit. Blocks; any thread.
[[nodiscard]] bool can_connect(const std::string& host, int port, std::chrono::milliseconds limit);

}  // namespace lockstep
