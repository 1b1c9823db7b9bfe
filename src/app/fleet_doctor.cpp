// SPDX-License-Identifier: MIT
// The examination of hosts.
#include "lockstep/app/fleet_doctor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/in_parallel.hpp"
#include "lockstep/adapters/deploy_rights.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Level = Finding::Level;
using deploy::ReachTrouble;

constexpr Millis k_question_limit{60'000};
constexpr std::uint64_t k_little_store = 1ULL << 30U, k_little_boot = 64ULL << 20U;

class HostExamination {
public:
    HostExamination(const FleetTarget& target, const FleetExamination& examination, const FleetPorts& ports)
        : target_(target), examination_(examination), ports_(ports) {}

    std::vector<Finding> all() {
        const auto answer = probe_host(target_, "", ports_);
        ssh_ = answer.ssh;
        if (!answer.probe) {
            not_reached(answer);
            return std::move(findings_);
        }
        const auto& probe = *answer.probe;
        add(Level::good,
            fmt::format("{}@{}: {}{}{}", probe.user, ssh_.host,
                        probe.nix_version.empty() ? "no Nix" : probe.nix_version,
                        probe.systemd ? ", systemd " + probe.systemd_version : "", probe.nixos ? ", NixOS" : ""));
        room(probe);
        who_has_it(probe);
        if (target_.role == HostRole::monitor_only) return std::move(findings_);
        what_it_is(probe);
        rights(probe);
        return std::move(findings_);
    }

private:
    void add(Level level, std::string text, std::string fix = "", ExitCode exit = ExitCode::ok) {
        findings_.push_back({level, "host " + target_.name, std::move(text), std::move(fix), exit});
    }

    void not_reached(const FleetAnswer& answer) {
        switch (answer.reach) {
            case ReachTrouble::host_key:
                return add(Level::failure,
                           "the key that it shows is not pinned in " + examination_.known_hosts + ", or is another one",
                           "`lockstep doctor --learn-host-keys FILE` writes what hosts show; compare that with "
                           "ssh_host_*_key.pub on the host before it is pinned",
                           ExitCode::credentials);
            case ReachTrouble::refused:
                return add(Level::failure, "it does not let us in: " + answer.trouble,
                           fmt::format("put the public key of fleet.hosts.{}.identity_file into authorized_keys of "
                                       "its user, or name another user or key",
                                       target_.name),
                           ExitCode::credentials);
            case ReachTrouble::none:
                return add(Level::failure, "it lets us in, but does not answer: " + answer.trouble,
                           "its login shell has to be able to start `sh`", ExitCode::config);
            default:
                break;
        }
        if (target_.required)
            add(Level::failure, "it cannot be reached: " + answer.trouble,
                "start it, mend its address (`lockstep fleet info " + target_.name +
                    "`), or say `optional` or `offline_ok`",
                ExitCode::infrastructure);
        else
            add(Level::note, "it cannot be reached, which it may: " + answer.trouble);
    }

    void room(const deploy::HostProbe& probe) {
        if (probe.store.free && *probe.store.free < k_little_store)
            add(Level::warning, human_size(*probe.store.free) + " are free for /nix/store",
                "`nix-collect-garbage --delete-older-than 30d` on the host makes room");
        if (probe.boot.free && *probe.boot.free < k_little_boot)
            add(Level::warning,
                human_size(*probe.boot.free) + " are free in /boot: another kernel and initrd may not fit",
                "keep fewer generations: boot.loader.systemd-boot.configurationLimit or "
                "boot.loader.grub.configurationLimit");
        if (probe.failed_units && !probe.failed_units->empty())
            add(Level::note, "failed units: " + clean_line(join(*probe.failed_units, ", "), 300));
    }

    void who_has_it(const deploy::HostProbe& probe) {
        if (!probe.holder.empty() && !probe.holder_alive)
            add(Level::warning,
                fmt::format("run {} left it in the middle of a switch ({})", probe.holder, probe.holder_state),
                "`lockstep resume " + probe.holder + "` brings it to its end");
        else if (!probe.holder.empty())
            add(Level::note, fmt::format("run {} has it right now ({})", probe.holder, probe.holder_state));
        if (!probe.busy.empty())
            add(Level::note, "it asks to be left alone: " + clean_line(join(probe.busy, "; "), 300));
    }

    void what_it_is(const deploy::HostProbe& probe) {
        if (probe.nix_version.empty())
            add(Level::failure, "there is no Nix on its PATH", "a deploy copies with `nix copy`", ExitCode::config);
        if (probe.running.empty())
            add(Level::failure, "it runs no system of the Nix store: there is nothing to go back to",
                "install NixOS first, or give it another role", ExitCode::config);
        if (!probe.systemd)
            add(Level::warning,
                "it runs no systemd: units are no part of the proof, and the supervisor is a plain process");
        else if (!probe.failed_units)
            add(Level::warning, "its units cannot be listed: health will be inconclusive",
                "let the user run `systemctl list-units`");
    }

    void rights(const deploy::HostProbe& probe) {
        const auto path = probe.running;
        if (path.empty()) return;
        if (!probe.root && ssh_.become.empty())
            add(Level::failure, "we come in as " + probe.user + ", who may not switch systems",
                "set deploy.become to `sudo -n` (with the rules of examples/nixos/lockstep-deploy-user.nix), or user "
                "to "
                "root",
                ExitCode::config);
        const auto nonce = deploy::switch_token(ports_.run, target_.name, "rights", ports_.secret).substr(0, 24);
        auto command = deploy::rights_command(ssh_, path, nonce);
        command.deadline = k_question_limit;
        const auto done = run_to_end(ports_.processes, command, 1U << 20U);
        const auto rights = deploy::parse_rights(done.out, nonce, ssh_, path);
        if (!rights) {
            add(Level::warning, "what we may do there could not be asked: " +
                                    clean_line(done.err.empty() ? describe(done.status) : done.err, 300));
            return;
        }
        sudo(*rights);
        if (rights->settings_known) signatures(*rights);
    }

    void sudo(const deploy::HostRights& rights) {
        if (!ssh_.become.empty() && !rights.refused) {
            add(Level::note, "what `" + clean_line(ssh_.become, 60) + "` allows cannot be asked beforehand");
            return;
        }
        if (!rights.refused || rights.refused->empty()) return;
        add(Level::failure,
            fmt::format("sudo refuses {} of a deploy, such as `{}`", plural(rights.refused->size(), "command"),
                        clean_line(rights.refused->front(), 200)),
            "examples/nixos/lockstep-deploy-user.nix has the rules; `sudo -l` on the host shows what it allows",
            ExitCode::config);
    }

    void signatures(const deploy::HostRights& rights) {
        if (!examination_.check_signatures) {
            if (rights.require_signatures && !rights.trusted())
                add(Level::failure, rights.user + " is not trusted by its Nix, which refuses what nobody signed",
                    k_three_ways, ExitCode::config);
            return;
        }
        if (!rights.require_signatures)
            add(Level::warning, "its Nix takes paths that nobody signed", "set `require-sigs = true` in its nix.conf");
        if (target_.proved.empty()) return;
        auto command = deploy::signatures_command(examination_.setup, target_.proved);
        command.deadline = k_question_limit;
        const auto done = run_to_end(ports_.processes, command, 1U << 20U);
        if (!done.status.ok()) return;  // not here: whoever copies it will see
        if (!deploy::signed_for(deploy::parse_signatures(done.out), rights.trusted_keys) && rights.require_signatures)
            add(Level::failure, "what was proved here carries no signature that it trusts", k_three_ways,
                ExitCode::config);
    }

    static constexpr const char* k_three_ways =
        "sign what is built (`secret-key-files` in nix.conf here) and put the public key into its "
        "`trusted-public-keys`; or copy through a cache that it trusts; or make the user one of its `trusted-users` "
        "and set deploy.check_signatures to off";

    const FleetTarget& target_;
    const FleetExamination& examination_;
    const FleetPorts& ports_;
    deploy::SshTarget ssh_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine_fleet(const std::vector<FleetTarget>& targets, const FleetExamination& examination,
                                   const FleetPorts& ports) {
    std::vector<std::vector<Finding>> found(targets.size());
    in_parallel(targets.size(), ports.parallel,
                [&](std::size_t n) { found[n] = HostExamination(targets[n], examination, ports).all(); });
    std::vector<Finding> all;
    for (auto& each : found) all.insert(all.end(), each.begin(), each.end());
    return all;
}

}  // namespace lockstep
