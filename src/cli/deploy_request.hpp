// SPDX-License-Identifier: MIT
// From fleet, configuration and what was proved to a deploy's request.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "cli/fleet_gather.hpp"
#include "lockstep/app/deploy.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep::cli {

/// `except`: the run that is under way.
[[nodiscard]] DeployPast read_deploy_past(const std::filesystem::path& runs, const std::string& except);

/// A run whose results can be deployed: the newest that landed, or the one that is named.
[[nodiscard]] Result<RunReport> proved_run(const std::filesystem::path& runs, const std::string& wish);

/// How to reach a host, an entry for each address. `control_folder`: for sockets of shared connections.
[[nodiscard]] std::vector<deploy::SshTarget> ssh_targets(const FleetHost& host, const GatheredFleet& gathered,
                                                         const std::string& control_folder);
/// The proved system of a host; nullptr when the run proved none.
[[nodiscard]] const HostResult* proved_result(const RunReport& report, const FleetHost& host);

struct DeployChoice {
    DeployRequest request;
    std::vector<std::string> notices;
    std::vector<std::string> windows;  ///< as the configuration says them
    std::string time_zone;             ///< of windows that name none
    std::set<std::string> went_back;   ///< targets that went back from the very system that they are to get
};
/// For whom a choice is made.
enum class DeployChoosing {
    deploy,    ///< hosts that went back from this system are left alone, and one that was not proved is an error
    canaries,  ///< the first are chosen all the same, and the others left out: an update lands without them
};
/// Names of hosts that the fleet has.
struct WantedHosts {
    std::vector<std::string> names;
    std::set<std::string> named;  ///< those that somebody called by their names: `manual` ones take part then only
    bool may_be_none = false;     ///< it is no mistake when nobody is left to deploy to
};
/// Those of the selectors that are the name of a host.
[[nodiscard]] std::set<std::string> hosts_named_in(const std::vector<std::string>& selectors, const Fleet& fleet);

/// Errors: usage (there is nobody to deploy to), config (a host that was not proved, an order that is a cycle).
[[nodiscard]] Result<DeployChoice> deploy_request(const GatheredFleet& gathered, const WantedHosts& hosts,
                                                  const RunReport& proof, const DeployPast& past,
                                                  const Options& options, const std::string& control_folder,
                                                  DeployChoosing choosing = DeployChoosing::deploy);

}  // namespace lockstep::cli
