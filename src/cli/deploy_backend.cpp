// SPDX-License-Identifier: MIT
#include "cli/deploy_backend.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "lockstep/adapters/deploy_backend.hpp"

namespace lockstep::cli {

namespace {

bool is_foreign(const DeployTarget& target) {
    const auto* row = deploy::find_backend(target.backend);
    return row != nullptr && row->foreign();
}

bool has_submodules(const GatheredFleet& gathered) {
    std::error_code ignored;
    return gathered.config.submodules == Toggle::on ||
           (gathered.config.submodules == Toggle::automatic &&
            std::filesystem::exists(gathered.repository + "/.gitmodules", ignored));
}

}  // namespace

void choose_backend(DeployTarget& target, const FleetHost& host, const Config& config, const Options& options) {
    const bool by_flag = std::any_of(options.overrides.begin(), options.overrides.end(),
                                     [](const auto& each) { return each.first == "deploy.backend"; });
    target.type = host.type;
    target.backend = by_flag || host.backend.empty() ? config.deploy.backend : host.backend;
    target.node = host.name;
    target.attribute = host.target;
}

Result<void> equip_foreign(DeployRequest& request, const GatheredFleet& gathered, const std::string& folder) {
    request.flake =
        nix::pinned_flake(gathered.repository, request.commit, gathered.config.flake, has_submodules(gathered));
    if (folder.empty()) return {};
    for (auto& target : request.targets) {
        if (!is_foreign(target)) continue;
        for (const auto& address : target.addresses) {
            const auto file = address.control_path + ".conf";
            std::ofstream out(file, std::ios::binary | std::ios::trunc);
            out << deploy::foreign_ssh_config(address);
            out.close();
            if (!out)
                return Error{ErrorKind::infrastructure, "cannot write " + file, "",
                             "make room in the folder for temporary files"};
            target.ssh_configs.push_back(file);
        }
    }
    return {};
}

}  // namespace lockstep::cli
