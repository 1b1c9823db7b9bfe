// SPDX-License-Identifier: MIT
// Signed commits by the git command, so that every format that git knows (OpenPGP, X.509, ssh) and every key set-up
// works.
#pragma once

#include <filesystem>
#include <string>

#include "edges/git_cli.hpp"
#include "lockstep/ports/git.hpp"

namespace lockstep {

[[nodiscard]] bool signing_wanted(CommitRequest::Sign wish, const GitConfig& config);

/// Writes the signed commit into `repository` and returns its id. Never asks for a passphrase. Errors: config; there is
/// no unsigned commit instead.
[[nodiscard]] Result<std::string> write_signed_commit(const GitCli& git, const std::filesystem::path& repository,
                                                      const CommitRequest& request, const std::string& tree,
                                                      const Identity& author, const Identity& committer,
                                                      const GitEntries& settings);

}  // namespace lockstep
