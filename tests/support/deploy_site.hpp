// SPDX-License-Identifier: MIT
// One namespace host with an old and a new system, and the runner's commands to it: what a deployment is made of,
// without the program that strings it together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lockstep/adapters/deploy_switch.hpp"
#include "support/deploy_lab.hpp"

namespace lockstep::test {

/// Runs a translator's command on the controller, as the supervisor would.
[[nodiscard]] RunResult run_command(const DeployLab& lab, const Command& command);

/// How to reach a host of the lab as root, with shared connections.
[[nodiscard]] deploy::SshTarget target_of(const DeployLab& lab, const LabHost& host);

class DeploySite {
public:
    /// `old_mode`, `new_mode`: see LabSystem. The old one is installed, the new one only built.
    explicit DeploySite(const std::string& new_mode = "ok", const std::string& old_mode = "ok",
                        LabHostOptions options = {});

    DeployLab lab;
    LabHost& host;
    deploy::SshTarget target;
    std::string v1, v2;
    deploy::SwitchRequest request;  ///< from v1 to v2, with limits of a few seconds

    [[nodiscard]] std::optional<deploy::HostProbe> probe(deploy::ProbeRequest probe = {}) const;
    void copy() const;  ///< v2 by `nix copy`; fails the test when that fails
    [[nodiscard]] deploy::Started start() const;
    [[nodiscard]] deploy::SwitchState state() const;  ///< over a fresh connection; phase unknown when unreachable
    deploy::SwitchState order(deploy::SwitchOrder order) const;  // NOLINT(modernize-use-nodiscard)
    /// The phase as the host has it on its disk: also when it cannot be reached.
    [[nodiscard]] std::string phase_on_host() const;
    /// Waits until the host is in that phase; false when it does not come to it.
    [[nodiscard]] bool reaches(deploy::SwitchPhase phase,
                               std::chrono::milliseconds limit = std::chrono::seconds(20)) const;
    [[nodiscard]] std::string log() const { return host.file("/run/lockstep/" + request.run + "/log"); }
};

}  // namespace lockstep::test
