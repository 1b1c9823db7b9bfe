// SPDX-License-Identifier: MIT
// The shape of a command line, looked at before it is parsed, so that every complaint is ours and says what to do.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace lockstep::cli {

[[nodiscard]] Error usage_error(std::string what, std::string hint, std::string why = "");
[[nodiscard]] Error unknown_command(const std::string& name);
/// "did you mean `--exclude`?", or `otherwise` when no known word is near.
[[nodiscard]] std::string did_you_mean(const std::string& word, const std::vector<std::string>& known,
                                       const std::string& otherwise, const std::string& prefix = "");

/// Flags that the command does not have, values where none belong, missing values, flags in place of values.
[[nodiscard]] Result<void> check_flags(const CommandRow& command, const std::vector<std::string>& args);

}  // namespace lockstep::cli
