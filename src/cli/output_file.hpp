// SPDX-License-Identifier: MIT
// Files that --output names.
#pragma once

#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"

namespace lockstep::cli {

/// Replaces the file as a whole. Errors: infrastructure.
[[nodiscard]] Result<void> write_output(const std::string& path, std::string_view text);

}  // namespace lockstep::cli
