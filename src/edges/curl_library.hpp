// SPDX-License-Identifier: MIT
// What every user of libcurl needs first.
#pragma once

namespace lockstep {

/// Prepares libcurl for the process; only the first call does anything. Any thread.
void start_curl();

}  // namespace lockstep
