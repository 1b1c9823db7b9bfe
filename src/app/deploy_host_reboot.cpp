// SPDX-License-Identifier: MIT
// Which way a host is switched: live, by the next boot, or by a reboot that is proved.
#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Connection;
using deploy::SwitchAction;
using deploy::SwitchRequest;

namespace {

/// Units that start later may still fail. Without systemd nobody says so.
bool is_starting(const deploy::HostProbe& probe) {
    return probe.system_state == "initializing" || probe.system_state == "starting";
}

}  // namespace

/// Of the machine that lockstep runs on, nobody would be there to prove what came up.
bool DeployHostSession::may_reboot() const {
    return target_.reboot != RebootWish::never && !is_own_machine();
}

bool DeployHostSession::reboot_wanted() const {
    return may_reboot() && (target_.reboot == RebootWish::always || !record_.reboot_reasons.empty());
}

/// The switch of our own machine may end this process: then somebody else has to go on.
std::optional<HostOutcome> DeployHostSession::find_stand_in() {
    if (!is_own_machine() || !ports_.stand_in) return std::nullopt;
    const auto there = ports_.stand_in();
    if (there.ok()) return std::nullopt;
    return end(HostOutcome::refused, "lockstep runs on it, and nobody could go on if the switch ended lockstep: " +
                                         there.error().what + ": " + there.error().why);
}

HostOutcome DeployHostSession::begin_switch(SwitchAction action) {
    if (hands_ != nullptr) return carry_out_foreign(action);
    return carry_out(switch_request(action == SwitchAction::boot ? "-boot" : "", target_.path, record_.from, action));
}

HostOutcome DeployHostSession::activate() {
    // Gates and other hosts may have taken hours since the first look.
    const auto recorded = record_.from;
    const auto reasons = record_.reboot_reasons;
    if (!probe()) return end(stopped() ? HostOutcome::cancelled : HostOutcome::unreachable, record_.detail);
    if (!recorded.empty() && record_.from != recorded) {
        const auto found = record_.from;
        record_.from = recorded;
        return end(HostOutcome::drifted, clean_line(found, 200) + " runs there now: somebody else switched it");
    }
    if (record_.reboot_reasons.empty()) record_.reboot_reasons = reasons;
    if (auto no = may_begin()) return *no;
    // Nobody would be left to look at what came up.
    const bool restart_only = request_.purpose == DeployPurpose::restart;
    if (restart_only && is_own_machine())
        return end(HostOutcome::refused, "lockstep itself runs on it: reboot it by hand");
    if (auto alone = find_stand_in()) return *alone;
    if (const auto reached = reach("deploy-activate"); !reached.ok())
        return end(HostOutcome::failed, reached.error().what);
    if (restart_only) return restart_and_prove();
    if (target_.type != ProfileType::nixos) return carry_out_profile();
    stage("ask");
    const auto mark = nonce();
    const auto asked = deploy::parse_asked(ask(deploy::ask_command(ssh_, target_.path, false, mark)).out, mark);
    if (asked && asked->inhibited) return boot_plan("a live switch is refused: " + join(asked->units.inhibitors, ", "));
    if (target_.action == SwitchAction::boot) return boot_plan("");
    const auto outcome = begin_switch(target_.action);
    if (outcome == HostOutcome::refused && record_.detail.find("only be switched by a reboot") != std::string::npos)
        return boot_plan(record_.detail);
    return with_reboot(outcome);
}

/// After a switch that went well: the reboot that it was to end with.
HostOutcome DeployHostSession::with_reboot(HostOutcome outcome) {
    if (outcome == HostOutcome::boot_pending && may_reboot()) return restart_and_prove();
    const bool done = outcome == HostOutcome::confirmed || outcome == HostOutcome::degraded;
    if (done && target_.action == SwitchAction::switch_to && reboot_wanted()) return restart_and_prove();
    return outcome;
}

/// The new system becomes the next boot's; with leave to reboot it is started and proved.
HostOutcome DeployHostSession::boot_plan(const std::string& why) {
    if (waits_for_landing())
        return no_canary(why + "; by the next boot it would be permanent before the update landed");
    if (target_.action == SwitchAction::test)
        return end(HostOutcome::refused, why + "; `test` is not to be permanent, and the next boot would be");
    if (hands_ != nullptr && !hands_->row.can(deploy::Ability::boot, hands_->tool))
        return end(HostOutcome::refused,
                   fmt::format("{}; {} cannot set what the next boot starts", why, hands_->row.name));
    const auto outcome = begin_switch(SwitchAction::boot);
    if (outcome != HostOutcome::boot_pending) return outcome;
    if (may_reboot()) return restart_and_prove();
    std::string words = why.empty() ? record_.detail : why + "; the next boot starts the new system";
    if (is_own_machine()) words += "; lockstep runs on it and does not reboot it";
    return end(outcome, words);
}

