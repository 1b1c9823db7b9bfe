// SPDX-License-Identifier: MIT
// Looks at hosts: one question to each, many hosts at the same time.
#include "app/fleet_look.hpp"

#include "app/in_parallel.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

using deploy::Connection;

namespace {

constexpr Millis k_question_limit{60'000};
constexpr std::size_t k_answer_bytes = 4U << 20U;

}  // namespace

FleetLook look_from(const FleetTarget& target, const FleetAnswer& answer) {
    FleetLook look;
    look.name = target.name;
    look.role = target.role;
    look.required = target.required;
    look.address = answer.ssh.host;
    look.proved = target.proved;
    look.left = target.left;
    look.left_to_boot = target.left_to_boot;
    look.trouble = answer.trouble;
    look.reached = answer.probe.has_value();
    if (!look.reached) return look;
    const auto& probe = *answer.probe;
    look.running = probe.running;
    look.booted = probe.booted;
    look.profile = probe.profile;
    look.generation = probe.running_generation();
    look.uptime_seconds = probe.uptime_seconds;
    look.system_state = probe.system_state;
    look.failed_units = probe.failed_units;
    look.store_free = probe.store.free;
    look.boot_free = probe.boot.free;
    look.holder = probe.holder;
    look.holder_state = probe.holder_state;
    look.holder_alive = probe.holder_alive;
    if (probe.switch_locked.value_or(false)) look.switch_by = probe.switch_lock_owner;
    look.busy = probe.busy;
    look.reboot_reasons = deploy::reboot_reasons(probe.booted_parts, probe.running_parts);
    look.kernel = probe.kernel;
    look.nix_version = probe.nix_version;
    return look;
}

FleetAnswer probe_host(const FleetTarget& target, const std::string& candidate, const FleetPorts& ports) {
    FleetAnswer answer;
    answer.trouble = "nobody says how to reach it: set fleet.hosts.<name>.addresses";
    answer.reach = deploy::ReachTrouble::unreachable;
    for (const auto& address : target.addresses) {
        if (ports.interrupted && ports.interrupted() != 0) break;
        answer.ssh = address;
        const auto nonce =
            deploy::switch_token(ports.run, target.name, "look at " + address.host, ports.secret).substr(0, 24);
        auto command = deploy::probe_command(address, Connection::fresh,
                                             {.nonce = nonce,
                                              .candidate = candidate,
                                              .busy_files = target.busy_files,
                                              .busy_command = target.busy_command});
        command.deadline = k_question_limit;
        const auto done = run_to_end(ports.processes, command, k_answer_bytes);
        answer.probe = deploy::parse_probe(done.out, nonce);
        answer.reach = deploy::judge_ssh(done.status, done.err);
        if (answer.probe) {
            answer.reach = deploy::ReachTrouble::none;
            answer.trouble.clear();
            return answer;
        }
        answer.trouble = clean_line(done.err.empty() ? describe(done.status) : done.err, 400);
        if (done.status.ok()) answer.trouble = "it did not answer what was asked";
    }
    return answer;
}

std::vector<FleetLook> look_at_fleet(const std::vector<FleetTarget>& targets, const FleetPorts& ports) {
    std::vector<FleetLook> looks(targets.size());
    in_parallel(targets.size(), ports.parallel,
                [&](std::size_t n) { looks[n] = look_from(targets[n], probe_host(targets[n], "", ports)); });
    return looks;
}

}  // namespace lockstep
