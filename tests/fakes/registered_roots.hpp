// SPDX-License-Identifier: MIT
// Plays `nix-instantiate --add-root` for a ScriptedProcesses: makes the links that it would make.
#pragma once

#include <filesystem>
#include <string>

#include "fakes/scripted_processes.hpp"
#include "lockstep/adapters/nix_keep.hpp"

namespace lockstep::fakes {

inline std::size_t roots_asked_for(const Command& command) {
    for (const auto& argument : command.argv)
        if (const auto at = argument.find("genList"); at != std::string::npos)
            return std::stoul(argument.substr(argument.rfind(' ') + 1));
    return 0;
}

inline ScriptedProcesses::Ending register_roots(const Command& command) {
    std::string base;
    for (std::size_t i = 0; i + 1 < command.argv.size(); ++i)
        if (command.argv[i] == "--add-root") base = command.argv[i + 1];
    for (std::size_t i = 0; i < roots_asked_for(command); ++i)
        std::filesystem::create_symlink("/nix/store/tiny.drv", nix::root_link(base, i));
    return {};
}

}  // namespace lockstep::fakes
