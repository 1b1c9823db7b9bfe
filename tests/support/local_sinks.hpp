// SPDX-License-Identifier: MIT
// Real servers that take notifications: a mail server (aiosmtpd), nats-server, Prometheus' pushgateway. Each on a
// loopback port of its own, with its files in a temporary directory; what they got can be read.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/local_process.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

/// Fails the test (and says which) when a program is not installed: scripts/setup installs them all.
class LocalSink {
public:
    [[nodiscard]] bool up() const { return server_ != nullptr; }
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] std::string log() const { return read_file(dir_ / "log"); }

protected:
    /// `argv` holds "PORT" where the port belongs. `port` 0 = a free one.
    void start(std::vector<std::string> argv, int port, const Env& env = {});

    TempDir dir_;
    std::unique_ptr<LocalServer> server_;
    int port_ = 0;
};

/// Keeps every mail, headers as they came.
class MailServer : public LocalSink {
public:
    /// `refused`: a reader who is unknown here (550). With TLS the server offers STARTTLS with a certificate for
    /// "localhost", and takes mail only over it.
    explicit MailServer(int port = 0, const std::string& refused = "", bool tls = false);
    [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const;
    [[nodiscard]] std::string certificate() const { return (dir_ / "certificate.pem").string(); }
    [[nodiscard]] std::vector<std::string> mails() const;  ///< "from …", "to …" lines, then the mail
};

class NatsServer : public LocalSink {
public:
    /// `denied`: a subject that nobody may publish to.
    explicit NatsServer(int port = 0, const std::string& denied = "");
    [[nodiscard]] std::string url() const { return "nats://127.0.0.1:" + std::to_string(port_); }
    /// Publications that the server has seen, as its trace shows them: subject and payload.
    [[nodiscard]] std::vector<std::string> messages() const;
};

class Pushgateway : public LocalSink {
public:
    explicit Pushgateway(int port = 0);
    [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
};

}  // namespace lockstep::test
