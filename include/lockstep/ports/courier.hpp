// SPDX-License-Identifier: MIT
// Messages as data, and who brings them. What they say is written by adapters/notify.
#pragma once

#include <chrono>
#include <string>
#include <variant>
#include <vector>

#include "lockstep/core/result.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep {

/// A mail to hand to a server.
struct Mail {
    std::string url;              ///< "smtp://host:port" or "smtps://host:port"
    std::string from;             ///< bare addresses
    std::vector<std::string> to;  ///< at least one
    std::string text;             ///< RFC 5322, lines end with CR LF
    bool operator==(const Mail&) const = default;
};

/// A message for whoever listens to a subject.
struct Publication {
    std::string url;  ///< "nats://host:port" or "tls://host:port"
    std::string subject, id, body;
    bool operator==(const Publication&) const = default;
};

/// A file that others read at any time, so it is replaced as a whole.
struct PublicFile {
    std::string path, text;
    bool operator==(const PublicFile&) const = default;
};

using Delivery = std::variant<HttpRequest, Mail, Publication, PublicFile>;

class Courier {
public:
    virtual ~Courier() = default;
    /// Blocks for at most about `limit`; from any thread, several at once. Success means that the other side said so.
    /// Errors: infrastructure (down, slow, cut: it may have arrived), credentials (refused: trying again is useless
    /// until somebody mends something), config (never sent).
    [[nodiscard]] virtual Result<void> deliver(const Delivery& delivery, std::chrono::milliseconds limit) = 0;
};

}  // namespace lockstep
