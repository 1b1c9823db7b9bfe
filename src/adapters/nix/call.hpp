// SPDX-License-Identifier: MIT
// What all calls of Nix have in common.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

/// argv up to and including the sub-command, with experimental features switched on.
[[nodiscard]] Command start_call(const Setup& setup, std::string_view program,
                                 const std::vector<std::string>& subcommand);
/// --option name value for each option of the setup.
void add_options(Command& command, const Setup& setup);
/// Nothing that the call starts may ask a person: not git, not ssh, also where there is a terminal.
void forbid_prompts(Command& command);
/// Bytes outside of what a URL's path may hold become "%41".
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace lockstep::nix
