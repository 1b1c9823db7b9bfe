// SPDX-License-Identifier: MIT
// colmena: evaluates its hive again, sets the profile, then switches, each as a child of an ssh session. Its own
// `--reboot` waits for ever and is not used, nor is the streaming evaluator, which can end well having done nothing.
#include "adapters/deploy/backends.hpp"
#include "adapters/nix/call.hpp"

namespace lockstep::deploy {

namespace {

std::vector<std::string> start(const Tool& tool, const ForeignSwitch& wish) {
    std::vector<std::string> argv{"colmena", "--config", wish.flake};
    if (tool.knows("--color")) argv.insert(argv.end(), {"--color", "never"});
    return argv;
}

std::string goal(SwitchAction action) {
    if (action == SwitchAction::boot) return "boot";
    return action == SwitchAction::test ? "test" : "switch";
}

Command activate(const Tool& tool, const ForeignSwitch& wish) {
    auto argv = start(tool, wish);
    argv.insert(argv.end(), {"apply", "--on", wish.node, "--parallel", "1", "--eval-node-limit", "1", "--verbose"});
    if (tool.knows("--evaluator")) argv.insert(argv.end(), {"--evaluator", "chunked"});
    // A hive may name commands that make keys: whoever may push would run programs on this machine.
    if (tool.knows("--no-keys")) argv.emplace_back("--no-keys");
    // Whether what runs there is known was looked at already: drift.
    if (tool.knows("--force-replace-unknown-profiles")) argv.emplace_back("--force-replace-unknown-profiles");
    argv.push_back(goal(wish.action));
    auto command = foreign_call(std::move(argv), wish);
    // It always says StrictHostKeyChecking=accept-new. Our file leads to the address whose pinned key was checked
    // strictly a moment ago, so that there is no new key to accept.
    command.env_set.emplace_back("SSH_CONFIG_FILE", wish.ssh_config);
    return command;
}

Command foresee(const nix::Setup& /*setup*/, const ForeignSwitch& wish) {
    auto argv = start({}, wish);
    argv.insert(argv.end(),
                {"eval", "-E",
                 "{ nodes, ... }: nodes." + nix::string_literal(wish.node) + ".config.system.build.toplevel.outPath"});
    return foreign_call(std::move(argv), wish);
}

}  // namespace

BackendRow colmena_backend() {
    BackendRow row;
    row.name = "colmena";
    row.program = "colmena";
    row.abilities = {{Ability::switch_live}, {Ability::test}, {Ability::boot}, {Ability::reboot}};
    row.questions = {{"colmena", "--version"}, {"colmena", "--help"}, {"colmena", "apply", "--help"}};
    row.oldest_minor = 4;
    row.needed_flags = {"--eval-node-limit", "--parallel", "--on", "--no-keys"};
    row.activate = &activate;
    row.foresee = &foresee;
    return row;
}

}  // namespace lockstep::deploy
