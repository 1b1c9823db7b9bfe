// SPDX-License-Identifier: MIT
// Who activates a proved system on a host: lockstep itself ("embedded"), or a program of somebody else's as its hands.
// A backend only translates (data → Command, text → data); what is believed is what our own proof reads from the host
// afterwards, never an exit code.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/fleet_record.hpp"

namespace lockstep::deploy {

/// What can be asked of whoever activates. What a backend cannot do is refused before any host is touched.
enum class Ability {
    switch_live,    ///< action `switch`
    test,           ///< action `test`: runs until the next boot
    boot,           ///< action `boot`, and the boot plan of hosts that refuse a live switch
    reboot,         ///< `reboot:`; always lockstep's own, with a deadline and a proof
    proved_path,    ///< is handed the path that was proved; else it evaluates again
    prove_first,    ///< nothing is permanent before it was proved
    returns_alone,  ///< the host goes back by itself when the runner dies
    own_machine,    ///< the machine that lockstep runs on
    darwin,
    home_manager
};
[[nodiscard]] const std::vector<Ability>& all_abilities();

/// An ability of a backend. `flag`: only a program whose help knows this flag has it; "" = each has.
struct Can {
    Ability ability;
    std::string_view flag = "";
};

/// The program as this machine has it.
struct Tool {
    std::string version;          ///< as it says; "" when it does not
    std::set<std::string> flags;  ///< words of its help: "--boot"
    [[nodiscard]] bool knows(std::string_view flag) const { return flags.count(std::string(flag)) > 0; }
};

/// One activation on one host by a foreign program.
struct ForeignSwitch {
    std::string node;       ///< its name in the program's own world: a node of the hive, or of `deploy.nodes`
    std::string attribute;  ///< of nixosConfigurations
    std::string flake;      ///< of the proved commit: "git+file://…?rev=…"
    std::string path;       ///< that was proved
    SwitchAction action = SwitchAction::switch_to;
    SshTarget target;
    std::string ssh_config;     ///< a file that holds foreign_ssh_config of the target
    std::string room;           ///< a folder on the host, made for this run
    bool may_return = false;    ///< the program's own way back would lead to the recorded system
    int activate_within = 300;  ///< seconds
    int confirm_within = 60;
};

struct BackendRow {
    std::string_view name, program;  ///< "" as program: embedded
    std::vector<Can> abilities;
    /// argv of questions that tell version and flags.
    std::vector<std::vector<std::string>> questions;
    int oldest_major = 0, oldest_minor = 0;  ///< 0.0 = it does not say its version
    /// Flags without which it is too old. Not asked of a program whose help cannot be read.
    std::vector<std::string> needed_flags;
    /// Knows no other way to become root than sudo, and root's own session.
    bool only_sudo = false;
    /// The profile holds a wrapper of the system, not the system itself.
    bool wraps = false;
    /// The program has a way back of its own, over generations.
    bool returns_by_generation = false;
    Command (*activate)(const Tool& tool, const ForeignSwitch& wish) = nullptr;
    /// Prints the path that it would make the profile's, without building; nullptr: there is no need to ask.
    Command (*foresee)(const nix::Setup& setup, const ForeignSwitch& wish) = nullptr;

    [[nodiscard]] bool foreign() const { return !program.empty(); }
    [[nodiscard]] bool can(Ability ability, const Tool& tool) const;
};

/// Embedded first.
[[nodiscard]] const std::vector<BackendRow>& backends();
/// nullptr: there is none of that name.
[[nodiscard]] const BackendRow* find_backend(std::string_view name);

/// From all answers to its questions, stdout and stderr.
[[nodiscard]] Tool parse_tool(std::string_view answers);
/// A store path from what `foresee` printed (plain, or as a JSON string); nullopt: neither.
[[nodiscard]] std::optional<std::string> parse_foreseen(std::string_view text);
/// Whether the program is new enough. Error (config).
[[nodiscard]] Result<void> check_tool(const BackendRow& backend, const Tool& tool);

/// What a deploy asks of a backend for one host.
struct BackendWish {
    std::string host;
    SwitchAction action = SwitchAction::switch_to;
    ProfileType type = ProfileType::nixos;
    bool prove_first = false;  ///< base moves only after the canary was proved
    bool own_machine = false;
    std::string become;
};
/// Everything that the backend cannot do for these hosts, in one Error (config): what, why, what to do instead.
[[nodiscard]] Result<void> check_abilities(const BackendRow& backend, const Tool& tool,
                                           const std::vector<BackendWish>& wishes);
/// What is different from an embedded deploy, for the plan. Empty for embedded.
[[nodiscard]] std::vector<std::string> backend_notices(const BackendRow& backend, const Tool& tool);

/// The table of docs/DEPLOY.md, in Markdown.
[[nodiscard]] std::string backend_table();

/// What a foreign program's ssh is to read: our options and pinned keys, no shared connection, and our address,
/// wherever the program believes the host to be.
[[nodiscard]] std::string foreign_ssh_config(SshTarget target);

/// Makes `room`, a folder of the run on the host, and takes stale files of deploy-rs out of it.
[[nodiscard]] Command room_command(const SshTarget& target, const std::string& run, const std::string& nonce);
[[nodiscard]] std::string room_of(const std::string& run);

}  // namespace lockstep::deploy
