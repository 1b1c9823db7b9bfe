// SPDX-License-Identifier: MIT
// Rows of the registry, each from a file of its own.
#pragma once

#include "lockstep/adapters/deploy_backend.hpp"

namespace lockstep::deploy {

[[nodiscard]] BackendRow colmena_backend();
[[nodiscard]] BackendRow deploy_rs_backend();
[[nodiscard]] BackendRow nixos_rebuild_backend();

/// What calls of all foreign programs have in common: nobody is asked anything, and no colours.
[[nodiscard]] Command foreign_call(std::vector<std::string> argv, const ForeignSwitch& wish);
/// `nix eval --raw FLAKE#ATTRIBUTE`.
[[nodiscard]] Command evaluate_path(const nix::Setup& setup, const ForeignSwitch& wish, const std::string& attribute);
/// user@host, as a program takes it.
[[nodiscard]] std::string user_at_host(const SshTarget& target);

}  // namespace lockstep::deploy
