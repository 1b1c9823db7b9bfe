// SPDX-License-Identifier: MIT
// A small file that programs of other users read at any time.
#pragma once

#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// Writes beside (".name.new"), syncs, renames; mode 0644. The directory must exist. Errors: infrastructure; config
/// when the path has no file name.
[[nodiscard]] Result<void> replace_public_file(const std::string& path, std::string_view text);

}  // namespace lockstep
