// SPDX-License-Identifier: MIT
// Help texts and the man page, from the option table.
#pragma once

#include <string>

#include "cli/options.hpp"

namespace lockstep::cli {

[[nodiscard]] std::string version_text();
[[nodiscard]] std::string program_help();
[[nodiscard]] std::string command_help(const CommandRow& command);
/// docs/lockstep.1
[[nodiscard]] std::string man_page();

}  // namespace lockstep::cli
