// SPDX-License-Identifier: MIT
// Keys of deploying: how hosts are grouped, when to stop, what counts as well, and how long each step may take.
#include <algorithm>

#include "core/config_keys_rows.hpp"
#include "lockstep/core/host_health.hpp"
#include "lockstep/core/maintenance_window.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::keys {

namespace {

Complaint share(const std::string& text) {
    if (parse_deploy_share(text).ok()) return std::nullopt;
    return "expects a number of hosts or a percentage, such as 2 or 10%";
}

Complaint share_or_empty(const std::string& text) {
    return text.empty() ? std::nullopt : share(text);
}

Complaint shares(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (auto complaint = share(entry)) return complaint;
    return std::nullopt;
}

Complaint host_or_share(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (!parse_deploy_share(entry).ok())
            if (auto complaint = fleet::check_name(entry)) return complaint;
    return std::nullopt;
}

Complaint gate_words(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (entry != "start" && entry != "after-canary" && entry != "every")
            return "expects start, after-canary or every";
    return std::nullopt;
}

Complaint health_checks(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (const auto check = parse_health_check(entry); !check.ok())
            return "expects health checks: " + check.error().why + "; " + check.error().hint;
    return std::nullopt;
}

Complaint host_files(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (entry.empty() || entry.front() != '/' || entry.find_first_of(" \t\n*?[") != std::string::npos)
            return "expects absolute paths without white space and globs";
    return std::nullopt;
}

Complaint line_or_empty(const std::string& text) {
    return text.empty() ? std::nullopt : one_line(text);
}

Complaint become_words(const std::string& text) {
    for (const char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-' ||
              c == '_' || c == '/' || c == '.'))
            return "expects a command that runs another as root, such as `sudo -n`";
    return std::nullopt;
}

Complaint window_words(const std::vector<std::string>& entries) {
    for (const auto& entry : entries)
        if (const auto window = parse_maintenance_window(entry); !window.ok())
            return "expects windows such as `mon-fri 02:00-05:00 Europe/Berlin`: " + window.error().why;
    return std::nullopt;
}

Complaint backend_word(const std::string& text) {
    const auto& known = backend_words();
    if (std::find(known.begin(), known.end(), text) != known.end()) return std::nullopt;
    return "expects " + join(known, ", ");
}

void add_waves(std::vector<ConfigKey>& table) {
    table.push_back(
        choice("deploy.strategy", LOCKSTEP_FIELD(deploy.strategy),
               choices<DeployStrategy>(
                   std::pair{"smart", DeployStrategy::smart}, std::pair{"parallel", DeployStrategy::parallel},
                   std::pair{"rolling", DeployStrategy::rolling}, std::pair{"canary", DeployStrategy::canary},
                   std::pair{"blue-green", DeployStrategy::blue_green}),
               "How hosts are grouped into waves. `smart`: hosts whose kernel, initrd or the like changes go behind a "
               "canary, others together."));
    table.push_back(list("deploy.batches", LOCKSTEP_FIELD(deploy.batches), shares,
                         "Sizes of the batches, as numbers or percentages; the last one repeats."));
    table.push_back(list("deploy.canary", LOCKSTEP_FIELD(deploy.canary), host_or_share,
                         "Hosts that go first, by name, or how many."));
    table.push_back(duration_or_zero("deploy.soak", LOCKSTEP_FIELD(deploy.soak),
                                     "How long the canary is watched before the next wave begins; 0 is not at all."));
    table.push_back(integer("deploy.soak_checks", LOCKSTEP_FIELD(deploy.soak_checks), 1, 1000,
                            "How often each host of the canary is looked at in that time."));
    table.push_back(text("deploy.tolerate", LOCKSTEP_FIELD(deploy.tolerate), share,
                         "Failed hosts of a wave that are tolerated, as a number or a percentage (rounded down); one "
                         "more stops the deploy."));
    table.push_back(text("deploy.tolerate_total", LOCKSTEP_FIELD(deploy.tolerate_total), share_or_empty,
                         "The same over the whole deploy; empty is what `deploy.tolerate` says."));
    table.push_back(
        choice("deploy.on_stop", LOCKSTEP_FIELD(deploy.on_stop),
               choices<OnStop>(std::pair{"keep", OnStop::keep}, std::pair{"rollback-wave", OnStop::rollback_wave},
                               std::pair{"rollback-run", OnStop::rollback_run}),
               "What happens to hosts that were done when a deploy stops."));
    table.push_back(list("deploy.gates", LOCKSTEP_FIELD(deploy.gates), gate_words,
                         "Where somebody has to agree before it goes on: `start`, `after-canary`, `every`."));
    table.push_back(list("deploy.windows", LOCKSTEP_FIELD(deploy.windows), window_words,
                         "When waves may be begun: days, times and zone, such as `mon-fri 02:00-05:00 Europe/Berlin`. "
                         "None: at any time."));
    table.push_back(text("deploy.approvers", LOCKSTEP_FIELD(deploy.approvers), path_or_empty,
                         "File of allowed signers, as ssh-keygen reads it: whose signature counts as an approval. "
                         "Relative to the repository. Empty: `--yes` is enough."));
    table.push_back(duration("deploy.approval_valid", LOCKSTEP_FIELD(deploy.approval_valid),
                             "How long an approval counts from when it was signed."));
    table.push_back(integer("deploy.copies", LOCKSTEP_FIELD(deploy.copies), 0, 1000,
                            "Copies to hosts at the same time; 0 is no limit."));
    table.push_back(integer("deploy.activations", LOCKSTEP_FIELD(deploy.activations), 0, 1000,
                            "Activations at the same time; 0 is no limit."));
}

