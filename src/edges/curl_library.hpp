// SPDX-License-Identifier: MIT
// What every user of libcurl needs first.
#pragma once

#include <curl/curl.h>

#include <string>

namespace lockstep {

/// Prepares libcurl for the process; only the first call does anything. Any thread.
void start_curl();

/// A part of an address that libcurl has taken apart; "" when it has none.
[[nodiscard]] std::string url_part(CURLU* url, CURLUPart part);

}  // namespace lockstep
