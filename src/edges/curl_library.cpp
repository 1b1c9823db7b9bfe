// SPDX-License-Identifier: MIT
// libcurl's global state.
#include "edges/curl_library.hpp"

#include <curl/curl.h>

#include <mutex>

#include "lockstep/core/check.hpp"

namespace lockstep {

void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { LOCKSTEP_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

}  // namespace lockstep
