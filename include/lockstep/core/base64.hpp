// SPDX-License-Identifier: MIT
// RFC 4648, section 4: with padding, without line breaks.
#pragma once

#include <string>
#include <string_view>

namespace lockstep {

[[nodiscard]] std::string base64(std::string_view bytes);
/// "" for text that is not base64.
[[nodiscard]] std::string base64_decoded(std::string_view text);

}  // namespace lockstep
