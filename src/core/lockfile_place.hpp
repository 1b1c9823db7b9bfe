// SPDX-License-Identifier: MIT
// Whether two references mean the same source. Private to the lock file sources.
#pragma once

#include "lockstep/core/lockfile.hpp"

namespace lockstep {

/// Fetched by an address whose content may change: `tarball` or `file`.
[[nodiscard]] bool is_download(const FlakeRef& ref);
/// Whether two locked references come from the same repository or site: type, host, owner, repo and address, whatever
/// the branch, directory and revision. The address of a download may name the version, so its site counts; a store
/// path is content.
[[nodiscard]] bool same_origin(const FlakeRef& a, const FlakeRef& b);
/// Whether flake.nix asks for the same source, whatever the branch. A registry name and what it stands for are not
/// told apart.
[[nodiscard]] bool same_wish(const FlakeRef& a, const FlakeRef& b);

}  // namespace lockstep
