// SPDX-License-Identifier: MIT
// What every command that deploys begins with: the request, and the ports that it is carried out with.
#pragma once

#include <string>

#include "cli/deploy_request.hpp"
#include "cli/wiring.hpp"
#include "lockstep/app/deploy.hpp"

namespace lockstep::cli {

/// A short path for ssh's sockets, gone with this object.
class ControlFolder {
public:
    ControlFolder();
    ~ControlFolder();
    ControlFolder(const ControlFolder&) = delete;
    ControlFolder& operator=(const ControlFolder&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Fleet, hosts and request, from what the command line, a plan and earlier deploys say.
[[nodiscard]] Result<DeployChoice> choose_deploy(const Options& options, Machine& machine, const RunReport& proof,
                                                 const std::string& control_folder, bool resumed);

/// Ports of a deploy from those of a run. They hold `options`, `machine` and what `ports` refers to.
[[nodiscard]] DeployPorts deploy_ports_of(const Options& options, const RunPorts& ports, Machine& machine);

}  // namespace lockstep::cli
