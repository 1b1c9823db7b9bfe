// SPDX-License-Identifier: MIT
// What all calls of Nix have in common.
#include "adapters/nix/call.hpp"

#include <fmt/format.h>

namespace lockstep::nix {

std::string Setup::program(std::string_view name) const {
    if (bin_dir.empty()) return std::string(name);
    return bin_dir.ends_with('/') ? fmt::format("{}{}", bin_dir, name) : fmt::format("{}/{}", bin_dir, name);
}

Command start_call(const Setup& setup, std::string_view program, const std::vector<std::string>& subcommand) {
    Command command;
    command.argv.push_back(setup.program(program));
    command.argv.insert(command.argv.end(), subcommand.begin(), subcommand.end());
    // Old programs take it as well: without it they warn about every flake setting in nix.conf.
    command.argv.insert(command.argv.end(), {"--extra-experimental-features", "nix-command flakes"});
    return command;
}

void add_options(Command& command, const Setup& setup) {
    for (const auto& [name, value] : setup.options) command.argv.insert(command.argv.end(), {"--option", name, value});
}

void forbid_prompts(Command& command) {
    command.env_set.emplace_back("GIT_TERMINAL_PROMPT", "0");
    command.env_set.emplace_back("SSH_ASKPASS", "false");
    command.env_set.emplace_back("SSH_ASKPASS_REQUIRE", "force");
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view k_kept =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/+=:@,;!$'()*";
    std::string result;
    for (const char c : text) {
        if (k_kept.find(c) != std::string_view::npos)
            result += c;
        else
            result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return result;
}

}  // namespace lockstep::nix
