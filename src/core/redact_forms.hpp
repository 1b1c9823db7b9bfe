// SPDX-License-Identifier: MIT
// The ways in which programs write the same secret.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// Every form of `secret` that is looked for, the secret itself first, none shorter than `shortest`, each once.
[[nodiscard]] std::vector<std::string> forms_of(std::string_view secret, std::size_t shortest);

}  // namespace lockstep
