// SPDX-License-Identifier: MIT
// From a command line to a request.
#include "cli/deploy_choice.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "app/deploy_calendar.hpp"
#include "cli/deploy_terms.hpp"
#include "cli/fleet_call.hpp"
#include "edges/curl_http.hpp"
#include "edges/tcp_connect.hpp"
#include "lockstep/core/deploy_hosts.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

std::optional<int> http_status(const std::string& url, Millis limit) {
    CurlHttp http;
    HttpRequest request;
    request.url = url;
    request.timeout = limit;
    request.max_body = 1U << 20U;
    const auto answer = http.send(request);
    return answer.ok() ? std::optional<int>(answer->status) : std::nullopt;
}

/// Of a plan, those that the fleet still has: what is missing is a difference that is named later.
std::vector<std::string> wanted_hosts(const Options& options, const std::optional<DeployPlanFile>& plan,
                                      const Fleet& fleet) {
    if (!plan) return options.operands;
    std::vector<std::string> names;
    for (const auto& host : plan->hosts)
        if (fleet.hosts.count(host.name) > 0) names.push_back(host.name);
    return names;
}

/// Those that an earlier process of the run had chosen, as far as the fleet still has them. Whoever was named then is
/// wanted by name.
WantedHosts chosen_before(const std::vector<std::string>& names, const Fleet& fleet, std::vector<std::string>& gone) {
    WantedHosts hosts;
    for (const auto& name : names) (fleet.hosts.count(name) > 0 ? hosts.names : gone).push_back(name);
    hosts.named.insert(hosts.names.begin(), hosts.names.end());
    return hosts;
}

/// What to type to see how a host stands that nobody here has to do with any more.
std::string look_by_hand(const std::string& name, const FleetHost* host, const GatheredFleet& gathered) {
    std::string whom = name, port;
    if (host != nullptr && !host->addresses.empty()) {
        const auto ssh = ssh_targets(*host, gathered, "").front();
        whom = (ssh.user.empty() ? "" : ssh.user + "@") + ssh.host;
        if (ssh.port != 0) port = fmt::format("-p {} ", ssh.port);
    }
    const bool home = host != nullptr && host->type == ProfileType::home_manager;
    return "ssh " + port + clean_line(whom, 300) + " -- readlink " +
           (home ? ".local/state/home-manager/gcroots/current-home"
                 : "/run/current-system /nix/var/nix/profiles/system");
}

/// Hosts that an earlier process had begun and that are no targets are told, and count.
void add_lost(DeployChoice& choice, const DeployBegun& begun, const GatheredFleet& gathered) {
    std::set<std::string> targets;
    for (const auto& target : choice.request.targets) targets.insert(target.name);
    choice.request.lost = lost_hosts(begun, targets);
    for (auto& host : choice.request.lost) {
        const auto found = gathered.fleet.hosts.find(host.name);
        const auto* known = found == gathered.fleet.hosts.end() ? nullptr : &found->second;
        const auto why = known == nullptr                  ? "it is not in the fleet any more"
                         : known->role == HostRole::deploy ? "it is no host of this deploy any more"
                                                           : "it is " + std::string(word(known->role)) + " by now";
        host.detail = clean_line(host.detail + (host.detail.empty() ? "" : "; ") + why, 600);
        if (needs_person(*host.outcome)) host.manual = look_by_hand(host.name, known, gathered);
        choice.notices.push_back(clean_line(host.name, 100) + ": " + host.detail +
                                 (host.manual.empty() ? "" : ": `" + host.manual + "` tells how it stands"));
    }
}

}  // namespace

Result<DeployChoice> choose_deploy(const Options& options, Machine& machine, const RunReport& proof,
                                   const std::string& control_folder, const FoundRun* past, DeployChoosing choosing) {
    const bool resumed = past != nullptr;
    LOCKSTEP_TRY(auto plan, wanted_plan(options, machine, resumed));
    KnownFleet known;
    LOCKSTEP_TRY(known.gathered, gather_fleet(machine));
    known.proof = proof;
    known.past = read_deploy_past(machine.runs(), machine.store().run_id());
    const auto operands = wanted_hosts(options, plan, known.gathered.fleet);
    LOCKSTEP_TRY(auto terms, deploy_terms(options, machine, known.gathered, std::move(plan), resumed));
    const bool goes_on = resumed && choosing == DeployChoosing::deploy;
    const auto begun = goes_on ? deploy_begun(past->journal.records) : DeployBegun{};
    WantedHosts hosts;
    std::vector<std::string> gone;
    if (const auto before = goes_on ? deploy_hosts(past->journal.records) : std::nullopt) {
        hosts = chosen_before(*before, known.gathered.fleet, gone);
    } else {
        hosts.named = hosts_named_in(operands, known.gathered.fleet);
        LOCKSTEP_TRY(hosts.names,
                     chosen_hosts(known.gathered.fleet, options, operands, [&](std::string_view predicate) {
                         return answer_predicate(machine, known, predicate);
                     }));
    }
    hosts.may_be_none = !lost_hosts(begun, {}).empty();
    LOCKSTEP_TRY(auto choice,
                 deploy_request(known.gathered, hosts, proof, known.past, options, control_folder, choosing));
    choice.request.terms = std::move(terms);
    add_lost(choice, begun, known.gathered);
    for (const auto& name : gone)
        if (std::none_of(choice.request.lost.begin(), choice.request.lost.end(),
                         [&](const auto& host) { return host.name == name; }))
            choice.notices.push_back(clean_line(name, 100) + " is not in the fleet any more: left alone");
    return choice;
}

Result<void> keep_hosts(Machine& machine, const DeployRequest& request) {
    std::vector<std::string> names;
    for (const auto& target : request.targets) names.push_back(target.name);
    for (const auto& data : deploy_hosts_data(names))
        LOCKSTEP_TRY_VOID(machine.store().journal("fact", "deploy-hosts", data));
    return {};
}

Result<void> set_calendar(DeployChoice& choice, Machine& machine) {
    if (choice.windows.empty()) return {};
    auto ports = machine.ports();
    LOCKSTEP_TRY(choice.request.calendar,
                 deploy_calendar(choice.windows, choice.time_zone, machine.environment().get("TZDIR"), ports.files,
                                 std::chrono::duration_cast<Millis>(ports.clock.now().time_since_epoch())));
    return {};
}

DeployPorts deploy_ports_of(const Options& options, const RunPorts& ports, Machine& machine) {
    return {
        .processes = ports.processes,
        .store = ports.store,
        .clock = ports.clock,
        .events = ports.events,
        .connects = [](const std::string& host, int port, Millis limit) { return can_connect(host, port, limit); },
        .http_status = [](const std::string& url, Millis limit) { return http_status(url, limit); },
        .interrupted = ports.interrupted,
        .failpoint = ports.failpoint,
        .ask = [&options](const std::string&) { return options.yes ? GateAnswer::approved : GateAnswer::unanswered; },
        .hooks = &machine.hooks(),
        .show = [&machine](const DeployView& view) { machine.console().show(view); }};
}

}  // namespace lockstep::cli
