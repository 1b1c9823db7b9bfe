// SPDX-License-Identifier: MIT
// How a git command ended, read from its status and its words: what kind of failure it was, and the Error it makes.
#pragma once

#include <string>
#include <string_view>

#include "edges/git_cli.hpp"

namespace lockstep {

enum class GitTrouble {
    not_started,  ///< no git on PATH
    interrupted,
    timed_out,
    denied,       ///< authentication, permission, host key
    not_found,    ///< no repository there, or not for these credentials
    unreachable,  ///< name, connection, TLS: git never got to talk to a repository
    lost,         ///< the connection broke while talking
    other,
};

[[nodiscard]] GitTrouble trouble_of(const GitAnswer& answer);

/// `what` is what was tried, as "cannot …". Precondition: !answer.ok().
[[nodiscard]] Error git_error(const GitAnswer& answer, std::string what);

/// Whether `text` holds one of the words, case aside.
[[nodiscard]] bool mentions(std::string_view text, std::initializer_list<std::string_view> phrases);

}  // namespace lockstep
