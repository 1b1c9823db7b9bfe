// SPDX-License-Identifier: MIT
// Reading the prose of Nix and git. It differs between versions, anybody can forge it, and it decides only which name a
// failure gets, never whether something succeeded.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::nix {

[[nodiscard]] bool has_any(std::string_view text, std::initializer_list<std::string_view> patterns);

/// The deciding part of an error output.
struct ErrorText {
    std::string
        message;  ///< the last "error: …" of Nix, with the reason that newer versions put on the next line; one line
    std::vector<std::string> git;                ///< lines by git and ssh ("fatal: …"), when the message is about git
    [[nodiscard]] std::string evidence() const;  ///< all of it
};
[[nodiscard]] ErrorText read_error(std::string_view output);

enum class FetchTrouble {
    none,     ///< not about fetching
    network,  ///< no connection, time-out, server error
    rate_limited,
    refused,  ///< credentials
    gone,     ///< there is no such thing (any more)
};
[[nodiscard]] FetchTrouble fetch_trouble(std::string_view evidence);

[[nodiscard]] bool says_no_space(std::string_view text);
[[nodiscard]] bool says_no_memory(std::string_view text);
[[nodiscard]] bool says_daemon_lost(std::string_view text);

}  // namespace lockstep::nix
