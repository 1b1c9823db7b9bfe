// SPDX-License-Identifier: MIT
// A Nix of a test's own: the real programs from PATH over a store, state, cache, home and git configuration inside a
// temporary directory. No network, no daemon, no sandbox. Store paths differ between labs: never compare them
// literally.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "support/run_program.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {

/// True when `nix` and `git` are found on PATH. LOCKSTEP_REQUIRE_NIX=1 makes their absence a failure instead of a skip.
[[nodiscard]] bool nix_on_path();

#define LOCKSTEP_NEEDS_NIX() \
    if (!::lockstep::test::nix_on_path()) GTEST_SKIP() << "nix or git is not on PATH"

class NixLab {
public:
    NixLab();

    [[nodiscard]] const std::filesystem::path& root() const { return dir_.path(); }
    std::filesystem::path operator/(std::string_view name) const { return dir_ / name; }
    [[nodiscard]] std::filesystem::path store() const { return dir_ / "store"; }

    /// K=V: what makes nix and git use this lab, for any process started by a test.
    [[nodiscard]] const std::vector<std::string>& environment() const { return environment_; }
    /// Our environment with that: the base environment for a Supervisor.
    [[nodiscard]] std::vector<std::string> full_environment() const { return environment_with(environment_); }
    /// Of the nix on PATH.
    [[nodiscard]] const nix::Setup& setup() const { return setup_; }
    /// Adds lines to this lab's nix.conf.
    void configure(std::string_view lines);

    /// Runs a command of the translator as the supervisor would, without its limits.
    [[nodiscard]] Ran run(const Command& command) const;
    std::string git(const std::filesystem::path& repository, std::vector<std::string> arguments) const;

    /// Names of the hosts (or other members) in a set; fails the test when they cannot be had.
    [[nodiscard]] std::vector<std::string> names(const std::string& flake,
                                                 const std::string& set = "nixosConfigurations") const;
    /// Evaluates one target; its derivation, or "" when that fails.
    [[nodiscard]] std::string derivation(const std::string& flake, const std::string& host,
                                         const std::string& set = "nixosConfigurations") const;
    /// Whether a store path is valid, asked from the store.
    [[nodiscard]] bool valid(const std::string& path) const;

private:
    TempDir dir_;
    std::vector<std::string> environment_;
    nix::Setup setup_;
};

/// "x86_64-linux": what the machine that runs the tests calls itself.
[[nodiscard]] std::string this_system();

}  // namespace lockstep::test
