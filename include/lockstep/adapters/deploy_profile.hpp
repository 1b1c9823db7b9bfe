// SPDX-License-Identifier: MIT
// Hosts that are no NixOS: nix-darwin's systems and home-manager's generations. They are activated by their own
// `activate`, by a command that a lost connection does not end; nobody on the host waits for a word and goes back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lockstep/adapters/deploy.hpp"
#include "lockstep/core/fleet_record.hpp"

namespace lockstep::deploy {

enum class ProfileStep {
    activate,  ///< it runs; home-manager sets its profile by itself
    commit,    ///< it is the profile's
};
/// Precondition: a store path; `type` is darwin or home_manager.
[[nodiscard]] Command profile_command(const SshTarget& target, ProfileType type, ProfileStep step,
                                      const std::string& path, const std::string& nonce);

struct ProfileAnswer {
    int rc = -1;
    std::string output;  ///< its end
};
[[nodiscard]] std::optional<ProfileAnswer> parse_profile(std::string_view text, std::string_view nonce);

}  // namespace lockstep::deploy
