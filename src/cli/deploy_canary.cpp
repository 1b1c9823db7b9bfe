// SPDX-License-Identifier: MIT
// A deploy to the canaries alone, which wait for the landing.
#include "cli/deploy_canary.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "cli/control_folder.hpp"
#include "cli/deploy_choice.hpp"
#include "lockstep/core/deploy_hosts.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

/// Of all hosts those that go first; what they come after is with them, and all of them are tried beside each other.
Result<void> only_canaries(DeployRequest& request) {
    DeployFleet fleet;
    for (const auto& target : request.targets) fleet.push_back(deploy_host_of(target));
    auto policy = request.policy;
    policy.strategy = DeployStrategy::canary;
    LOCKSTEP_TRY(const auto plan, plan_waves(std::move(fleet), policy));
    std::set<std::string> chosen;
    if (!plan.waves.empty())
        for (const auto host : plan.waves.front().hosts) chosen.insert(plan.hosts[host].name);
    std::erase_if(request.targets, [&](const auto& target) { return chosen.count(target.name) == 0; });
    for (auto& target : request.targets) {
        if (target.action != deploy::SwitchAction::switch_to || target.reboot == RebootWish::always)
            return Error{ErrorKind::config, "canary " + target.name + " cannot wait for the landing",
                         "only a live switch can be taken back before anything is permanent",
                         "choose other canaries with deploy.canary, or set land.after to builds"};
        target.after.clear();
        target.until_landed = true;
        target.reboot = RebootWish::never;
        target.soak = request.policy.soak;
    }
    DeployPolicy beside;
    beside.strategy = DeployStrategy::parallel;
    beside.on_stop = OnStop::keep;
    request.policy = beside;
    return {};
}

/// Each attempt of a run has a name of its own on the hosts.
std::size_t switches_begun(const std::vector<JournalRecord>& journal) {
    return static_cast<std::size_t>(std::count_if(journal.begin(), journal.end(), [](const auto& record) {
        return record.kind == "intent" && record.step == "switch";
    }));
}

/// What an earlier run's canary said of the very same system: it is not asked again, and it is not forgotten either.
std::optional<DeployRecord> refused_before(const DeployRequest& request, const std::set<std::string>& went_back) {
    DeployRecord record;
    bool any = false;
    for (const auto& target : request.targets) {
        DeployHostRecord host;
        host.name = target.name;
        host.to = target.path;
        host.outcome = HostOutcome::not_started;
        if (went_back.count(target.name) > 0) {
            any = true;
            host.outcome = HostOutcome::rolled_back;
            host.detail = "it went back from this very system before: `lockstep history " + target.name +
                          "` tells when, --retry-failed tries again";
        }
        record.hosts.push_back(std::move(host));
    }
    record.commit = request.commit;
    record.exit = ExitCode::deploy_rolled_back;
    record.finished = true;
    return any ? std::optional(std::move(record)) : std::nullopt;
}

/// Such a host goes back by itself unless it was told that the update landed.
void tell_lost(const DeployRequest& request, const DeployBegun& begun, EventSink& events) {
    std::set<std::string> names;
    for (const auto& target : request.targets) names.insert(target.name);
    for (const auto& host : lost_hosts(begun, names))
        events.on(
            Notice{true, fmt::format("{} was a canary of this run ({}) and is none any more: `lockstep fleet status "
                                     "{}` tells how it stands",
                                     clean_line(host.name, 100), word(*host.outcome), clean_line(host.name, 100))});
}

/// `attempt`: how often this process has tried that before.
Result<DeployRecord> try_canaries(const Options& options, Machine& machine, const RunReport& proof,
                                  const FoundRun* past, bool landed, std::size_t attempt,
                                  const std::function<LandingAnswer()>& land, const std::function<int()>& interrupted) {
    auto chosen = options;
    chosen.operands.clear();
    const ControlFolder control;
    LOCKSTEP_TRY(auto choice, choose_deploy(chosen, machine, proof, control.path(), past, DeployChoosing::canaries));
    LOCKSTEP_TRY_VOID(set_calendar(choice, machine));
    auto& request = choice.request;
    LOCKSTEP_TRY_VOID(only_canaries(request));
    auto ports = machine.ports();
    for (const auto& text : choice.notices) ports.events.on(Notice{false, text});
    if (!landed && !options.retry_failed)
        if (auto record = refused_before(request, choice.went_back)) return std::move(*record);
    const bool first = attempt == 0 && past != nullptr;
    const auto begun = first ? deploy_begun(past->journal.records) : DeployBegun{};
    tell_lost(request, begun, ports.events);
    const auto before = (past != nullptr ? switches_begun(past->journal.records) : 0) + attempt;
    request.run = machine.store().run_id() + (before == 0 ? "" : fmt::format(".{}", before));
    request.secret = machine.settings("deploy").secret_nonce;
    request.landed = landed;
    auto deploy_ports = deploy_ports_of(options, ports, machine);
    deploy_ports.land = land;
    deploy_ports.interrupted = interrupted;
    // A host that went back without a fault of its own may be tried again; what else ended is not.
    return run_deploy(request, deploy_ports, begun);
}

}  // namespace

void add_canary(RunPorts& ports, const Options& options, Machine& machine, const FoundRun* past) {
    ports.canary = [&options, &machine, past, attempt = std::size_t{0}](
                       const RunReport& proof, bool landed, const std::function<LandingAnswer()>& land,
                       const std::function<int()>& interrupted) mutable {
        const auto number = attempt++;
        return try_canaries(options, machine, proof, past, landed, number, land, interrupted);
    };
}

}  // namespace lockstep::cli
