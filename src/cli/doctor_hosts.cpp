// SPDX-License-Identifier: MIT
// Which hosts are examined, and where keys that they show go to.
#include "cli/doctor_hosts.hpp"

#include "cli/control_folder.hpp"
#include "cli/deploy_request.hpp"
#include "cli/fleet_call.hpp"
#include "cli/write_new.hpp"
#include "edges/disk_files.hpp"
#include "lockstep/app/fleet_doctor.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

Finding finding_of(const std::string& subject, const Error& error) {
    return {Finding::Level::failure, subject, error.what + (error.why.empty() ? "" : ": " + error.why), error.hint,
            exit_code_for(error.kind)};
}

/// The hosts that somebody looks at or deploys to.
std::vector<FleetTarget> targets_of(const KnownFleet& known) {
    std::vector<FleetTarget> targets;
    for (const auto& [name, host] : known.gathered.fleet.hosts)
        if (host.role != HostRole::ignore && host.role != HostRole::build_only)
            targets.push_back(fleet_target(known, host));
    return targets;
}

std::vector<Finding> learn(const std::vector<FleetTarget>& targets, const std::string& path, Machine& machine) {
    const ControlFolder folder;
    DiskFiles files;
    auto learned = learn_host_keys(targets, folder.path(), files, fleet_ports(machine));
    if (learned.known_hosts.empty()) return std::move(learned.findings);
    if (const auto written = write_new(path, learned.known_hosts, false); !written.ok())
        learned.findings.push_back(finding_of("host keys", written.error()));
    else
        learned.findings.push_back(
            {Finding::Level::note, "host keys", "written to " + path + ", and trusted by nobody yet",
             "compare each with its host, then put it where deploy.known_hosts says", ExitCode::ok});
    return std::move(learned.findings);
}

}  // namespace

std::vector<Finding> examine_hosts(const Options& options, Machine& machine) {
    KnownFleet known;
    auto gathered = gather_fleet(machine);
    if (!gathered.ok()) {
        auto finding = finding_of("fleet", gathered.error());
        // Who deploys nothing is not kept from updating by a hive that cannot be read.
        finding.level = Finding::Level::warning;
        return {finding};
    }
    known.gathered = std::move(gathered).value();
    const auto targets = targets_of(known);
    if (targets.empty()) return {};
    if (options.learn_host_keys) return learn(targets, *options.learn_host_keys, machine);
    if (auto proof = proved_run(machine.runs(), ""); proof.ok()) known.proof = std::move(proof).value();
    const auto& wish = known.gathered.config.deploy;
    return examine_fleet(targets_of(known),
                         {.setup = known.gathered.setup,
                          .check_signatures = wish.check_signatures,
                          .known_hosts = wish.known_hosts.empty() ? "~/.ssh/known_hosts" : wish.known_hosts},
                         fleet_ports(machine));
}

}  // namespace lockstep::cli
