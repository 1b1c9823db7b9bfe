// SPDX-License-Identifier: MIT
// The little that lock files need of URLs. Private to the lock file sources.
#pragma once

#include <string>
#include <string_view>

#include "lockstep/core/lockfile.hpp"

namespace lockstep {

/// Views into the text that was split. Text without "://" is all path.
struct UrlParts {
    std::string_view scheme, user, host, port, path, query;  ///< path with its "/", query without its "?"
};
[[nodiscard]] UrlParts split_url(std::string_view url);

/// The URL without password, without user where that can be a token (all but ssh), and with the values of query
/// parameters that are named like secrets replaced.
[[nodiscard]] std::string without_secrets(std::string_view url);

[[nodiscard]] std::string percent_encoded(std::string_view segment);
[[nodiscard]] bool is_host_name(std::string_view host);

/// The host of a github, gitlab or sourcehut reference, with the default filled in.
[[nodiscard]] std::string forge_host(const FlakeRef& ref);

}  // namespace lockstep
