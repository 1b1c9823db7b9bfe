// SPDX-License-Identifier: MIT
// Runs the git command: our own environment around every call, settings and secrets through the environment alone (argv
// is readable by every user of the machine), and a deadline, because git has none of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "edges/git_config.hpp"
#include "edges/git_settings.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

struct GitCall {
    std::vector<std::string> args;     ///< after "git"; options, then "--", then operands
    std::filesystem::path cwd;         ///< "" = ours
    std::filesystem::path repository;  ///< GIT_DIR; "" = found from cwd
    enum class Rules {
        ours,   ///< our own settings, then `config`
        users,  ///< what the environment of lockstep itself says, then `config`: for reading the user's settings
    } rules = Rules::ours;
    GitEntries config;
    std::vector<std::pair<std::string, std::string>> env;
    std::vector<std::string> env_unset;
    std::string stdin_text;
    std::chrono::milliseconds deadline{0};  ///< 0 = the settings' timeout
};

struct GitAnswer {
    ExitStatus status;
    std::string out, err;
    bool truncated = false;

    [[nodiscard]] bool ok() const { return status.ok() && !truncated; }
};

class GitCli {
public:
    GitCli(ProcessRunner& runner, GitSettings settings);

    /// `err` comes without the secrets that were named.
    [[nodiscard]] GitAnswer run(const GitCall& call) const;
    /// What never may be seen in an answer, from now on.
    void hide(const std::vector<std::string>& secrets);

    void use_token(std::string token, std::string host) {
        settings_.token = std::move(token);
        settings_.token_host = std::move(host);
    }

    [[nodiscard]] std::string environment(const char* name) const;
    [[nodiscard]] const GitSettings& settings() const { return settings_; }

private:
    [[nodiscard]] GitEntries users_rules() const;
    [[nodiscard]] Command command_for(const GitCall& call) const;

    ProcessRunner& runner_;
    GitSettings settings_;
    std::vector<std::string> secrets_;
};

}  // namespace lockstep
