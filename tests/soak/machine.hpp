// SPDX-License-Identifier: MIT
// A machine of the soak: a checkout, a state directory and a nix of its own, and the real program started on it.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "soak/fleet.hpp"

namespace lockstep::test::soak {

/// Where everything of one history is, and how the remote and the forge are reached.
struct Site {
    std::filesystem::path dir, bare;
    std::string remote_url, forge_kind, forge_url, token_file;
};

/// How one process ended.
struct End {
    int code = -1;  ///< exit code, or 128 + signal
    bool killed = false, hung = false;
    std::string words;              ///< what it wrote to standard error
    std::filesystem::path run_dir;  ///< the newest of the machine's runs; empty when there is none
    nlohmann::json verdict;         ///< of that run's report; null when there is none
};

class Machine {
public:
    Machine(const Site& site, std::string name);

    struct Wish {
        std::vector<std::string> arguments;
        std::string failpoints{};             ///< LOCKSTEP_TEST_FAILPOINT; one of them may be a pause
        std::function<void(pid_t)> moment{};  ///< while it pauses; then it goes on
    };
    /// Runs the program to its end.
    End run(const Wish& wish);

    [[nodiscard]] const std::string& name() const { return name_; }
    /// Directory of a run of this machine; empty when it has no such run.
    [[nodiscard]] std::filesystem::path run_dir(const std::string& run_id) const;
    [[nodiscard]] std::vector<std::filesystem::path> run_dirs() const;  ///< oldest first
    [[nodiscard]] bool is_valid(const std::string& output) const;
    /// Every second output of the store goes; `odd` says which.
    void collect_garbage(bool odd) const;
    void cause_trouble(const std::string& command) const;  ///< "" = none any more

private:
    End finish(pid_t child, const Wish& wish, const std::filesystem::path& fifo);

    Site site_;
    std::string name_;
    std::filesystem::path dir_;
    int processes_ = 0;
};

}  // namespace lockstep::test::soak
