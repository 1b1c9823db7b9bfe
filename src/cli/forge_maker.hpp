// SPDX-License-Identifier: MIT
// From configuration, environment and remote to a forge that can be talked to, and to the token that goes with it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "cli/environment.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/forge.hpp"
#include "lockstep/ports/http.hpp"

namespace lockstep::cli {

/// The token for `kind` ("github", …): the token file, else a systemd credential named `lockstep-token`, else the
/// variable that the runner provides. "" when there is none. Errors: credentials.
[[nodiscard]] Result<std::string> find_token(const Config& config, const Environment& environment,
                                             const std::string& variable);

/// Asks an unknown server which kind of forge it is. Errors (config): no answer that only a forge gives.
[[nodiscard]] Result<std::string> ask_kind(const std::string& web_root, HttpClient& http);

/// What git may use for an http(s) remote: nothing, unless the token was given for exactly this server.
struct GitToken {
    std::string token, host;  ///< host[:port]
};
[[nodiscard]] Result<std::optional<GitToken>> git_token(const Config& config, const Environment& environment,
                                                        const std::string& remote_url);

/// nullptr for `none`. `default_directory` is where the embedded forge of a local remote lives.
[[nodiscard]] Result<std::unique_ptr<Forge>> make_forge(const Config& config, const Environment& environment,
                                                        const std::string& remote_url,
                                                        const std::filesystem::path& default_directory,
                                                        HttpClient& http, Clock& clock);

}  // namespace lockstep::cli
