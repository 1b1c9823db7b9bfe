// SPDX-License-Identifier: MIT
// Secrets that only other programs read: their files are checked, never opened by us for reading their content.
#pragma once

#include <string>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// The file exists, is regular, readable, not empty, and neither readable nor writable by others (a group may read).
/// `what` names it in the error: "the signing key", and `key` the configuration key. Errors: credentials.
[[nodiscard]] Result<void> check_secret_file(const std::string& path, const std::string& what, const std::string& key);

}  // namespace lockstep
