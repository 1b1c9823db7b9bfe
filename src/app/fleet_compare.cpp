// SPDX-License-Identifier: MIT
// What runs on hosts against what was proved for them, by the closures of both.
#include <fmt/format.h>

#include "app/fleet_look.hpp"
#include "app/in_parallel.hpp"
#include "lockstep/adapters/deploy_closure.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/app/read_closure.hpp"

namespace lockstep {

using deploy::Connection;

namespace {

constexpr Millis k_question_limit{60'000};

class Comparison {
public:
    Comparison(const FleetTarget& target, const std::string& nix_bin, const FleetPorts& ports)
        : target_(target), nix_bin_(nix_bin), ports_(ports) {}

    FleetDifference made() {
        FleetDifference difference;
        const auto answer = probe_host(target_, target_.proved, ports_);
        difference.look = look_from(target_, answer);
        if (!answer.probe || target_.proved.empty()) return difference;
        const auto& probe = *answer.probe;
        const auto& wanted = probe.candidate_parts.empty() ? target_.parts : probe.candidate_parts;
        if (!wanted.empty()) difference.reboots = deploy::reboot_reasons(probe.booted_parts, wanted);
        difference.kernel_before = deploy::kernel_version(probe.booted_parts);
        difference.kernel_after = deploy::kernel_version(wanted);
        if (probe.running == target_.proved) return difference;
        const auto before = closure(answer.ssh, probe.running);
        const auto after = closure(answer.ssh, target_.proved);
        if (before && after)
            difference.packages = diff_closures(*before, *after);
        else
            difference.trouble =
                fmt::format("the packages cannot be compared: neither this machine nor the host has {}",
                            before ? "what was proved" : "what runs");
        return difference;
    }

private:
    /// Here when it is here, else from the host.
    std::optional<std::vector<ClosurePath>> closure(const deploy::SshTarget& host, const std::string& path) {
        if (path.empty()) return std::nullopt;
        deploy::SshTarget here;
        here.local = true;
        here.host = "this machine";
        if (auto found = ask(here, path)) return found;
        return ask(host, path);
    }

    std::optional<std::vector<ClosurePath>> ask(const deploy::SshTarget& where, const std::string& path) {
        const auto nonce =
            deploy::switch_token(ports_.run, target_.name, path + where.host, ports_.secret).substr(0, 24);
        auto command = deploy::closure_command(where, Connection::fresh, path, nonce, where.local ? nix_bin_ : "");
        command.deadline = k_question_limit;
        return read_closure(ports_.processes, command, nonce);
    }

    const FleetTarget& target_;
    const std::string& nix_bin_;
    const FleetPorts& ports_;
};

}  // namespace

std::vector<FleetDifference> compare_fleet(const std::vector<FleetTarget>& targets, const std::string& nix_bin,
                                           const FleetPorts& ports) {
    std::vector<FleetDifference> differences(targets.size());
    in_parallel(targets.size(), ports.parallel,
                [&](std::size_t n) { differences[n] = Comparison(targets[n], nix_bin, ports).made(); });
    return differences;
}

}  // namespace lockstep
