// SPDX-License-Identifier: MIT
// One message to a NATS server.
#pragma once

#include <chrono>

#include "lockstep/ports/courier.hpp"

namespace lockstep {

/// Connects, publishes, waits until the server has seen it, and leaves. Any thread; blocks for `limit` at most (names
/// that take long to resolve aside). Errors: infrastructure; credentials when the server wants others, or lets nobody
/// like us publish there.
[[nodiscard]] Result<void> publish(const Publication& message, std::chrono::milliseconds limit);

}  // namespace lockstep
