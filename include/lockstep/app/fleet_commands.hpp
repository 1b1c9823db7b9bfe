// SPDX-License-Identifier: MIT
// One command over many hosts: looking, pinging, running something, comparing. Nothing here changes what runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/core/fleet_replies.hpp"
#include "lockstep/core/fleet_status.hpp"
#include "lockstep/ports/clock.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep {

/// A host, how to reach it, and what it is compared with.
struct FleetTarget {
    std::string name;
    HostRole role = HostRole::deploy;
    bool required = true;                      ///< neither optional nor offline_ok
    std::vector<deploy::SshTarget> addresses;  ///< tried in this order; may be empty: nobody says how to reach it
    std::string proved;                        ///< what was proved last for it, "" = nothing
    std::string left;                          ///< what the last deploy left there, "" = none had it
    std::string left_to_boot;                  ///< what that left to the next boot, "" = nothing
    deploy::BootParts parts;                   ///< of what was proved, as this machine's store has it; may be empty
    std::vector<std::string> busy_files;
    std::string busy_command;
};

struct FleetPorts {
    ProcessRunner& processes;
    Clock& clock;
    std::string run, secret;  ///< answers of hosts carry a hash of both
    std::size_t parallel = 16;
    std::function<int()> interrupted;
};

/// The first address that answers, with what it said.
struct FleetAnswer {
    std::optional<deploy::HostProbe> probe;
    deploy::SshTarget ssh;  ///< the address that answered, else the last one
    deploy::ReachTrouble reach = deploy::ReachTrouble::none;
    std::string trouble;  ///< why nobody answered; cleaned
};
/// One probe over a connection of its own. `candidate`: a store path to look for, "" = none.
[[nodiscard]] FleetAnswer probe_host(const FleetTarget& target, const std::string& candidate, const FleetPorts& ports);

/// One look at each, in the order of the targets.
[[nodiscard]] std::vector<FleetLook> look_at_fleet(const std::vector<FleetTarget>& targets, const FleetPorts& ports);

/// What a deploy of what was proved would change on each. Closures are listed here when this machine has them, else on
/// the host; `nix_bin`: where the programs of Nix are here, "" = PATH.
[[nodiscard]] std::vector<FleetDifference> compare_fleet(const std::vector<FleetTarget>& targets,
                                                         const std::string& nix_bin, const FleetPorts& ports);

/// A connection of its own to each, and a command that does nothing.
[[nodiscard]] std::vector<FleetPing> ping_fleet(const std::vector<FleetTarget>& targets, const FleetPorts& ports);

struct FleetOrder {
    std::vector<std::string> argv;  ///< words for the host, quoted for its shell; never empty
    /// Failed hosts that are all right; when there are more, no other host is started. Unset: any number.
    std::optional<std::size_t> tolerate;
    std::size_t keep_bytes = 0;  ///< of each stream, for FleetExec::out and err
};
/// Lines of hosts as they come, for a reader: each has the host's name in front. Called on the caller's thread.
using OnHostText = std::function<void(Stream, std::string_view)>;
/// Runs a command on each. An address that cannot be reached gives way to the next one; whatever may have run is never
/// run again.
[[nodiscard]] std::vector<FleetExec> exec_on_fleet(const std::vector<FleetTarget>& targets, const FleetOrder& order,
                                                   const FleetPorts& ports, const OnHostText& on_text);

}  // namespace lockstep
