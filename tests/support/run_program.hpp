// SPDX-License-Identifier: MIT
// A child process for fixtures and contract tests: run, wait, read. Independent of the code under test.
#pragma once

#include <string>
#include <vector>

namespace lockstep::test {

struct Ran {
    int code = -1;  ///< exit code, or 128 + signal
    std::string out, err;
};

/// Runs argv[0] from PATH (of `environment`, when it sets one) with stdin closed and our environment changed by
/// `environment` (K=V). Fails the test when the program cannot be started.
[[nodiscard]] Ran run_program(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {},
                              const std::string& cwd = "");

/// Our environment changed by `changes` (K=V).
[[nodiscard]] std::vector<std::string> environment_with(const std::vector<std::string>& changes);

/// run_program; anything but exit code 0 fails the test. Gives stdout.
std::string run_ok(const std::vector<std::string>& argv, const std::vector<std::string>& environment = {},
                   const std::string& cwd = "");

}  // namespace lockstep::test
