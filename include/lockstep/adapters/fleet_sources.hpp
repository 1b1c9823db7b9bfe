// SPDX-License-Identifier: MIT
// What other tools know about the hosts of a fleet, as translators: data → Command, text → records. Foreign JSON is at
// most 4 MiB, 16 levels deep and 10,000 hosts; what it says is bound by the same rules as the repository's own file:
// ssh options that run programs, open files or move trust are left out, and told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/fleet.hpp"
#include "lockstep/core/result.hpp"
#include "lockstep/ports/process.hpp"

namespace lockstep::deploy {

/// The variable FLEET_NODES of pleme-io/fleet: {"web1": {"system": …, "hostname": …, "sshUser": …, "tags": […]}}.
/// Also understood: host, address, addresses; ssh_user, user; port, sshPort, ssh_port; jump, proxyJump, proxy_jump;
/// sshOpts, ssh_opts, sshOptions, ssh_options (arguments of ssh). Two words for one thing that differ are an Error;
/// other members mean nothing to us.
[[nodiscard]] Result<FleetSource> parse_fleet_nodes(std::string_view json);

/// `colmena eval -E` over the hive of a flake; needs colmena 0.4. `flake` is a directory with a flake or a flake
/// reference.
[[nodiscard]] Command colmena_nodes_command(const std::string& flake);
/// {"web1": {"targetHost": "10.0.0.1", "targetPort": null, "targetUser": "root", "tags": [], "buildOnTarget": false,
/// "sshOptions": []}}. A host without targetHost can only be deployed from itself, so its role is `manual`.
[[nodiscard]] Result<FleetSource> parse_colmena_nodes(std::string_view json);

/// The `deploy` output of a flake without its derivations, evaluated like all else (adapters/nix); null when there is
/// none.
[[nodiscard]] Command deploy_rs_nodes_command(const nix::Setup& setup, const std::string& flake);
/// General settings hold at three levels, the innermost first: profile, node, all. The profile is `system`, else the
/// first of profilesOrder, else the only one; other profiles are told and left alone.
[[nodiscard]] Result<FleetSource> parse_deploy_rs_nodes(std::string_view json);

/// Arguments of ssh (`-p 22`, `-o Name=value`, `-J host`) as fields of a record, which win over fields that are set.
/// What cannot be taken is told in `notices`, with `who` in front.
void take_ssh_arguments(const std::vector<std::string>& arguments, const std::string& who, FleetRecord& record,
                        std::vector<std::string>& notices);

}  // namespace lockstep::deploy
