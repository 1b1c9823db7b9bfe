// SPDX-License-Identifier: MIT
// From a run's configuration and results to what keeping takes: the parts are keep_roots, keep_generations, keep_cache
// and keep_disk.
#pragma once

#include <string>
#include <vector>

#include "app/keep_cache.hpp"
#include "app/keep_disk.hpp"
#include "app/keep_generations.hpp"
#include "app/keep_roots.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/records.hpp"

namespace lockstep {

[[nodiscard]] DiskNeed disk_need(const Config& config);
/// Meaningful only when `config.cache.to` is set.
[[nodiscard]] CacheTarget cache_target(const Config& config, const nix::Setup& setup);
/// Where landed generations are kept: below a repository's state directory, apart for each base branch and flake.
[[nodiscard]] std::string keep_folder(const std::string& repository_state, const std::string& base,
                                      const std::string& flake);
/// The proved hosts, by their first outputs.
[[nodiscard]] std::vector<LandedHost> landed_hosts(const std::vector<HostResult>& hosts);

}  // namespace lockstep
