// SPDX-License-Identifier: MIT
// The real program in a lab: run to its end or started and signalled, with what it said, left in its run directory and
// did (or did not) to the files around it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/nix_lab.hpp"

namespace lockstep::test {

struct LockstepEnd {
    int code = -1;  ///< exit code, or 128 + signal when a signal killed it
    std::string out{}, err{};
    std::filesystem::path run_dir{};  ///< of this run; empty when it made none
    nlohmann::json report{};          ///< report.json of that directory; null when there is none

    /// "web1" → its entry in the report's hosts; null when absent.
    [[nodiscard]] nlohmann::json host(const std::string& name) const;
};

/// Runs LOCKSTEP_BINARY in the lab's environment with a state directory of the lab (lab/state). Variables of CI runners
/// and forges' tokens that the machine may have are emptied.
class Lockstep {
public:
    explicit Lockstep(const NixLab& lab) : lab_(lab) {}

    /// `environment` (K=V) on top; `cwd` "" = the test's.
    [[nodiscard]] LockstepEnd run(const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment = {}, const std::string& cwd = "") const;
    [[nodiscard]] std::filesystem::path state() const { return lab_ / "state"; }
    /// Directories of runs so far, oldest first.
    [[nodiscard]] std::vector<std::filesystem::path> run_dirs() const;
    [[nodiscard]] std::vector<std::string> environment(const std::vector<std::string>& more = {}) const;

private:
    const NixLab& lab_;
};

/// The writing end of a FIFO that a builder has open for reading (Recipe::Kind::hangs).
class OpenGate {
public:
    explicit OpenGate(int fd) : fd_(fd) {}
    OpenGate(OpenGate&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    OpenGate& operator=(OpenGate&&) = delete;
    ~OpenGate() { release(); }
    void release();  ///< lets the builder go on

private:
    int fd_;
};

/// The program in a process group of its own, started and not yet ended. Killed with its group when this object goes.
class StartedLockstep {
public:
    StartedLockstep(const NixLab& lab, const std::vector<std::string>& arguments,
                    const std::vector<std::string>& environment = {});
    ~StartedLockstep();
    StartedLockstep(const StartedLockstep&) = delete;
    StartedLockstep& operator=(const StartedLockstep&) = delete;

    void signal(int number) const;
    /// Waits until a builder has opened the FIFO; nothing when the program ends before that.
    [[nodiscard]] std::optional<OpenGate> open_gate(const std::filesystem::path& fifo) const;
    /// Waits until the program says that it has reached a failpoint (LOCKSTEP_TEST_STALL_FIFO); false when it ends
    /// before that.
    [[nodiscard]] bool reached(const std::filesystem::path& fifo) const;
    /// Waits for the end; call once.
    [[nodiscard]] LockstepEnd wait();

private:
    Lockstep program_;
    std::filesystem::path out_, err_;
    std::vector<std::filesystem::path> before_;
    pid_t pid_ = -1;
};

/// Relative path → kind, mode and content (or link target) of everything below `root`, the root included as "".
using Snapshot = std::map<std::string, std::string>;
[[nodiscard]] Snapshot snapshot(const std::filesystem::path& root);
/// One line for each path that was added, removed or changed; "" when equal.
[[nodiscard]] std::string difference(const Snapshot& before, const Snapshot& after);

/// Command lines of processes that run for the lab: its directory is in their environment (as in those of Nix's
/// builders) or in their arguments.
[[nodiscard]] std::vector<std::string> processes_of(const NixLab& lab);

}  // namespace lockstep::test
