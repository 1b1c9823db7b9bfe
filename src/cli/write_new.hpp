// SPDX-License-Identifier: MIT
// Files that a command writes for people, where they said.
#pragma once

#include <string>

#include "lockstep/core/result.hpp"

namespace lockstep::cli {

/// Errors: config when there is one already (unless `force`), infrastructure when it cannot be written.
[[nodiscard]] Result<void> write_new(const std::string& path, const std::string& text, bool force);

}  // namespace lockstep::cli
