// SPDX-License-Identifier: MIT
// The hash by which people agree to a text: of a plan, for its approval.
#pragma once

#include <string>
#include <string_view>

namespace lockstep {

/// SHA-256 (FIPS 180-4) as 64 hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

}  // namespace lockstep
