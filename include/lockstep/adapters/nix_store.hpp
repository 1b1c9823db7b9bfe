// SPDX-License-Identifier: MIT
// Where the files of a store lie that is not the machine's own (`nix.options.store`).
#pragma once

#include <string>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {

/// The file that holds a store path's content, for reading derivations: below the root of a store like "/mnt" or
/// "local?root=/mnt" (Nix 2.8 and newer, manual page of `nix help-stores`), else the path itself.
[[nodiscard]] std::string store_file(const Setup& setup, const std::string& path);

}  // namespace lockstep::nix
