// SPDX-License-Identifier: MIT
// What libgit2 can tell about the user's checkout without writing a byte into it.
#pragma once

#include <filesystem>
#include <string>

#include "lockstep/ports/git.hpp"

namespace lockstep::libgit2 {

struct CheckoutReading {
    enum class State {
        ok,
        none,         ///< no repository here or above
        bare,         ///< a repository without a work tree
        unsupported,  ///< a repository that this libgit2 cannot open or read: ask the git command
    };
    State state = State::none;
    CheckoutFacts facts;
    std::string why;  ///< libgit2's words unless ok
};

/// `facts.dirty` is a suspicion: external filters (Git LFS) are not run, so a true wants a second opinion from git.
[[nodiscard]] CheckoutReading read_checkout(const std::filesystem::path& dir);

}  // namespace lockstep::libgit2
