// SPDX-License-Identifier: MIT
// One posix_spawn: a Command becomes a child in its own process group with pipes, or a reason why not.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep {

/// A file descriptor that closes itself.
class Fd {
public:
    Fd() = default;
    explicit Fd(int fd) : fd_(fd) {}
    Fd(Fd&& other) noexcept : fd_(other.release()) {}
    Fd& operator=(Fd&& other) noexcept;
    ~Fd() { reset(); }

    [[nodiscard]] int get() const { return fd_; }
    [[nodiscard]] bool open() const { return fd_ >= 0; }
    int release();
    void reset();

private:
    int fd_ = -1;
};

/// A started child; the descriptors are ours, non-blocking and close-on-exec.
struct Spawned {
    pid_t pid = -1;
    Fd pidfd, in, out, err;  ///< `in` only when the command has stdin_text
};

/// Errors (infrastructure): `why` says what is missing. The child gets exactly stdin, stdout and stderr, no blocked
/// signals and default dispositions.
[[nodiscard]] Result<Spawned> spawn(const Command& command, const std::vector<std::string>& base_environment);

}  // namespace lockstep
