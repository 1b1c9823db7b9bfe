// SPDX-License-Identifier: MIT
// The closure of a system, asked where it is: on a host, or on this machine.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy.hpp"
#include "lockstep/core/closure_diff.hpp"

namespace lockstep::deploy {

/// Lists every path that the store path needs, itself among them. `target.local` asks this machine; `nix_bin`: where
/// the programs of Nix are, before PATH.
[[nodiscard]] Command closure_command(const SshTarget& target, Connection connection, const std::string& path,
                                      const std::string& nonce, const std::string& nix_bin = "");
/// nullopt: cut off, not our answer, larger than any closure is (16 MiB), or the path is not valid there. Sizes are 0
/// when they were not told. Whatever is no store path is no answer.
[[nodiscard]] std::optional<std::vector<ClosurePath>> parse_closure(std::string_view text, std::string_view nonce);

}  // namespace lockstep::deploy
