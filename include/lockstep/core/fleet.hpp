// SPDX-License-Identifier: MIT
// The hosts that lockstep deploys to and looks at: one record for each, made field by field from everything that knows
// it, with the origin of every field.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/fleet_record.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

struct FleetHost {
    std::string name;
    std::string target;  ///< attribute of nixosConfigurations (or what belongs to `type`); the name by default
    std::vector<std::string> addresses;  ///< in the order in which they are tried
    std::optional<int> port;             ///< nothing: as ssh's own configuration says
    std::string user, identity_file, jump;
    std::vector<std::string> ssh_options;  ///< "Name=value"
    std::vector<std::string> tags, after;
    HostRole role = HostRole::deploy;
    ProfileType type = ProfileType::nixos;
    std::string ignore_reason;
    bool optional = false;    ///< the fleet can do without it
    bool offline_ok = false;  ///< often off; updated when it is back
    bool build_on_target = false;
    std::string reboot = "never";    ///< one of reboot_words()
    std::string action = "switch";   ///< one of action_words()
    std::string risk = "by-change";  ///< one of risk_words(): what the strategy `smart` makes of it
    std::string approval;            ///< why somebody has to agree before its wave; "" = nobody has to
    std::string backend;             ///< one of backend_words(); "" = what deploy.backend says
    bool configured = false;         ///< the flake has a configuration for it

    /// Field → who says so: "lockstep.yaml:12", "FLEET_NODES", "default". Has every field of for_each_fleet_field.
    std::map<std::string, std::string> origin;

    bool operator==(const FleetHost&) const = default;
};

struct Fleet {
    std::map<std::string, FleetHost> hosts;  ///< by name
    std::map<std::string, FleetTag> tags;    ///< what the configuration says about tags
    std::vector<std::string> notices;        ///< contradictions and what was left out, for people; cleaned
    std::vector<std::string> sources;        ///< names of those that said anything, by precedence

    [[nodiscard]] std::vector<std::string> names() const;
    /// Every tag that a host carries → its hosts, sorted.
    [[nodiscard]] std::map<std::string, std::vector<std::string>> members() const;

    bool operator==(const Fleet&) const = default;
};

/// A configuration of the flake.
struct FleetConfiguration {
    std::string name;
    ProfileType type = ProfileType::nixos;
    bool proved = true;  ///< false: the configuration keeps it out of the proof (targets.exclude)

    bool operator==(const FleetConfiguration&) const = default;
};

struct FleetInput {
    std::vector<FleetSource> sources;  ///< the first one to name a field wins; tags and `after` are added up
    FleetRecord defaults;              ///< for what no source names
    std::map<std::string, FleetTag> tags;
    std::vector<FleetConfiguration> configurations;
    bool implicit = false;  ///< hosts that only the flake knows are deployed to, at their name
};

/// Errors (config), all at once: a host to deploy that the flake has no configuration for, values that could be taken
/// for options or shell text, unknown hosts or tags in `after`, an unknown host in a tag.
[[nodiscard]] Result<Fleet> merge_fleet(const FleetInput& input);

/// For each selected host the selected hosts that it comes after: by its own `after`, by that of its tags, and because
/// it is reached through them (ProxyJump); orders that lead through hosts that are not selected hold as well. A host is
/// never before its jump host, unless `after` says the opposite. Error (config): a cycle, printed with its reasons.
[[nodiscard]] Result<std::map<std::string, std::vector<std::string>>> resolve_dependencies(
    const Fleet& fleet, const std::vector<std::string>& selected);

/// The value of a field as people and scripts read it: "[a, b]", "true", "22"; "" when it is not set.
[[nodiscard]] std::string fleet_field_text(const FleetHost& host, std::string_view field);

/// `fleet info` for people: a table of hosts, or every field with its origin for up to `detailed` hosts.
[[nodiscard]] std::string fleet_info_text(const Fleet& fleet, const std::vector<std::string>& names,
                                          std::size_t detailed = 3);
/// The same for scripts, always complete.
[[nodiscard]] std::string fleet_info_json(const Fleet& fleet, const std::vector<std::string>& names);

}  // namespace lockstep
