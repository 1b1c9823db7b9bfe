// SPDX-License-Identifier: MIT
// From a command line to a request.
#include "cli/deploy_choice.hpp"

#include "app/deploy_calendar.hpp"
#include "cli/deploy_terms.hpp"
#include "cli/fleet_call.hpp"
#include "edges/curl_http.hpp"
#include "edges/tcp_connect.hpp"

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

}  // namespace

Result<DeployChoice> choose_deploy(const Options& options, Machine& machine, const RunReport& proof,
                                   const std::string& control_folder, bool resumed, DeployChoosing choosing) {
    LOCKSTEP_TRY(auto plan, wanted_plan(options, machine, resumed));
    KnownFleet known;
    LOCKSTEP_TRY(known.gathered, gather_fleet(machine));
    known.proof = proof;
    known.past = read_deploy_past(machine.runs(), machine.store().run_id());
    const auto operands = wanted_hosts(options, plan, known.gathered.fleet);
    LOCKSTEP_TRY(auto terms, deploy_terms(options, machine, known.gathered, std::move(plan), resumed));
    WantedHosts hosts;
    hosts.named = hosts_named_in(operands, known.gathered.fleet);
    LOCKSTEP_TRY(hosts.names,
                 chosen_hosts(known.gathered.fleet, options, operands,
                              [&](std::string_view predicate) { return answer_predicate(machine, known, predicate); }));
    LOCKSTEP_TRY(auto choice,
                 deploy_request(known.gathered, hosts, proof, known.past, options, control_folder, choosing));
    choice.request.terms = std::move(terms);
    return choice;
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