/// The boot id has to change; then what came up is looked at. What came up wrong goes back to the recorded system.
HostOutcome DeployHostSession::restart_and_prove() {
    stage("reboot");
    record_.boot_before = seen_->boot_id;
    SwitchRequest intent;
    intent.run = request_.run + "-reboot";
    intent.old_path = record_.from;
    intent.new_path = target_.path;
    if (const auto written = write_intent(intent); !written.ok())
        return end(request_.purpose == DeployPurpose::restart ? HostOutcome::refused : HostOutcome::boot_pending,
                   "the journal cannot be written: " + written.error().why);
    (void)reach("deploy-reboot");
    return restart();
}

/// Asks for the end of the boot that is recorded, and of no later one: asked twice, it happens once.
HostOutcome DeployHostSession::restart() {
    const auto mark = nonce();
    const auto rebooting =
        deploy::parse_rebooting(ask(deploy::reboot_command(ssh_, request_.run, record_.boot_before, mark)).out, mark);
    (void)reach("deploy-rebooting");
    if (rebooting && !rebooting->under_way)
        return end(request_.purpose == DeployPurpose::restart ? HostOutcome::refused : HostOutcome::boot_pending,
                   "the host refuses to reboot");
    return prove_restarted();
}

/// What an earlier process had asked for, or was about to.
HostOutcome DeployHostSession::take_up_restart(const OpenSwitch& open) {
    const bool there = probe(false);
    record_.from = open.from;
    record_.boot_before = open.boot_id;
    compare_with(open);
    stage("reboot");
    return there && seen_->boot_id == open.boot_id ? restart() : prove_restarted();
}

HostOutcome DeployHostSession::prove_restarted() {
    if (!ssh_.control_path.empty()) (void)ask(deploy::ssh_close_command(ssh_));
    const auto begin = ports_.clock.steady();
    std::optional<deploy::HostProbe> up;
    bool starting = false;
    for (;;) {
        up = probe_once(Connection::fresh);
        if (up && up->boot_id == record_.boot_before) up.reset();
        starting = up && up->running == target_.path && is_starting(*up);
        if ((up && !starting) || stopped() || ports_.clock.steady() - begin >= target_.reboot_within) break;
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
    if (starting) return still_starting();
    if (up->running == target_.path) {
        const auto proof = prove(target_.path);
        if (proof.health == DeployHealth::pass) {
            degraded_why_ = proof.degraded ? proof.why : "";
            return end(proof.degraded ? HostOutcome::degraded : HostOutcome::confirmed, degraded_why_);
        }
        if (is_cut_off(proof)) return end(HostOutcome::unknown, "interrupted before it was proved after its reboot");
        record_.detail = proof.why;
        // The same system as before: there is nothing to go back to.
        if (up->running == record_.from) return end(HostOutcome::unhealthy, proof.why);
        return roll_back();
    }
    const auto why = fmt::format("it came back with {} and not with {}", clean_line(up->running, 200), target_.path);
    if (up->running != record_.from) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, why);
    }
    // Nothing was switched that could be put back: its boot loader and its profile do not agree.
    if (request_.purpose == DeployPurpose::restart) return end(HostOutcome::failed, why + ", as before the reboot");
    // The boot loader did not take the new system: profile and boot entry go back to what runs.
    return unboot(why);
}

/// What it is about to become nobody knows: a person may wait longer than we do.
HostOutcome DeployHostSession::still_starting() {
    if (stopped()) return end(HostOutcome::unknown, "interrupted before it was proved after its reboot");
    const auto why =
        fmt::format("after its reboot it was still starting ({}): deploy.reboot_within is over", seen_->system_state);
    record_.evidence.push_back(why);
    if (record_.running == record_.from) return end(HostOutcome::unhealthy, why);
    held_foreign_ = true;
    degraded_why_.clear();
    return end(HostOutcome::inconclusive, why);
}

HostOutcome DeployHostSession::unboot(const std::string& why) {
    const auto back = carry_out(switch_request("-unboot", record_.from, record_.from, SwitchAction::boot));
    if (back == HostOutcome::boot_pending) return end(HostOutcome::rolled_back, why);
    if (back == HostOutcome::unknown && stopped()) return back;
    record_.manual = by_hand(record_.from + "/bin/switch-to-configuration boot");
    return end(HostOutcome::rollback_failed, why + "; its boot entry could not be put back");
}

}  // namespace lockstep
