// SPDX-License-Identifier: MIT
// The one call that may write a lock file. Its text is for people (forks format it differently): what changed is read
// from the lock files. Its exit code 0 also covers "nothing to do" and an unknown input name.
#include "adapters/nix/call.hpp"

namespace lockstep::nix {

Command update_command(const Setup& setup, const UpdateRequest& request) {
    auto url = "git+file://" + percent_encode(request.worktree);
    char separator = '?';
    if (!request.flake_dir.empty()) {
        url += separator + ("dir=" + percent_encode(request.flake_dir));
        separator = '&';
    }
    if (request.submodules) url += separator + std::string("submodules=1");

    const bool only_some = !request.inputs.empty();
    const bool takes_inputs = setup.version.update_takes_inputs();
    auto command = start_call(setup, "nix", {"flake", only_some && !takes_inputs ? "lock" : "update"});
    add_options(command, setup);
    if (setup.accept_flake_config) command.argv.emplace_back("--accept-flake-config");
    if (takes_inputs) {
        command.argv.insert(command.argv.end(), {"--flake", url});
        if (only_some) command.argv.emplace_back("--");
        command.argv.insert(command.argv.end(), request.inputs.begin(), request.inputs.end());
    } else {
        for (const auto& input : request.inputs) command.argv.insert(command.argv.end(), {"--update-input", input});
        command.argv.insert(command.argv.end(), {"--", url});
    }
    command.cwd = request.worktree;
    forbid_prompts(command);
    command.deadline = request.timeout;
    command.label = "nix flake update";
    return command;
}

}  // namespace lockstep::nix
