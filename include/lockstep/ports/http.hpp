// SPDX-License-Identifier: MIT
// One HTTP exchange as data.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
    std::string method = "GET", url;
    Headers headers;  ///< may hold secrets; never logged
    std::string body;
    std::chrono::milliseconds timeout{30'000};
    std::size_t max_body = 8u << 20;

    bool operator==(const HttpRequest&) const = default;
};

struct HttpResponse {
    int status = 0;
    Headers headers;  ///< names in lower case
    std::string body;

    [[nodiscard]] std::string_view header(std::string_view lower_name) const;
    bool operator==(const HttpResponse&) const = default;
};

class HttpClient {
public:
    virtual ~HttpClient() = default;
    /// Blocking; only the spine calls it. Any answer with a status line is a value, whatever the status; redirects are
    /// not followed. Errors (infrastructure): refused, timeout, cut, TLS, body larger than max_body.
    /// After an error it is unknown whether the server did the work.
    [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

}  // namespace lockstep
