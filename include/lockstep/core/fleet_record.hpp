// SPDX-License-Identifier: MIT
// What one source says about a host of the fleet, field by field, and where it says so. Nothing here is believed yet:
// merge_fleet() (fleet.hpp) makes hosts out of records.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

enum class HostRole {
    deploy,        ///< gets what was proved
    build_only,    ///< is proved, never touched
    monitor_only,  ///< is looked at and reported, never changed
    manual,        ///< gets what was proved when somebody names it, never by itself
    ignore,        ///< takes no part
};
enum class ProfileType { nixos, darwin, home_manager, custom };

[[nodiscard]] std::string_view word(HostRole role);     ///< "deploy", "build_only", …
[[nodiscard]] std::string_view word(ProfileType type);  ///< "nixos", "darwin", "home_manager", "custom"
[[nodiscard]] const std::vector<std::string>& role_words();
[[nodiscard]] const std::vector<std::string>& profile_words();
[[nodiscard]] const std::vector<std::string>& reboot_words();   ///< never, if-needed, always
[[nodiscard]] const std::vector<std::string>& action_words();   ///< switch, boot, test, dry-activate
[[nodiscard]] const std::vector<std::string>& risk_words();     ///< by-change, leaf, critical
[[nodiscard]] const std::vector<std::string>& backend_words();  ///< embedded, colmena, deploy-rs, nixos-rebuild
/// Precondition: the word is one of the list.
[[nodiscard]] HostRole role_of(std::string_view word);
[[nodiscard]] ProfileType profile_of(std::string_view word);

/// A field without a value is one that the source does not mention. Choices are words of the lists above.
struct FleetRecord {
    std::optional<std::string> target;
    std::optional<std::vector<std::string>> addresses;
    std::optional<int> port;
    std::optional<std::string> user, identity_file, jump;
    std::optional<std::vector<std::string>> ssh_options, tags, after;
    std::optional<std::string> role, type, ignore_reason;
    std::optional<bool> optional, offline_ok, build_on_target;
    std::optional<std::string> reboot, action, risk, approval, backend;

    /// Field → where it was said: "lockstep.yaml:12". Fields that are not in here come from the source as a whole.
    std::map<std::string, std::string> origin;

    bool operator==(const FleetRecord&) const = default;
};

/// Calls `visit(name, pointer to the member of FleetRecord)` for every field, in the order in which people read them.
template <class Visit>
void for_each_fleet_field(Visit&& visit) {
    visit("role", &FleetRecord::role);
    visit("type", &FleetRecord::type);
    visit("target", &FleetRecord::target);
    visit("addresses", &FleetRecord::addresses);
    visit("port", &FleetRecord::port);
    visit("user", &FleetRecord::user);
    visit("identity_file", &FleetRecord::identity_file);
    visit("jump", &FleetRecord::jump);
    visit("ssh_options", &FleetRecord::ssh_options);
    visit("tags", &FleetRecord::tags);
    visit("after", &FleetRecord::after);
    visit("action", &FleetRecord::action);
    visit("reboot", &FleetRecord::reboot);
    visit("backend", &FleetRecord::backend);
    visit("risk", &FleetRecord::risk);
    visit("approval", &FleetRecord::approval);
    visit("optional", &FleetRecord::optional);
    visit("offline_ok", &FleetRecord::offline_ok);
    visit("build_on_target", &FleetRecord::build_on_target);
    visit("ignore_reason", &FleetRecord::ignore_reason);
}

/// What a tag says: who else carries it, and what its hosts come after.
struct FleetTag {
    std::vector<std::string> hosts, after;
    std::string origin;

    bool operator==(const FleetTag&) const = default;
};

/// One place that knows hosts.
struct FleetSource {
    std::string name;  ///< "FLEET_NODES"; the origin of fields that have none of their own
    std::map<std::string, FleetRecord> hosts;
    std::vector<std::string> notices;  ///< what was left out while reading it

    bool operator==(const FleetSource&) const = default;
};

/// Checks of single values: nothing, or what is expected instead ("expects …"). What passes can stand in an argument of
/// ssh and in a shell word: no leading dash, no white space, no control characters, nothing that a shell acts on.
namespace fleet {

using Complaint = std::optional<std::string>;

[[nodiscard]] Complaint check_name(std::string_view text);
[[nodiscard]] Complaint check_tag(std::string_view text);
[[nodiscard]] Complaint check_address(std::string_view text);
[[nodiscard]] Complaint check_user(std::string_view text);
[[nodiscard]] Complaint check_identity_file(std::string_view text);
[[nodiscard]] Complaint check_jump(std::string_view text);        ///< [user@]host[:port], several with commas
[[nodiscard]] Complaint check_after(std::string_view text);       ///< a name or @tag
[[nodiscard]] Complaint check_ssh_option(std::string_view text);  ///< Name=value, as `ssh -o` takes it
/// The same for whole fields by name; those that are not here take any value of their type.
[[nodiscard]] Complaint check_field(std::string_view field, const std::string& value);
[[nodiscard]] Complaint check_field(std::string_view field, const std::vector<std::string>& value);
[[nodiscard]] Complaint check_field(std::string_view field, int value);
inline Complaint check_field(std::string_view /*field*/, bool /*value*/) {
    return std::nullopt;
}

/// Whether an ssh option can only change how the connection is made: it runs no program, forwards nothing, reads and
/// writes no file, and does not touch trust. Only these may come from the repository.
[[nodiscard]] bool is_harmless_ssh_option(std::string_view option);

/// "deploy@bastion:2222" → "bastion", for every hop.
[[nodiscard]] std::vector<std::string> jump_hosts(std::string_view jump);

}  // namespace fleet

}  // namespace lockstep
