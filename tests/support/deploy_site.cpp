// SPDX-License-Identifier: MIT
#include "support/deploy_site.hpp"

#include <gtest/gtest.h>

namespace lockstep::test {

namespace {

constexpr const char* k_nonce = "n0nce";

nix::Setup nix_setup(const DeployLab& lab) {
    nix::Setup setup;
    setup.version = nix::parse_version(lab.run({"nix", "--version"}).out).value();
    return setup;
}

}  // namespace

RunResult run_command(const DeployLab& lab, const Command& command) {
    RunOptions options;
    options.env = command.env_set;
    options.unset = command.env_unset;
    options.cwd = command.cwd;
    options.input = command.stdin_text;
    if (command.deadline) options.limit = *command.deadline;
    return lab.run(command.argv, options);
}

deploy::SshTarget target_of(const DeployLab& lab, const LabHost& host) {
    deploy::SshTarget target;
    target.host = host.address();
    target.user = "root";
    target.identity_file = lab.identity_file();
    target.known_hosts_file = lab.known_hosts_file();
    target.control_path = (lab.dir() / ("master-" + host.name())).string();
    target.connect_timeout = Millis(4'000);
    target.alive_limit = Millis(6'000);
    return target;
}

DeploySite::DeploySite(const std::string& new_mode, const std::string& old_mode, LabHostOptions options)
    : host(lab.host("web1", options)), target(target_of(lab, host)) {
    v1 = lab.system({.name = "v1", .mode = old_mode});
    v2 = lab.system({.name = "v2", .mode = new_mode});
    host.install(v1);
    request.run = "run-1";
    request.token = deploy::switch_token(request.run, host.name(), v2, "secret");
    request.new_path = v2;
    request.old_path = v1;
    request.limits = {.activate = 30, .confirm = 30, .hold = 0, .commit = 30, .rollback = 30, .watchdog = 0};
}

std::optional<deploy::HostProbe> DeploySite::probe(deploy::ProbeRequest probe) const {
    probe.nonce = k_nonce;
    const auto done = run_command(lab, deploy::probe_command(target, deploy::Connection::shared, probe));
    EXPECT_EQ(done.status, 0) << done.err;
    EXPECT_EQ(done.err, "");
    return deploy::parse_probe(done.out, k_nonce);
}

void DeploySite::copy() const {
    const auto done =
        run_command(lab, deploy::host_copy_command(nix_setup(lab), target, {.paths = {v2}, .check_signatures = false}));
    EXPECT_EQ(done.status, 0) << done.err;
}

deploy::Started DeploySite::start() const {
    const auto done = run_command(lab, deploy::start_command(target, request, k_nonce));
    const auto started = deploy::parse_started(done.out, k_nonce);
    if (!started) ADD_FAILURE() << "no answer to start: " << done.out << done.err;
    return started.value_or(deploy::Started{});
}

deploy::SwitchState DeploySite::state() const {
    const auto done = run_command(lab, deploy::state_command(target, deploy::Connection::fresh, request.run, k_nonce));
    deploy::SwitchState nothing;
    nothing.phase = deploy::SwitchPhase::unknown;
    return deploy::parse_state(done.out, k_nonce).value_or(nothing);
}

deploy::SwitchState DeploySite::order(deploy::SwitchOrder order) const {
    const auto done =
        run_command(lab, deploy::order_command(target, deploy::Connection::fresh, request, order, k_nonce));
    const auto state = deploy::parse_state(done.out, k_nonce);
    if (!state) ADD_FAILURE() << "no answer to an order: " << done.out << done.err;
    return state.value_or(deploy::SwitchState{});
}

std::string DeploySite::phase_on_host() const {
    const auto text = host.file("/run/lockstep/" + request.run + "/state");
    const auto start = text.find("\nstate=");
    if (start == std::string::npos) return "";
    return text.substr(start + 7, text.find('\n', start + 1) - start - 7);
}

bool DeploySite::reaches(deploy::SwitchPhase phase, std::chrono::milliseconds limit) const {
    return eventually([&] { return phase_on_host() == deploy::name_of(phase); }, limit);
}

}  // namespace lockstep::test
