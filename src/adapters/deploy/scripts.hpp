// SPDX-License-Identifier: MIT
// The shell scripts of scripts/, and how one becomes a command for a host.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/adapters/deploy.hpp"

namespace lockstep::deploy {

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// Text of scripts/NAME.sh; "" when there is none.
[[nodiscard]] std::string_view host_script(std::string_view name);

/// One word for a POSIX shell.
[[nodiscard]] std::string shell_word(std::string_view text);
/// NAME='value' lines.
[[nodiscard]] std::string assignments(const Parameters& parameters);

/// common.sh and NAME.sh by `sh -s` on the host, with `lockstep_become` and these parameters.
[[nodiscard]] Command script_command(const SshTarget& target, Connection connection, std::string_view name,
                                     Parameters parameters, std::string label);

}  // namespace lockstep::deploy
