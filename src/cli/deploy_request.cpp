// SPDX-License-Identifier: MIT
// Nothing is decided here that is not written down somewhere: fleet, configuration, report.
#include "cli/deploy_request.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "cli/deploy_backend.hpp"
#include "cli/runs.hpp"
#include "edges/boot_parts.hpp"
#include "edges/disk_files.hpp"
#include "lockstep/core/deploy_plan_policy.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t k_longest_status = 64U << 20U;

int whole_seconds(std::chrono::milliseconds duration) {
    return static_cast<int>(std::max<std::int64_t>(1, (duration.count() + 999) / 1000));
}

Result<DeployPolicy> policy_of(const Config::Deploy& wish) {
    DeployPolicy policy;
    policy.strategy = wish.strategy;
    for (const auto& text : wish.batches) {
        LOCKSTEP_TRY(const auto share, parse_deploy_share(text));
        policy.batches.push_back(share);
    }
    for (const auto& text : wish.canary) {
        if (const auto share = parse_deploy_share(text); share.ok())
            policy.canary_size = *share;
        else
            policy.canary_hosts.push_back(text);
    }
    policy.soak = {wish.soak, wish.soak.count() > 0 ? static_cast<std::size_t>(wish.soak_checks) : 0};
    LOCKSTEP_TRY(policy.tolerate, parse_deploy_share(wish.tolerate));
    if (!wish.tolerate_total.empty()) {
        LOCKSTEP_TRY(policy.tolerate_total, parse_deploy_share(wish.tolerate_total));
    }
    policy.on_stop = wish.on_stop;
    policy.copies = static_cast<std::size_t>(wish.copies);
    policy.activations = static_cast<std::size_t>(wish.activations);
    for (const auto& gate : wish.gates) {
        policy.gates.start = policy.gates.start || gate == "start";
        policy.gates.after_canary = policy.gates.after_canary || gate == "after-canary";
        policy.gates.every = policy.gates.every || gate == "every";
    }
    LOCKSTEP_TRY_VOID(check_deploy_policy(policy));
    return policy;
}

Result<HealthPolicy> health_of(const Config::Deploy& wish) {
    HealthPolicy health;
    for (const auto& text : wish.health) {
        LOCKSTEP_TRY(auto check, parse_health_check(text));
        health.checks.push_back(std::move(check));
    }
    health.passes = static_cast<std::size_t>(wish.health_passes);
    health.interval = wish.health_interval;
    health.patience = wish.health_within;
    return health;
}

/// The name of what was proved for it.
std::string report_name(const FleetHost& host) {
    if (host.type == ProfileType::darwin)
        return make_target("darwinConfigurations", TargetKind::darwin, host.target).name;
    if (host.type == ProfileType::home_manager)
        return make_target("homeConfigurations", TargetKind::home, host.target).name;
    return host.target;
}

RebootWish reboot_of(const std::string& word) {
    return word == "always" ? RebootWish::always : word == "if-needed" ? RebootWish::if_needed : RebootWish::never;
}

deploy::SwitchAction action_of(const std::string& word) {
    if (word == "boot") return deploy::SwitchAction::boot;
    return word == "test" ? deploy::SwitchAction::test : deploy::SwitchAction::switch_to;
}

DeployRisk risk_of(const std::string& word) {
    if (word == "leaf") return DeployRisk::leaf;
    return word == "critical" ? DeployRisk::critical : DeployRisk::by_change;
}

