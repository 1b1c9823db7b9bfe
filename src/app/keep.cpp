// SPDX-License-Identifier: MIT
// Translations only; nothing here acts.
#include "app/keep.hpp"

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

DiskNeed disk_need(const Config& config) {
    return {config.prove.min_free, static_cast<std::uint64_t>(config.prove.min_free_inodes)};
}

CacheTarget cache_target(const Config& config, const nix::Setup& setup) {
    return {.setup = setup,
            .to = config.cache.to,
            .signing_key_file = config.cache.signing_key_file,
            .timeout = config.cache.timeout,
            .only_if_green = !config.cache.passing_hosts_of_red_runs};
}

std::string keep_folder(const std::string& repository_state, const std::string& base, const std::string& flake) {
    // A newline is in neither name.
    return repository_state + "/keep/" + file_slug(flake.empty() ? base : base + "\n" + flake);
}

std::vector<LandedHost> landed_hosts(const std::vector<HostResult>& hosts) {
    std::vector<LandedHost> landed;
    for (const auto& host : hosts)
        if (is_proved(host.state) && !host.out.empty()) landed.push_back({host.name, {host.out}});
    return landed;
}

}  // namespace lockstep
