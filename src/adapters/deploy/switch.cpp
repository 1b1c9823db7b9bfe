// SPDX-License-Identifier: MIT
// Questions and orders for the host's side of a switch.
#include "adapters/deploy/scripts.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

const char* word_of(SwitchOrder order) {
    switch (order) {
        case SwitchOrder::ack:
            return "ack";
        case SwitchOrder::commit:
            return "commit";
        case SwitchOrder::release:
            return "release";
    }
    return "";
}

Parameters of_run(const std::string& run, const std::string& nonce) {
    LOCKSTEP_CHECK(is_run_name(run));
    return {{"lockstep_run", run}, {"lockstep_nonce", nonce}};
}

std::string hex(std::uint64_t value) {
    std::string result;
    for (int shift = 60; shift >= 0; shift -= 4) result += "0123456789abcdef"[(value >> shift) & 15];
    return result;
}

/// The file that supervisor and watchdog are run from.
std::string supervisor_file(const SwitchRequest& request) {
    const auto& limits = request.limits;
    return assignments({{"lockstep_run", request.run},
                        {"lockstep_token", request.token},
                        {"lockstep_new", request.new_path},
                        {"lockstep_old", request.old_path},
                        {"lockstep_action", std::string(word(request.action))},
                        {"lockstep_activate_within", std::to_string(limits.activate)},
                        {"lockstep_confirm_within", std::to_string(limits.confirm)},
                        {"lockstep_hold_within", std::to_string(limits.hold)},
                        {"lockstep_commit_within", std::to_string(limits.commit)},
                        {"lockstep_rollback_within", std::to_string(limits.rollback)},
                        {"lockstep_watchdog_after", std::to_string(limits.watchdog_after())},
                        {"lockstep_no_check", request.no_check ? "1" : "0"}}) +
           std::string(host_script("common")) + std::string(host_script("supervisor"));
}

}  // namespace

std::string_view word(SwitchAction action) {
    switch (action) {
        case SwitchAction::switch_to:
            return "switch";
        case SwitchAction::test:
            return "test";
        case SwitchAction::boot:
            return "boot";
    }
    return "";
}

bool is_run_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && text.front() != '.' && text.front() != '-' &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
               std::string_view::npos;
}

std::string switch_token(std::string_view run, std::string_view host, std::string_view path, std::string_view secret) {
    std::string all;
    for (const auto part : {run, host, path, secret}) all.append(part).push_back('\n');
    return hex(stable_hash(all)) + hex(stable_hash(all + "again"));
}

Command start_command(const SshTarget& target, const SwitchRequest& request, const std::string& nonce) {
    LOCKSTEP_CHECK(is_store_path(request.new_path) && is_store_path(request.old_path));
    auto parameters = of_run(request.run, nonce);
    parameters.insert(parameters.end(), {{"lockstep_new", request.new_path},
                                         {"lockstep_old", request.old_path},
                                         {"lockstep_watchdog_after", std::to_string(request.limits.watchdog_after())},
                                         {"lockstep_become", target.become}});
    const std::string end = "lockstep-end-" + nonce;
    const auto script = std::string(host_script("common")) + "write_supervisor() {\ncat >\"$1\" <<'" + end + "'\n" +
                        supervisor_file(request) + end + "\n}\n" + std::string(host_script("start"));
    auto command = ssh_script(target, Connection::shared, parameters, script);
    command.label = "start of the switch on " + target.host;
    return command;
}

Command state_command(const SshTarget& target, Connection connection, const std::string& run,
                      const std::string& nonce) {
    auto parameters = of_run(run, nonce);
    parameters.emplace_back("lockstep_order", "");
    return script_command(target, connection, "state", std::move(parameters), "state of the switch");
}

Command order_command(const SshTarget& target, Connection connection, const SwitchRequest& request, SwitchOrder order,
                      const std::string& nonce) {
    auto parameters = of_run(request.run, nonce);
    parameters.emplace_back("lockstep_order", word_of(order));
    parameters.emplace_back("lockstep_token", request.token);
    return script_command(target, connection, "state", std::move(parameters), word_of(order));
}

Command log_command(const SshTarget& target, const std::string& run, std::uint64_t offset, std::uint64_t most,
                    const std::string& nonce) {
    auto parameters = of_run(run, nonce);
    parameters.emplace_back("lockstep_offset", std::to_string(offset));
    parameters.emplace_back("lockstep_most", std::to_string(most));
    return script_command(target, Connection::shared, "log", std::move(parameters), "log of the switch");
}

Command settle_command(const SshTarget& target, const std::string& run, const std::string& nonce) {
    return script_command(target, Connection::shared, "settle", of_run(run, nonce), "going back");
}

Command clean_command(const SshTarget& target, const std::string& run, const std::string& nonce) {
    return script_command(target, Connection::shared, "clean", of_run(run, nonce), "cleaning");
}

Command pin_command(const SshTarget& target, const std::string& run, const std::string& new_path,
                    const std::string& old_path, const std::string& nonce) {
    auto parameters = of_run(run, nonce);
    parameters.insert(parameters.end(),
                      {{"lockstep_pin", "1"}, {"lockstep_new", new_path}, {"lockstep_old", old_path}});
    return script_command(target, Connection::shared, "pin", std::move(parameters), "pinning");
}

Command unpin_command(const SshTarget& target, const std::string& run, const std::string& nonce) {
    auto parameters = of_run(run, nonce);
    parameters.insert(parameters.end(), {{"lockstep_pin", "0"}, {"lockstep_new", ""}, {"lockstep_old", ""}});
    return script_command(target, Connection::shared, "pin", std::move(parameters), "unpinning");
}

Command reboot_command(const SshTarget& target, const std::string& run, const std::string& boot_id,
                       const std::string& nonce) {
    auto parameters = of_run(run, nonce);
    parameters.emplace_back("lockstep_boot_id", boot_id);
    return script_command(target, Connection::shared, "reboot", std::move(parameters), "reboot");
}

Command ask_command(const SshTarget& target, const std::string& new_path, bool no_check, const std::string& nonce) {
    LOCKSTEP_CHECK(is_store_path(new_path));
    return script_command(
        target, Connection::shared, "ask",
        {{"lockstep_nonce", nonce}, {"lockstep_new", new_path}, {"lockstep_no_check", no_check ? "1" : "0"}},
        "questions to the new system");
}

}  // namespace lockstep::deploy
