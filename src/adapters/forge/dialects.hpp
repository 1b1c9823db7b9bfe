// SPDX-License-Identifier: MIT
// The makers that the registry names.
#pragma once

#include <memory>

#include "lockstep/adapters/forge_dialect.hpp"

namespace lockstep::forge {

[[nodiscard]] std::unique_ptr<Dialect> make_github(const Location& location);
[[nodiscard]] std::unique_ptr<Dialect> make_gitea(const Location& location);
[[nodiscard]] std::unique_ptr<Dialect> make_forgejo(const Location& location);

}  // namespace lockstep::forge
