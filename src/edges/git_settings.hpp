// SPDX-License-Identifier: MIT
// What the git edge needs to know beyond the port's requests.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace lockstep {

struct GitSettings {
    std::chrono::milliseconds timeout = std::chrono::minutes(10);  ///< of every git command
    std::optional<std::string> token;  ///< password for http(s) remotes on `token_host`, and only there
    std::string token_user = "x-access-token";
    std::string token_host;  ///< "git.example.org" or "git.example.org:3000"
    std::function<std::string(const char*)>
        getenv;  ///< "" = not set; our own environment by way of the composition root
    std::function<void(const std::string&)> on_secret{};  ///< told every secret before git is given it
};

}  // namespace lockstep
