// SPDX-License-Identifier: MIT
// The user's checkout through the git command: second opinion and fallback for libgit2, and the settings that apply in
// it. Nothing here writes: optional locks are off, and only reading commands are run.
#pragma once

#include <filesystem>
#include <string>

#include "edges/git_cli.hpp"
#include "edges/git_config.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep {

struct CheckoutStore {
    std::filesystem::path common;  ///< the repository's directory, shared by its work trees
    bool shallow = false;
    std::string object_format;  ///< "sha1"
};

struct UserCheckout {
    CheckoutFacts facts;
    CheckoutStore store;
};
/// By libgit2, or by git where libgit2 cannot read the repository (reftable, sparse index, …). Errors: config when
/// there is no work tree, when it belongs to somebody else, or when git is missing or too old.
[[nodiscard]] Result<UserCheckout> read_user_checkout(const GitCli& git, const std::filesystem::path& dir);

/// Everything that `git config` says in the checkout: system, global, local, work tree, includes, our own environment.
[[nodiscard]] Result<GitConfig> checkout_config(const GitCli& git, const std::filesystem::path& root);
/// What it says in the private repository: the part of the above that our commands find by themselves.
[[nodiscard]] Result<GitConfig> private_config(const GitCli& git, const std::filesystem::path& repository);

}  // namespace lockstep
