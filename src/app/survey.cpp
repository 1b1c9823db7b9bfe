// SPDX-License-Identifier: MIT
// Looking around for init.
#include "lockstep/app/survey.hpp"

#include <algorithm>
#include <cctype>

#include "app/run_state.hpp"
#include "lockstep/app/prove.hpp"

namespace lockstep {

namespace {

/// Installer images, test machines and containers sit among real hosts in many fleets.
bool likely_no_host(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return std::any_of(std::begin({"iso", "installer", "minimal", "vm", "wsl", "container", "netboot", "kexec"}),
                       std::end({"iso", "installer", "minimal", "vm", "wsl", "container", "netboot", "kexec"}),
                       [&](const char* word) { return name.find(word) != std::string::npos; });
}

}  // namespace

Result<InitFacts> survey(const RunSettings& settings, const RunPorts& ports) {
    RunState state(settings, ports);
    LOCKSTEP_TRY(state.checkout, ports.git.checkout(settings.repo));
    LOCKSTEP_TRY_VOID(prepare_build(state));
    LOCKSTEP_TRY_VOID(await_settings(state));
    state.config.targets = {};
    state.config.targets.attributes.clear();
    const auto flake = state.pinned(state.base_commit);
    const std::vector<std::string> sets{"nixosConfigurations", "darwinConfigurations", "homeConfigurations"};
    const auto listed = run_to_end(ports.processes, nix::names_command(state.setup, flake, sets));
    if (!listed.status.ok())
        return Error{ErrorKind::config, "the flake does not evaluate", nix::first_error_line(listed.err),
                     "mend the flake first"};
    LOCKSTEP_TRY(const auto names, nix::parse_names(listed.out));
    InitFacts facts;
    facts.flake = state.config.flake;
    for (const auto& set : sets)
        if (const auto found = names.find(set); found != names.end() && found->second && !found->second->empty())
            facts.attributes.push_back(set);
    if (facts.attributes.empty())
        return Error{ErrorKind::config, "the flake has no hosts",
                     "looked in nixosConfigurations, darwinConfigurations and homeConfigurations", ""};
    state.config.targets.attributes = facts.attributes;
    LOCKSTEP_TRY(const auto found, discover(state, state.base_commit, ""));
    ProveRequest request{.setup = state.setup, .can = state.can, .flake = flake, .targets = found.targets};
    request.required.assign(found.targets.size(), true);
    request.build = false;
    request.evaluators = std::max(1, settings.cores);
    request.memory_budget = settings.memory_bytes / 4 * 3;
    request.eval_timeout = state.config.prove.eval_timeout;
    request.nonce_seed = settings.secret_nonce;
    const auto proof = prove(request, {ports.processes, ports.store, ports.clock, ports.events, ports.files});
    for (const auto& host : proof.hosts) {
        if (!host.system.empty() && state.can.systems.count(host.system) == 0)
            facts.foreign_hosts.emplace_back(host.name, host.system);
        if (likely_no_host(host.name)) facts.likely_not_hosts.push_back(host.name);
    }
    return facts;
}

}  // namespace lockstep
