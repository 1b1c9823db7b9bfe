// SPDX-License-Identifier: MIT
// What a deploy may do on a host: asked beforehand, without doing any of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy.hpp"

namespace lockstep::deploy {

/// With `target.become` of sudo each of privilege_questions() is asked, with `path` for a system.
[[nodiscard]] Command rights_command(const SshTarget& target, const std::string& path, const std::string& nonce);

struct HostRights {
    std::string user;
    bool root = false;
    std::vector<std::string> groups;
    /// Commands that sudo refuses, as a line each; nullopt: nobody asked.
    std::optional<std::vector<std::string>> refused;
    bool settings_known = false;  ///< of Nix; the rest says nothing without it
    std::vector<std::string> trusted_users, trusted_keys;
    bool require_signatures = true;

    /// Whether Nix takes from this user what nobody signed.
    [[nodiscard]] bool trusted() const;
};
/// nullopt: cut off or not our answer. `target` and `path`: of the question.
[[nodiscard]] std::optional<HostRights> parse_rights(std::string_view text, std::string_view nonce,
                                                     const SshTarget& target, const std::string& path);

/// Who signed a path of this machine's store.
[[nodiscard]] Command signatures_command(const nix::Setup& setup, const std::string& path);
/// Names of keys; "ca" when its name proves its content, so that nobody has to sign it.
[[nodiscard]] std::vector<std::string> parse_signatures(std::string_view text);
/// Whether a host with these keys ("name:base64") takes what these names have signed.
[[nodiscard]] bool signed_for(const std::vector<std::string>& signatures, const std::vector<std::string>& keys);

}  // namespace lockstep::deploy
