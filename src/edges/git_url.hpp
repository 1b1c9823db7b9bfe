// SPDX-License-Identifier: MIT
// Addresses of git remotes: which transport, which host, what is secret in them, and which are refused.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

struct RemoteAddress {
    enum class Kind { http, ssh, file, other };
    Kind kind = Kind::other;
    std::string url;     ///< for git, paths made absolute; neither user nor password when a password was in it
    std::string shown;   ///< for people: no password, over http no user either
    std::string bare;    ///< `url` without a user, for keys of settings
    std::string scheme;  ///< "https"; "" for paths and host:path
    std::string host;    ///< "host" or "host:port", lower case, default ports left out; "" for local ones
    std::string user;    ///< percent-decoded
    std::optional<std::string> password;  ///< percent-decoded

    bool operator==(const RemoteAddress&) const = default;
};

/// `root` is what relative paths are relative to. Errors (config): option-like, `ext::`, control characters, empty.
[[nodiscard]] Result<RemoteAddress> parse_remote(std::string_view url, const std::filesystem::path& root);

/// Whether `host` (as a person wrote it) means the address's host, default ports and case aside.
[[nodiscard]] bool same_host(const RemoteAddress& address, std::string_view host);

/// The texts of the address that must never be shown: password, user of an http address, plain and percent-encoded.
[[nodiscard]] std::vector<std::string> secrets_of(const RemoteAddress& address);

/// "https://host:port" of an http address.
[[nodiscard]] std::string http_root(const RemoteAddress& address);

}  // namespace lockstep
