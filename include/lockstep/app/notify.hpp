// SPDX-License-Identifier: MIT
// Telling the sinks: everything that waits, all at once, each within its limit.
#pragma once

#include <chrono>
#include <functional>

#include "lockstep/adapters/notify.hpp"
#include "lockstep/ports/courier.hpp"

namespace lockstep {

/// Tries every waiting entry of `outbox` once, each on a thread of its own, and puts in what became of it. Returns when
/// the last has ended, which the courier's limits bound. Never an error: what was not delivered waits.
void send_waiting(notify::Outbox& outbox, const notify::Places& places, const notify::News& news, Courier& courier,
                  std::chrono::milliseconds limit);

}  // namespace lockstep
