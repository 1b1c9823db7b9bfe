// SPDX-License-Identifier: MIT
// What every command that deploys begins with: the request, and the ports that it is carried out with.
#pragma once

#include <string>

#include "cli/deploy_request.hpp"
#include "cli/runs.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/deploy.hpp"

namespace lockstep::cli {

/// Fleet, hosts and request, from what the command line, a plan and earlier deploys say. `past`: the run that is gone
/// on with, or nullptr; the hosts of its deploy are those that its journal names, whatever selectors mean by now.
[[nodiscard]] Result<DeployChoice> choose_deploy(const Options& options, Machine& machine, const RunReport& proof,
                                                 const std::string& control_folder, const FoundRun* past,
                                                 DeployChoosing choosing = DeployChoosing::deploy);

/// Writes down whom a deploy is for, so that it is gone on with for them.
[[nodiscard]] Result<void> keep_hosts(Machine& machine, const DeployRequest& request);

/// The maintenance windows of the choice, put on the calendar.
[[nodiscard]] Result<void> set_calendar(DeployChoice& choice, Machine& machine);

/// Ports of a deploy from those of a run. They hold `options`, `machine` and what `ports` refers to.
[[nodiscard]] DeployPorts deploy_ports_of(const Options& options, const RunPorts& ports, Machine& machine);

}  // namespace lockstep::cli
