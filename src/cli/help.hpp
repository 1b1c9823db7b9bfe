// SPDX-License-Identifier: MIT
// Help texts, man page and the table of flags in docs/CONFIG.md, all from the option table.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace lockstep::cli {

struct Example {
    std::string_view command;  ///< "run"; "" = the program's own help
    std::string_view line;     ///< what to type
    std::string_view doc;      ///< what it does; "" where the line speaks for itself
};
[[nodiscard]] const std::vector<Example>& example_table();

[[nodiscard]] std::string version_text();
[[nodiscard]] std::string program_help();
[[nodiscard]] std::string command_help(const CommandRow& command);
/// docs/lockstep.1, in the man macros of roff.
[[nodiscard]] std::string man_page();
/// The last part of docs/CONFIG.md.
[[nodiscard]] std::string flags_markdown();

}  // namespace lockstep::cli
