// SPDX-License-Identifier: MIT
// libcurl's global state.
#include "edges/curl_library.hpp"

#include <mutex>

#include "lockstep/core/check.hpp"

namespace lockstep {

void start_curl() {
    static std::once_flag once;
    std::call_once(once, [] { LOCKSTEP_CHECK(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

std::string url_part(CURLU* url, CURLUPart part) {
    char* text = nullptr;
    if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
    std::string result(text);
    curl_free(text);
    return result;
}

}  // namespace lockstep