DeployTarget target_of(const FleetHost& host, const HostResult& result, const GatheredFleet& gathered,
                       const HealthPolicy& health, const std::string& control_folder) {
    const auto& wish = gathered.config.deploy;
    DeployTarget target;
    target.name = host.name;
    target.path = result.out;
    target.parts = boot_parts_here(result.out);
    target.addresses = ssh_targets(host, gathered, control_folder);
    target.optional = host.optional;
    target.offline_ok = host.offline_ok;
    target.approval = host.approval;
    target.risk = risk_of(host.risk);
    target.action = action_of(host.action);
    target.reboot = host.type == ProfileType::nixos ? reboot_of(host.reboot) : RebootWish::never;
    target.reboot_within = wish.reboot_within;
    target.limits = {.activate = whole_seconds(wish.activate_timeout),
                     .confirm = whole_seconds(std::max(wish.confirm_timeout, 2 * wish.health_within)),
                     .hold = whole_seconds(wish.hold_timeout),
                     .commit = whole_seconds(wish.commit_timeout),
                     .rollback = whole_seconds(wish.rollback_timeout),
                     .watchdog = 0};
    target.degraded_ok = wish.degraded_ok;
    target.substitute = wish.substitute;
    target.check_signatures = wish.check_signatures;
    target.copy_timeout = wish.copy_timeout;
    target.reach_within = wish.reach_within;
    target.busy_files = wish.busy_files;
    target.busy_command = wish.busy_command;
    target.health = health;
    return target;
}

/// Landed, whatever became of a deploy after it; or proved by `build`.
bool was_proved(const RunReport& report) {
    if (report.ending.outcome == Outcome::proved || report.ending.outcome == Outcome::landed) return true;
    const auto& repo = report.repo;
    return report.run.command == "run" && !repo.candidate_commit.empty() && repo.base_after == repo.candidate_commit;
}

std::string machine_id() {
    DiskFiles files;
    const auto text = files.read("/etc/machine-id", 100);
    return text.ok() ? std::string(trim(text.value())) : "";
}

}  // namespace

std::vector<deploy::SshTarget> ssh_targets(const FleetHost& host, const GatheredFleet& gathered,
                                           const std::string& control_folder) {
    const auto& wish = gathered.config.deploy;
    deploy::SshTarget ssh;
    ssh.port = host.port.value_or(0);
    ssh.user = host.user;
    ssh.identity_file = host.identity_file;
    ssh.jump = host.jump;
    ssh.options = host.ssh_options;
    ssh.become = wish.become;
    ssh.known_hosts_file = wish.known_hosts.empty() || wish.known_hosts.front() == '/'
                               ? wish.known_hosts
                               : gathered.repository + "/" + wish.known_hosts;
    if (ssh.known_hosts_file.empty()) ssh.known_hosts_file = gathered.home + "/.ssh/known_hosts";
    std::vector<deploy::SshTarget> targets;
    for (const auto& address : host.addresses) {
        ssh.host = address;
        ssh.control_path = control_folder + "/" + file_slug(host.name).substr(0, 24) + std::to_string(targets.size());
        targets.push_back(ssh);
    }
    return targets;
}

const HostResult* proved_result(const RunReport& report, const FleetHost& host) {
    const auto name = report_name(host);
    const auto found = std::find_if(report.hosts.begin(), report.hosts.end(), [&](const auto& each) {
        return each.name == name && is_proved(each.state) && !each.out.empty();
    });
    return found == report.hosts.end() ? nullptr : &*found;
}

DeployPast read_deploy_past(const fs::path& runs, const std::string& except) {
    DeployPast past;
    DiskFiles files;
    for (const auto& run : list_runs(runs)) {
        if (run.history.run_id == except) continue;
        const auto status = files.read((run.directory / "deployment-status.json").string(), k_longest_status);
        if (status.ok() && learn_deploy(status.value(), past))
            learn_begun(deploy_begun(run.journal.records).open, past);
    }
    return past;
}

Result<RunReport> proved_run(const fs::path& runs, const std::string& wish) {
    if (!wish.empty()) {
        LOCKSTEP_TRY(const auto run, find_run(runs, wish));
        return read_report(run, "report.json");
    }
    for (const auto& run : list_runs(runs)) {
        if (run.history.command != "run" && run.history.command != "build") continue;
        auto report = read_report(run, "report.json");
        if (report.ok() && was_proved(report.value())) return report;
    }
    return Error{ErrorKind::config, "nothing was proved that could be deployed",
                 "no run of this repository landed, and no build proved its hosts, or their reports are gone",
                 "`lockstep build` proves what is checked out; `--from RUN` names a run"};
}

