// SPDX-License-Identifier: MIT
// Copies to hosts, and the commands that need root there.
#include "adapters/deploy/scripts.hpp"
#include "adapters/nix/call.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

constexpr const char* k_run = "RUN";
constexpr const char* k_profile = "/nix/var/nix/profiles/system";

std::vector<std::vector<std::string>> shapes(const std::string& run, const std::string& path) {
    const std::string home = "/run/lockstep/" + run;
    const std::string roots = "/nix/var/nix/gcroots/lockstep";
    const std::string stc = path + "/bin/switch-to-configuration";
    const std::string star = run == "*" ? "*" : "1";
    return {
        {"install", "-d", "-m", "0700", "-o", star, "/run/lockstep", home},
        {"systemd-run", "--quiet", "--collect", "--on-active=" + star + "s", "--timer-property=AccuracySec=100ms",
         "--unit=lockstep-wd-" + run, "--", "/bin/sh", home + "/supervisor", "watchdog"},
        {"systemd-run", "--quiet", "--no-block", "--collect", "--service-type=exec", "--property=KillMode=mixed",
         "--property=TimeoutStopSec=" + star + "s", "--unit=lockstep-switch", "--", "/bin/sh", home + "/supervisor"},
        {"systemd-run", "--quiet", "--collect", "--no-block", "--unit=lockstep-settle-" + run, "--", "/bin/sh",
         home + "/supervisor", "watchdog"},
        {"systemctl", "stop", "lockstep-wd-" + run + ".timer"},
        {stc, "check"},
        {stc, "dry-activate"},
        {"mkdir", "-p", roots},
        {"nix-store", "--realise", path, "--add-root", roots + "/" + run + "-new"},
        {"nix-store", "--realise", path, "--add-root", roots + "/" + run + "-old"},
        {"rm", "-f", roots + "/" + run + "-new", roots + "/" + run + "-old"},
        {"systemd-run", "--quiet", "--collect", "--on-active=1s", "--timer-property=AccuracySec=100ms",
         "--unit=lockstep-reboot-" + run, "--", "/run/current-system/sw/bin/systemctl", "reboot"},
    };
}

}  // namespace

std::string host_store_url(const SshTarget& target, bool ssh_ng) {
    const auto host = target.host.find(':') == std::string::npos ? target.host : "[" + target.host + "]";
    return (ssh_ng ? "ssh-ng://" : "ssh://") + (target.user.empty() ? "" : target.user + "@") + host;
}

Command host_copy_command(const nix::Setup& setup, const SshTarget& target, const HostCopy& request) {
    auto command = nix::start_call(setup, "nix", {"copy"});
    if (request.substitute) command.argv.emplace_back("--substitute-on-destination");
    if (request.progress) command.argv.insert(command.argv.end(), {"--log-format", "internal-json", "-v"});
    if (!request.check_signatures) command.argv.emplace_back("--no-check-sigs");
    auto url = host_store_url(target, request.ssh_ng);
    if (!request.remote_program.empty()) url += "?remote-program=" + request.remote_program;
    command.argv.insert(command.argv.end(), {"--to", url});
    nix::add_options(command, setup);
    command.argv.emplace_back("--");
    command.argv.insert(command.argv.end(), request.paths.begin(), request.paths.end());
    // The shared connection is used when there is one and never made here: nobody would wait for its end.
    const auto options = request.config_file.empty() ? join(ssh_options(target, Connection::shared), " ")
                                                     : "-F " + request.config_file + " -o ControlMaster=no";
    command.env_set.emplace_back("NIX_SSHOPTS", replace_all(options, "ControlMaster=auto", "ControlMaster=no"));
    if (request.timeout.count() > 0) command.deadline = request.timeout;
    if (request.progress && request.silence.count() > 0) command.silence = request.silence;
    command.label = "nix copy to " + target.host;
    return command;
}

Command host_validity_command(const SshTarget& target, const std::vector<std::string>& paths) {
    std::vector<std::string> argv{"nix-store", "--check-validity"};
    argv.insert(argv.end(), paths.begin(), paths.end());
    auto command = ssh_command(target, Connection::shared, argv);
    command.label = "nix-store --check-validity on " + target.host;
    return command;
}

std::vector<std::vector<std::string>> privileged_shapes() {
    return shapes("*", "/nix/store/*");
}

std::vector<std::vector<std::string>> privilege_questions(const std::string& path) {
    std::vector<std::vector<std::string>> result;
    for (const auto& shape : shapes(k_run, path)) {
        result.push_back({"sudo", "-n", "-l", "--"});
        result.back().insert(result.back().end(), shape.begin(), shape.end());
    }
    return result;
}

}  // namespace lockstep::deploy
