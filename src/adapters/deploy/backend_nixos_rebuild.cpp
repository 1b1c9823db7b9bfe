// SPDX-License-Identifier: MIT
// nixos-rebuild, the shell script and the Python program: sets the profile, then switches in a unit whose output goes
// through a pipe. Since 2026 it can be handed a path; before, it evaluates the configuration again.
#include "adapters/deploy/backends.hpp"

namespace lockstep::deploy {

namespace {

std::string word_of(SwitchAction action) {
    if (action == SwitchAction::boot) return "boot";
    return action == SwitchAction::test ? "test" : "switch";
}

Command activate(const Tool& tool, const ForeignSwitch& wish) {
    std::vector<std::string> argv{"nixos-rebuild", word_of(wish.action)};
    if (tool.knows("--store-path"))
        argv.insert(argv.end(), {"--store-path", wish.path});
    else
        argv.insert(argv.end(), {"--flake", wish.flake + "#" + wish.attribute});
    argv.insert(argv.end(), {"--target-host", user_at_host(wish.target)});
    // Else it builds and starts the nixos-rebuild of the flake. The old word is understood by all.
    argv.emplace_back(tool.knows("--no-reexec") ? "--no-reexec" : "--fast");
    if (!wish.target.become.empty()) argv.emplace_back(tool.knows("--sudo") ? "--sudo" : "--use-remote-sudo");
    auto command = foreign_call(std::move(argv), wish);
    command.env_set.emplace_back("NIX_SSHOPTS", "-F " + wish.ssh_config);
    return command;
}

Command foresee(const nix::Setup& setup, const ForeignSwitch& wish) {
    return evaluate_path(setup, wish,
                         "nixosConfigurations.\"" + wish.attribute + "\".config.system.build.toplevel.outPath");
}

}  // namespace

BackendRow nixos_rebuild_backend() {
    BackendRow row;
    row.name = "nixos-rebuild";
    row.program = "nixos-rebuild";
    row.abilities = {{Ability::switch_live},
                     {Ability::test},
                     {Ability::boot},
                     {Ability::reboot},
                     {Ability::proved_path, "--store-path"}};
    row.questions = {{"nixos-rebuild", "--help"}};
    row.needed_flags = {"--target-host"};
    row.only_sudo = true;
    row.activate = &activate;
    row.foresee = &foresee;
    return row;
}

}  // namespace lockstep::deploy