std::set<std::string> hosts_named_in(const std::vector<std::string>& selectors, const Fleet& fleet) {
    std::set<std::string> named;
    for (const auto& each : selectors)
        if (fleet.hosts.count(each) > 0) named.insert(each);
    return named;
}

Result<DeployChoice> deploy_request(const GatheredFleet& gathered, const WantedHosts& hosts, const RunReport& proof,
                                    const DeployPast& past, const Options& options, const std::string& control_folder,
                                    DeployChoosing choosing) {
    DeployChoice choice;
    const bool canaries = choosing == DeployChoosing::canaries;
    auto& request = choice.request;
    LOCKSTEP_TRY(request.policy, policy_of(gathered.config.deploy));
    LOCKSTEP_TRY(const auto health, health_of(gathered.config.deploy));
    std::vector<std::string> taken, unproved, without_address;
    for (const auto& name : hosts.names) {
        const auto& host = gathered.fleet.hosts.at(name);
        const bool manual = host.role == HostRole::manual;
        if (host.role != HostRole::deploy && !(manual && hosts.named.count(name) > 0)) {
            choice.notices.push_back(fmt::format("{} is {}: left alone{}", clean_line(name, 100), word(host.role),
                                                 manual ? " unless it is named" : ""));
            continue;
        }
        if (host.type == ProfileType::custom || host.action == "dry-activate") {
            choice.notices.push_back(fmt::format("{}: {} {} cannot be deployed yet: left alone", clean_line(name, 100),
                                                 word(host.type), host.action));
            continue;
        }
        const auto* result = proved_result(proof, host);
        if (result == nullptr) {
            if (canaries)
                choice.notices.push_back(name + ": not proved: no canary");
            else
                unproved.push_back(name);
            continue;
        }
        const auto back = past.went_back.find(name);
        const bool went_back = back != past.went_back.end() && back->second.count(result->out) > 0;
        if (went_back) choice.went_back.insert(name);
        if (went_back && !canaries && !options.retry_failed) {
            choice.notices.push_back(fmt::format(
                "{}: went back from this very system before: left alone (--retry-failed tries again)", name));
            continue;
        }
        if (host.addresses.empty()) {
            without_address.push_back(name);
            continue;
        }
        request.targets.push_back(target_of(host, *result, gathered, health, control_folder));
        request.targets.back().accept_drift = options.accept_drift;
        request.targets.back().expected_copy = longest_lately(past.copies, name);
        request.targets.back().expected_activate = longest_lately(past.switches, name);
        choose_backend(request.targets.back(), host, gathered.config, options);
        taken.push_back(name);
    }
    if (!without_address.empty())
        return Error{ErrorKind::config, "nobody says how to reach " + join(without_address, ", "), "",
                     "set fleet.hosts.<name>.addresses"};
    if (!unproved.empty())
        return Error{ErrorKind::config, "not proved: " + join(unproved, ", "),
                     "run " + proof.run.id + " has no proved system for them",
                     "deploy others, or prove them first with `lockstep build`"};
    if (taken.empty() && !hosts.may_be_none)
        return Error{ErrorKind::usage, "there is no host to deploy to",
                     choice.notices.empty() ? "" : choice.notices.front(),
                     "`lockstep fleet info` shows the hosts and their roles"};
    LOCKSTEP_TRY(const auto order, resolve_dependencies(gathered.fleet, taken));
    for (auto& target : request.targets)
        if (const auto found = order.find(target.name); found != order.end()) target.after = found->second;
    for (const auto& [name, path] : past.running)
        if (!path.empty()) request.expected[name] = path;
    request.expected_after_boot = past.next_boot;
    request.commit = proof.repo.candidate_commit.empty() ? proof.repo.base_after : proof.repo.candidate_commit;
    request.proof = proof.run.id;
    request.policy_words = plan_policy(gathered.config);
    request.tool = LOCKSTEP_VERSION;
    choice.windows = gathered.config.deploy.windows;
    choice.time_zone = gathered.config.time_zone;
    request.setup = gathered.setup;
    LOCKSTEP_TRY_VOID(equip_foreign(request, gathered, control_folder));
    request.machine_id = machine_id();
    return choice;
}

}  // namespace lockstep::cli
