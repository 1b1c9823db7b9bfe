// SPDX-License-Identifier: MIT
// Programs that tests run themselves: git, sshd, git http-backend. Deliberately not the supervisor under test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace lockstep::test {

using Env = std::vector<std::pair<std::string, std::string>>;

struct RunOptions {
    Env env{};  ///< set on top of ours; with `clean_env` the whole environment
    bool clean_env = false;
    std::vector<std::string> unset{};                            ///< variables of ours that the program does not get
    std::filesystem::path cwd{};                                 ///< "" = ours
    std::string input{};                                         ///< fed to stdin, which is then closed
    std::chrono::milliseconds limit = std::chrono::seconds(60);  ///< then the process group is killed
};

struct RunResult {
    int status = -1;  ///< exit code; 128 + signal; 127 when the program could not be started
    std::string out{}, err{};
    bool timed_out = false;

    [[nodiscard]] bool ok() const { return status == 0; }
};

/// Runs argv (argv[0] through PATH), without a shell, and waits. Safe from several threads.
[[nodiscard]] RunResult run(const std::vector<std::string>& argv, const RunOptions& options = {});

/// A program that stays up until this object goes: TERM, then KILL, then reaped.
class LocalServer {
public:
    /// Output goes to `log`.
    LocalServer(const std::vector<std::string>& argv, const Env& env, const std::filesystem::path& log);
    ~LocalServer();
    LocalServer(const LocalServer&) = delete;
    LocalServer& operator=(const LocalServer&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();

private:
    pid_t pid_ = -1;
};

/// A TCP port of 127.0.0.1 that was free a moment ago, for programs that cannot choose one themselves.
[[nodiscard]] int free_port();
/// Whether something accepts on 127.0.0.1:port, trying until the limit.
[[nodiscard]] bool wait_for_port(int port, std::chrono::milliseconds limit = std::chrono::seconds(20));

/// First match in PATH and the sbin folders; "" when absent.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace lockstep::test
