// SPDX-License-Identifier: MIT
// The command line program as a function, so that main stays a few lines.
#pragma once

namespace lockstep::cli {

/// Parses, wires, runs; returns the process exit code. Never throws.
[[nodiscard]] int run_program(int argc, char** argv) noexcept;

}  // namespace lockstep::cli
