// SPDX-License-Identifier: MIT
// How long to wait before the next try: what the forge says, else growing steps. Pure.
#pragma once

#include <chrono>
#include <optional>

#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep {

/// What `retry-after` (seconds or a date) or an exhausted `x-ratelimit-*` asks for, at most a day; nullopt: nothing.
[[nodiscard]] std::optional<std::chrono::milliseconds> told_wait(const HttpResponse& response,
                                                                 std::chrono::system_clock::time_point now);

/// The wait after try number `tries` (from 1). `jitter` is in [0, 1): 1 s, 2 s, 4 s … 30 s, each give or take a
/// quarter; never less than what the forge told; for a rate limit without a header never less than the dialect's floor,
/// doubling.
[[nodiscard]] std::chrono::milliseconds retry_delay(const HttpResponse& response, forge::Meaning meaning,
                                                    std::chrono::system_clock::time_point now, int tries,
                                                    const forge::Pace& pace, double jitter);

}  // namespace lockstep
