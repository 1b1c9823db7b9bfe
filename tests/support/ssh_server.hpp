// SPDX-License-Identifier: MIT
// A real sshd on a loopback port that serves git repositories from one directory, with keys of its own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "support/local_process.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

class SshServer {
public:
    /// Why there can be none on this machine ("" = there can): for GTEST_SKIP.
    [[nodiscard]] static std::string unavailable();

    /// Serves the repositories below `root`. Fails the test when sshd does not come up.
    explicit SshServer(std::filesystem::path root);

    [[nodiscard]] bool running() { return server_ != nullptr && server_->running(); }
    [[nodiscard]] int port() const { return port_; }
    /// "ssh://USER@127.0.0.1:PORT/fleet.git" for ROOT/fleet.git.
    [[nodiscard]] std::string url(const std::string& repository) const;
    /// An ssh client configuration with the right key and host key, and nothing of the user's.
    [[nodiscard]] std::filesystem::path client_config() const { return dir_ / "client_config"; }
    [[nodiscard]] std::string git_ssh_command() const { return "ssh -F " + client_config().string(); }
    [[nodiscard]] std::filesystem::path user_key() const { return dir_ / "user_key"; }
    [[nodiscard]] std::filesystem::path known_hosts() const { return dir_ / "known_hosts"; }
    [[nodiscard]] std::string log() const;
    /// Makes the server another one in the client's eyes: known_hosts names a key that it does not have.
    void forge_known_host() const;
    void stop() { server_.reset(); }

private:
    void make_key(const std::string& name) const;
    void configure(const std::filesystem::path& root) const;

    TempDir dir_;
    int port_ = 0;
    std::unique_ptr<LocalServer> server_;
};

}  // namespace lockstep::test
