// SPDX-License-Identifier: MIT
// The HTTP port over libcurl. Certificates are always verified, redirects never followed, and nothing that may hold a
// secret (headers, credentials of an address) reaches an error text.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "lockstep/ports/http.hpp"

namespace lockstep {

class CurlHttp final : public HttpClient {
public:
    struct Options {
        std::string ca_file;                                  ///< PEM bundle instead of the system's; "" = the system's
        bool allow_plain_http = false;                        ///< send Authorization over http:// to other machines too
        std::string address_key = "forge.url (--forge-url)";  ///< what to correct when an address is refused
        std::chrono::milliseconds connect_timeout{10'000};
        std::chrono::seconds stall_timeout{20};  ///< gives up when not a byte moves for so long
    };

    explicit CurlHttp(Options options);
    CurlHttp() : CurlHttp(Options()) {}
    ~CurlHttp() override;
    CurlHttp(const CurlHttp&) = delete;
    CurlHttp& operator=(const CurlHttp&) = delete;

    /// One request at a time; the connection is kept for the next one. Proxies come from the environment as curl reads
    /// it, except for addresses of this machine. Errors: infrastructure; config for an address or header that is not
    /// sent at all (other schemes, credentials in the address or over plain http, control characters).
    [[nodiscard]] Result<HttpResponse> send(const HttpRequest& request) override;
    /// Gives up the present request within a second, and every later one at once. Thread-safe.
    void interrupt() { interrupted_ = true; }

private:
    struct Handle;

    Options options_;
    std::unique_ptr<Handle> handle_;
    std::atomic<bool> interrupted_{false};
};

}  // namespace lockstep
