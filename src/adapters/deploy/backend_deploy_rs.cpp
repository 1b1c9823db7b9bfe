// SPDX-License-Identifier: MIT
// deploy-rs: sets the profile to a wrapper of the system, activates, and waits on the host until a file is removed.
// Flags that take a value are always given one. It ends with 0 also after it went back.
#include "adapters/deploy/backends.hpp"

namespace lockstep::deploy {

namespace {

/// Names with a dot are quoted: it reads the fragment as an attribute path.
std::string attribute(const std::string& name) {
    return name.find('.') == std::string::npos ? name : '"' + name + '"';
}

Command activate(const Tool& tool, const ForeignSwitch& wish) {
    // One host at a time by position: `--targets` excludes it, and was broken for years.
    std::vector<std::string> argv{"deploy", wish.flake + "#" + attribute(wish.node) + ".system", "--skip-checks"};
    argv.insert(argv.end(), {"--hostname", wish.target.host});
    if (!wish.target.user.empty()) argv.insert(argv.end(), {"--ssh-user", wish.target.user});
    argv.push_back("--ssh-opts=-F " + wish.ssh_config);
    const bool boot = wish.action == SwitchAction::boot;
    const std::string own_return = wish.may_return && !boot ? "true" : "false";
    argv.insert(argv.end(), {"--magic-rollback", own_return, "--auto-rollback", own_return});
    if (tool.knows("--rollback-succeeded")) argv.insert(argv.end(), {"--rollback-succeeded", "false"});
    argv.insert(argv.end(), {"--confirm-timeout", std::to_string(wish.confirm_within), "--temp-path", wish.room});
    if (tool.knows("--activation-timeout"))
        argv.insert(argv.end(), {"--activation-timeout", std::to_string(wish.activate_within)});
    if (tool.knows("--interactive-sudo")) argv.insert(argv.end(), {"--interactive-sudo", "false"});
    if (boot) argv.emplace_back("--boot");
    return foreign_call(std::move(argv), wish);
}

Command foresee(const nix::Setup& setup, const ForeignSwitch& wish) {
    return evaluate_path(setup, wish, "deploy.nodes.\"" + wish.node + "\".profiles.system.path.outPath");
}

}  // namespace

BackendRow deploy_rs_backend() {
    BackendRow row;
    row.name = "deploy-rs";
    row.program = "deploy";
    row.abilities = {{Ability::switch_live}, {Ability::boot, "--boot"}, {Ability::reboot}};
    row.questions = {{"deploy", "--help"}};
    row.needed_flags = {"--skip-checks", "--magic-rollback", "--auto-rollback", "--temp-path", "--confirm-timeout"};
    row.wraps = true;
    row.returns_by_generation = true;
    row.only_sudo = true;
    row.activate = &activate;
    row.foresee = &foresee;
    return row;
}

}  // namespace lockstep::deploy
