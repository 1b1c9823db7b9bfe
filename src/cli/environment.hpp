// SPDX-License-Identifier: MIT
// The environment we were started with: read once, then emptied of everything secret, in our own memory too, before the
// first child exists (an unsandboxed build can read its parent's environment through /proc).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "edges/secrets.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep::cli {

class Environment {
public:
    /// Takes the process's environment and wipes private variables from it. Call once, before any thread or child.
    static Environment take();

    /// "" when unset. Private variables are still known here.
    [[nodiscard]] std::string get(const std::string& name) const;
    [[nodiscard]] const std::map<std::string, std::string>& all() const { return values_; }
    /// "K=V" of everything that children may see.
    [[nodiscard]] std::vector<std::string> for_children() const;

private:
    std::map<std::string, std::string> values_;
};

/// The secrets of this process: one process is one run. Reading a secret adds it.
[[nodiscard]] Secrets& secrets();

/// A secret from a file: at most 64 KiB, one word, owned by us or by root, readable by nobody else (mode 0600 or 0400).
/// A credential of systemd may show mode 0440, because access lists show there. Errors: credentials.
enum class SecretPlace { file, credential };
[[nodiscard]] Result<std::string> read_secret_file(const std::string& path, SecretPlace place = SecretPlace::file);

}  // namespace lockstep::cli
