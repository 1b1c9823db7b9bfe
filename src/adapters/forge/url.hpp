// SPDX-License-Identifier: MIT
// Addresses as text: taking them apart, comparing origins, and the Link header. Strict where a token may follow.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lockstep/core/result.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep::forge {

struct Url {
    std::string scheme;    ///< lower case
    std::string userinfo;  ///< before '@', without it
    std::string host;      ///< lower case; IPv6 with its brackets
    std::string port;      ///< "" for none
    std::string path;      ///< from the first '/', query and fragment included
};

/// nullopt for anything that is not scheme://host…, or holds blanks, control characters or backslashes.
[[nodiscard]] std::optional<Url> split_url(std::string_view text);

/// scheme://host[:port], without the scheme's default port and without credentials.
[[nodiscard]] std::string origin(const Url& url);

/// Percent-encoding of everything but RFC 3986 unreserved characters: safe as a path segment and as a query value.
[[nodiscard]] std::string encode(std::string_view text);
/// The opposite; a malformed escape stays as it is.
[[nodiscard]] std::string decode(std::string_view text);

[[nodiscard]] std::string_view without_trailing_slashes(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);

/// The address of the next page by the Link header, "" when there is none. Error (infrastructure) when it leads away
/// from the origin of `api`: the token must not follow it there.
[[nodiscard]] Result<std::string> next_page(const HttpResponse& response, std::string_view api);

}  // namespace lockstep::forge
