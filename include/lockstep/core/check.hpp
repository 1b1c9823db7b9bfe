// SPDX-License-Identifier: MIT
// Bugs end the program at the place where they are seen; they are never turned into a result.
#pragma once

namespace lockstep {

/// Prints the failed condition with its place to stderr and aborts.
[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace lockstep

#define LOCKSTEP_CHECK(condition) ((condition) ? void(0) : ::lockstep::check_failed(#condition, __FILE__, __LINE__))
