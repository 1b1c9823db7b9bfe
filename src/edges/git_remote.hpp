// SPDX-License-Identifier: MIT
// A remote as our commands use it: its address and everything that gets us in, as settings for the environment.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "edges/git_cli.hpp"
#include "edges/git_url.hpp"

namespace lockstep {

inline constexpr const char* k_private_remote = "lockstep";  ///< what the private repository calls it

/// What a command needs besides the common settings to be let in.
struct RemoteAccess {
    GitEntries config;
    std::vector<std::pair<std::string, std::string>> env;
};

struct BoundRemote {
    RemoteAddress address;  ///< where fetches go, `insteadOf` applied
    GitEntries config;      ///< for every command that may touch the network
    std::vector<std::pair<std::string, std::string>> env;
    RemoteAccess fetch, push;
    GitEntries submodule_config;  ///< more, for fetching submodules
    std::vector<std::string> secrets;
};

/// Errors: config (no such remote, refused address).
[[nodiscard]] Result<BoundRemote> bind_remote(const GitCli& git, const std::filesystem::path& root,
                                              const std::string& name, const GitConfig& checkout,
                                              const GitConfig& elsewhere);

/// What `insteadOf` and (for pushes) `pushInsteadOf` make of an address; the longest match wins.
[[nodiscard]] std::string rewritten(const GitConfig& config, const std::string& url, bool push);

}  // namespace lockstep
