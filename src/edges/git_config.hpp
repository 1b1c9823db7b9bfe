// SPDX-License-Identifier: MIT
// The user's git settings as data: what applies in the checkout, and which of it our own commands must be handed so
// that they act on the remote as the user's git would. Nothing of it is ever written down; it may hold secrets.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lockstep/core/result.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep {

using GitEntries = std::vector<std::pair<std::string, std::string>>;  ///< key, value; later ones win

class GitConfig {
public:
    /// From `git config --list -z`: "key\nvalue\0", or "key\0" for a key without a value (read as "true").
    [[nodiscard]] static GitConfig parse(std::string_view listing);

    [[nodiscard]] std::optional<std::string> get(std::string_view key) const;  ///< the last value
    [[nodiscard]] std::vector<std::string> all(std::string_view key) const;
    [[nodiscard]] bool is_true(std::string_view key) const;
    [[nodiscard]] bool any(bool (*matches)(std::string_view key, std::string_view value)) const;
    [[nodiscard]] std::vector<std::string> remotes() const;
    [[nodiscard]] const GitEntries& entries() const { return entries_; }

private:
    GitEntries entries_;
};

/// The settings of `checkout` that matter for network, identity and signing and that `elsewhere` (the same machine, but
/// outside the checkout) lacks. Those of `remote` become those of the remote `as`, its addresses left out.
[[nodiscard]] GitEntries settings_to_hand_over(const GitConfig& checkout, const GitConfig& elsewhere,
                                               const std::string& remote, const std::string& as);

enum class Role { author, committer };
/// Name and address as git would find them: environment, then configuration; never guessed from the machine.
/// `environment` returns "" for unset. Errors: config, says what to set.
[[nodiscard]] Result<Identity> identity_for(Role role, const std::function<std::string(const char*)>& environment,
                                            const GitConfig& config);

}  // namespace lockstep