void add_hosts(std::vector<ConfigKey>& table) {
    auto backend = with_pattern(text("deploy.backend", LOCKSTEP_FIELD(deploy.backend), backend_word,
                                     "Who activates: `embedded` is lockstep itself; `colmena`, `deploy-rs` and "
                                     "`nixos-rebuild` are programs on the `PATH`."),
                                "^(embedded|colmena|deploy-rs|nixos-rebuild)$");
    table.push_back(std::move(backend));
    table.push_back(text("deploy.known_hosts", LOCKSTEP_FIELD(deploy.known_hosts), path_or_empty,
                         "File with the keys of the hosts, as ssh reads it; others are refused. Relative to the "
                         "repository. Empty is the known_hosts of the user."));
    table.push_back(text("deploy.become", LOCKSTEP_FIELD(deploy.become), become_words,
                         "What runs a command as root on a host, such as `sudo -n`; empty when ssh comes in as root."));
    table.push_back(boolean("deploy.substitute", LOCKSTEP_FIELD(deploy.substitute),
                            "Hosts fetch what their own caches have, the rest is sent."));
    table.push_back(boolean("deploy.check_signatures", LOCKSTEP_FIELD(deploy.check_signatures),
                            "Hosts check signatures of what is sent to them."));
    table.push_back(list("deploy.degraded_ok", LOCKSTEP_FIELD(deploy.degraded_ok), globs,
                         "Units that may fail in an activation without the host going back. Globs."));
    table.push_back(list("deploy.busy_files", LOCKSTEP_FIELD(deploy.busy_files), host_files,
                         "Files on a host that say: not now. The host is left alone, and named."));
    table.push_back(text("deploy.busy_command", LOCKSTEP_FIELD(deploy.busy_command), line_or_empty,
                         "For sh on a host, quick and without effects: when it fails, the host is left alone, with its "
                         "first line as the reason."));
    table.push_back(list("deploy.health", LOCKSTEP_FIELD(deploy.health), health_checks,
                         "What must hold on every host after the activation: `unit NAME`, `listens PORT`, `closed "
                         "PORT`, `tcp PORT`, `http URL [STATUS]`, `command TEXT`, `quiet UNIT PATTERN`. Empty: it is "
                         "reachable, and no unit failed that had not failed before."));
    table.push_back(integer("deploy.health_passes", LOCKSTEP_FIELD(deploy.health_passes), 1, 100,
                            "Looks in a row in which everything must be well."));
    table.push_back(
        duration("deploy.health_interval", LOCKSTEP_FIELD(deploy.health_interval), "Time between two looks."));
    table.push_back(
        duration("deploy.health_within", LOCKSTEP_FIELD(deploy.health_within), "Time in which that must be reached."));
}

void add_times(std::vector<ConfigKey>& table) {
    table.push_back(duration_or_zero("deploy.reach_within", LOCKSTEP_FIELD(deploy.reach_within),
                                     "How long a host that does not answer is asked again."));
    table.push_back(duration("deploy.copy_timeout", LOCKSTEP_FIELD(deploy.copy_timeout), "Longest copy to a host."));
    table.push_back(
        duration("deploy.activate_timeout", LOCKSTEP_FIELD(deploy.activate_timeout), "Longest activation."));
    table.push_back(duration("deploy.confirm_timeout", LOCKSTEP_FIELD(deploy.confirm_timeout),
                             "How long an activated host waits for the word that it was proved; then it goes back by "
                             "itself. At least twice as long as `deploy.health_within`: less counts as that."));
    table.push_back(duration("deploy.hold_timeout", LOCKSTEP_FIELD(deploy.hold_timeout),
                             "How long a host whose health could not be judged waits for somebody to decide."));
    table.push_back(duration("deploy.commit_timeout", LOCKSTEP_FIELD(deploy.commit_timeout),
                             "Longest step of making a system permanent: profile, boot entry."));
    table.push_back(duration("deploy.rollback_timeout", LOCKSTEP_FIELD(deploy.rollback_timeout),
                             "Longest activation of the old system."));
    table.push_back(duration("deploy.reboot_within", LOCKSTEP_FIELD(deploy.reboot_within),
                             "How long a host may take to come back from a reboot."));
}

}  // namespace

void add_deploy(std::vector<ConfigKey>& table) {
    add_waves(table);
    add_hosts(table);
    add_times(table);
}

}  // namespace lockstep::keys
