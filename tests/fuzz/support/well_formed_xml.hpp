// SPDX-License-Identifier: MIT
// XML judged by a parser that is not ours (expat).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lockstep::fuzz {

/// All character data and attribute values in reading order; nullopt when the document is not well-formed.
[[nodiscard]] std::optional<std::string> xml_content(std::string_view document);

}  // namespace lockstep::fuzz
