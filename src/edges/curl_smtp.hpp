// SPDX-License-Identifier: MIT
// Handing a mail to a server, over libcurl. Certificates are verified wherever the network is crossed.
#pragma once

#include <chrono>
#include <string>

#include "lockstep/ports/courier.hpp"

namespace lockstep {

struct SmtpOptions {
    std::string ca_file;         ///< PEM bundle instead of the system's; "" = the system's
    bool trust_loopback = true;  ///< a mail server on this machine often has a certificate that nobody signed
};

/// Delivers one mail, with TLS when the server offers it (always with smtps://). Any thread; blocks for `limit` at
/// most. Errors: infrastructure; credentials for what the server refuses for good (5xx); config for other addresses.
[[nodiscard]] Result<void> send_mail(const Mail& mail, std::chrono::milliseconds limit,
                                     const SmtpOptions& options = {});

}  // namespace lockstep
