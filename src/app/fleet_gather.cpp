// SPDX-License-Identifier: MIT
// Asking everybody who knows hosts. The order of the sources is their precedence.
#include <algorithm>
#include <filesystem>
#include <future>

#include "app/run_state.hpp"
#include "lockstep/adapters/fleet_sources.hpp"
#include "lockstep/app/fleet.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Names = std::map<std::string, std::optional<std::vector<std::string>>>;

/// Evaluating said no, or could not be tried.
Error cannot_ask(const std::string& what, const Completed& done, const std::string& hint) {
    if (done.status.kind == ExitStatus::Kind::interrupted)
        return {ErrorKind::interrupted, what + " was interrupted", "", "try again"};
    const bool infrastructure = is_infrastructure(nix::classify_evaluation_failure(done.status, done.err));
    auto why = nix::first_error_line(done.err);
    if (why.empty()) why = describe(done.status);
    return {infrastructure ? ErrorKind::infrastructure : ErrorKind::config, what + " failed", why, hint};
}

class Gathering {
public:
    Gathering(const RunSettings& settings, const RunPorts& ports, std::string fleet_nodes)
        : ports_(ports), fleet_nodes_(std::move(fleet_nodes)), state_(settings, ports) {}

    Result<GatheredFleet> fleet() {
        LOCKSTEP_TRY(state_.checkout, ports_.git.checkout(state_.settings.repo));
        LOCKSTEP_TRY_VOID(prepare_reading(state_));
        LOCKSTEP_TRY_VOID(prepare_nix(state_));
        // In the directory of a run that has some of its own.
        state_.tree = "fleet";
        while (std::filesystem::exists(state_.worktree_dir())) ++state_.resumed;
        LOCKSTEP_TRY_VOID(add_pinned_worktree(state_));
        flake_ = state_.pinned(state_.base_commit);
        LOCKSTEP_TRY_VOID(list_names());

        const auto& wish = state_.config.fleet;
        FleetInput input{.defaults = wish.defaults, .tags = wish.tags, .implicit = wish.implicit};
        input.sources.push_back({.name = "lockstep.yaml", .hosts = wish.hosts, .notices = {}});
        // Beside each other: both evaluate.
        auto hive = std::async(std::launch::async, [this] { return colmena(); });
        auto deploy_rs = std::async(std::launch::async, [this] { return nodes_of_deploy_rs(); });
        auto environment =
            fleet_nodes_.empty() ? Result<FleetSource>(FleetSource{}) : deploy::parse_fleet_nodes(fleet_nodes_);
        auto from_hive = hive.get();
        auto from_deploy_rs = deploy_rs.get();
        for (auto* source : {&environment, &from_hive, &from_deploy_rs}) {
            if (!source->ok()) return std::move(*source).error();
            if (!source->value().name.empty()) input.sources.push_back(std::move(*source).value());
        }
        input.configurations = configurations();
        LOCKSTEP_TRY(auto fleet, merge_fleet(input));
        return GatheredFleet{std::move(fleet),  state_.config, state_.setup, state_.checkout.root.string(), "",
                             state_.base_commit};
    }

private:
    Result<void> list_names() {
        auto command = nix::names_command(
            state_.setup, flake_,
            {"nixosConfigurations", "darwinConfigurations", "homeConfigurations", "colmenaHive", "colmena", "deploy"});
        command.deadline = state_.config.prove.eval_timeout;
        const auto done = run_to_end(ports_.processes, command, 8U << 20U);
        if (!done.status.ok())
            return cannot_ask("listing the configurations of the flake", done, "mend the flake first");
        LOCKSTEP_TRY(names_, nix::parse_names(done.out));
        return {};
    }

    [[nodiscard]] bool has(const char* set) const {
        const auto found = names_.find(set);
        return found != names_.end() && found->second.has_value();
    }

    Result<FleetSource> colmena() {
        const auto wish = state_.config.fleet.colmena;
        if (wish == Toggle::off || (wish == Toggle::automatic && !has("colmenaHive") && !has("colmena")))
            return FleetSource{};
        auto command = deploy::colmena_nodes_command(flake_);
        command.deadline = state_.config.prove.eval_timeout;
        const auto done = run_to_end(ports_.processes, command, 8U << 20U);
        const std::string hint = "try `colmena eval` by hand, or set fleet.colmena to off";
        if (done.status.kind == ExitStatus::Kind::not_started && wish == Toggle::automatic)
            return FleetSource{
                .name = "colmena hive",
                .notices = {"not read, because `colmena` is not on PATH (fleet.colmena: off says that it "
                            "need not be)"}};
        if (!done.status.ok()) return cannot_ask("listing the nodes of the Colmena hive", done, hint);
        return deploy::parse_colmena_nodes(done.out);
    }

    Result<FleetSource> nodes_of_deploy_rs() {
        const auto wish = state_.config.fleet.deploy_rs;
        if (wish == Toggle::off || (wish == Toggle::automatic && !has("deploy"))) return FleetSource{};
        if (!has("deploy"))
            return Error{ErrorKind::config, "the flake has no `deploy`, but fleet.deploy_rs is on", "",
                         "set fleet.deploy_rs to auto"};
        auto command = deploy::deploy_rs_nodes_command(state_.setup, flake_);
        command.deadline = state_.config.prove.eval_timeout;
        const auto done = run_to_end(ports_.processes, command, 8U << 20U);
        if (!done.status.ok())
            return cannot_ask("listing the nodes of deploy-rs", done, "set fleet.deploy_rs to off, or mend the flake");
        return deploy::parse_deploy_rs_nodes(done.out);
    }

    /// Every configuration, and whether it is proved.
    std::vector<FleetConfiguration> configurations() const {
        std::vector<FleetConfiguration> all;
        const auto& wish = state_.config.targets;
        for (const auto& [set, type, kind] :
             {std::tuple{"nixosConfigurations", ProfileType::nixos, TargetKind::nixos},
              std::tuple{"darwinConfigurations", ProfileType::darwin, TargetKind::darwin},
              std::tuple{"homeConfigurations", ProfileType::home_manager, TargetKind::home}}) {
            if (!has(set)) continue;
            const bool proved_set =
                std::find(wish.attributes.begin(), wish.attributes.end(), set) != wish.attributes.end();
            for (const auto& name : *names_.at(set)) {
                const auto target = make_target(set, kind, name).name;
                const bool proved = proved_set && (wish.include.empty() || matches_any(wish.include, target)) &&
                                    !matches_any(wish.exclude, target);
                all.push_back({name, type, proved});
            }
        }
        return all;
    }

    const RunPorts& ports_;
    std::string fleet_nodes_;
    RunState state_;
    std::string flake_;
    Names names_;
};

}  // namespace

Result<GatheredFleet> gather_fleet(const RunSettings& settings, const RunPorts& ports, std::string fleet_nodes) {
    return Gathering(settings, ports, std::move(fleet_nodes)).fleet();
}

}  // namespace lockstep
