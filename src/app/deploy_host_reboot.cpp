// SPDX-License-Identifier: MIT
// Which way a host is switched: live, by the next boot, or by a reboot that is proved.
#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Connection;
using deploy::SwitchAction;

bool DeployHostSession::reboot_wanted() const {
    return target_.reboot == RebootWish::always ||
           (target_.reboot == RebootWish::if_needed && !record_.reboot_reasons.empty());
}

HostOutcome DeployHostSession::activate() {
    // Gates and other hosts may have taken hours since the first look.
    const auto recorded = record_.from;
    const auto reasons = record_.reboot_reasons;
    if (!probe()) return end(HostOutcome::unreachable, record_.detail);
    if (!recorded.empty() && record_.from != recorded) {
        const auto found = record_.from;
        record_.from = recorded;
        return end(HostOutcome::drifted, clean_line(found, 200) + " runs there now: somebody else switched it");
    }
    if (record_.reboot_reasons.empty()) record_.reboot_reasons = reasons;
    if (auto no = may_begin()) return *no;
    if (ports_.failpoint)
        if (const auto reached = ports_.failpoint("deploy-activate"); !reached.ok())
            return end(HostOutcome::failed, reached.error().what);
    stage("ask");
    const auto mark = nonce();
    const auto asked = deploy::parse_asked(ask(deploy::ask_command(ssh_, target_.path, false, mark)).out, mark);
    if (asked && asked->inhibited) return boot_plan("a live switch is refused: " + join(asked->units.inhibitors, ", "));
    if (target_.action == SwitchAction::boot) return boot_plan("");
    const auto outcome = carry_out(switch_request("", target_.path, record_.from, target_.action));
    if (outcome == HostOutcome::refused && record_.detail.find("only be switched by a reboot") != std::string::npos)
        return boot_plan(record_.detail);
    const bool done = outcome == HostOutcome::confirmed || outcome == HostOutcome::degraded;
    if (done && target_.action == SwitchAction::switch_to && reboot_wanted()) return restart_and_prove();
    return outcome;
}

/// The new system becomes the next boot's; with leave to reboot it is started and proved.
HostOutcome DeployHostSession::boot_plan(const std::string& why) {
    const auto outcome = carry_out(switch_request("-boot", target_.path, record_.from, SwitchAction::boot));
    if (outcome != HostOutcome::boot_pending) return outcome;
    if (target_.reboot == RebootWish::never)
        return end(outcome, why.empty() ? record_.detail : why + "; the next boot starts the new system");
    return restart_and_prove();
}

/// The boot id has to change; then what came up is looked at. What came up wrong goes back to the recorded system.
HostOutcome DeployHostSession::restart_and_prove() {
    stage("reboot");
    const auto mark = nonce();
    const auto rebooting = deploy::parse_rebooting(ask(deploy::reboot_command(ssh_, request_.run, mark)).out, mark);
    record_.boot_before = rebooting ? rebooting->boot_id : seen_->boot_id;
    if (rebooting && !rebooting->under_way) return end(HostOutcome::boot_pending, "the host refuses to reboot");
    if (!ssh_.control_path.empty()) (void)ask(deploy::ssh_close_command(ssh_));
    const auto begin = ports_.clock.steady();
    std::optional<deploy::HostProbe> up;
    while (ports_.clock.steady() - begin < target_.reboot_within) {
        up = probe_once(Connection::fresh);
        if (up && up->boot_id != record_.boot_before) break;
        up.reset();
        ports_.clock.sleep_for(request_.poll);
    }
    if (!up) {
        record_.manual = fmt::format("look at the console of {}; its boot menu has {}", target_.name, record_.from);
        return end(HostOutcome::unknown, "it did not come back from its reboot");
    }
    record_.boot_after = up->boot_id;
    record_.running = up->running;
    seen_ = up;
    activated_at_ = up->clock - static_cast<std::int64_t>(up->uptime_seconds);
    if (up->running == target_.path) {
        const auto proof = prove(target_.path);
        if (proof.health == DeployHealth::pass) {
            degraded_why_ = proof.degraded ? proof.why : "";
            return end(proof.degraded ? HostOutcome::degraded : HostOutcome::confirmed, degraded_why_);
        }
        record_.detail = proof.why;
        return roll_back();
    }
    const auto why = fmt::format("it came back with {}", clean_line(up->running, 200));
    if (up->running != record_.from) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, why);
    }
    // The boot loader did not take the new system: profile and boot entry go back to what runs.
    const auto back = carry_out(switch_request("-unboot", record_.from, record_.from, SwitchAction::boot));
    if (back == HostOutcome::boot_pending) return end(HostOutcome::rolled_back, why);
    record_.manual = by_hand(record_.from + "/bin/switch-to-configuration boot");
    return end(HostOutcome::rollback_failed, why + "; its boot entry could not be put back");
}

}  // namespace lockstep
