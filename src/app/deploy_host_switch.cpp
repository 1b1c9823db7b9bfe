// SPDX-License-Identifier: MIT
// One switch on one host. Whatever is lost on the way, the host ends it by itself; here is read how.
#include <algorithm>

#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/core/journal.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Connection;
using deploy::StartResult;
using deploy::SwitchAction;
using deploy::SwitchOrder;
using deploy::SwitchPhase;
using deploy::SwitchRequest;
using deploy::SwitchState;
using std::chrono::seconds;

namespace {

/// Beyond what the host's own limits add up to.
constexpr seconds k_slack{15};

/// To the recorded system, after it was left for good.
bool goes_back(const SwitchRequest& request) {
    return request.run.ends_with("-back");
}

/// The phase asks for a word of ours, or nothing happens in it any more.
bool needs_us(SwitchPhase phase) {
    return phase == SwitchPhase::awaiting || phase == SwitchPhase::held || phase == SwitchPhase::none ||
           deploy::is_final(phase);
}

std::string rollback_reason(const SwitchState& state) {
    std::string text = state.reason.empty() ? "it went back" : state.reason;
    if (state.by == "watchdog") text += " (its watchdog took over)";
    return text;
}

}  // namespace

SwitchRequest DeployHostSession::switch_request(const std::string& suffix, const std::string& to,
                                                const std::string& from, SwitchAction action) const {
    SwitchRequest request;
    request.run = request_.run + suffix;
    request.token = deploy::switch_token(request.run, target_.name, to, request_.secret);
    request.new_path = to;
    request.old_path = from;
    request.action = action;
    request.limits = target_.limits;
    if (target_.until_landed)
        request.limits.hold += static_cast<int>(std::chrono::ceil<seconds>(target_.soak.duration).count());
    if ((target_.health.checks.empty() && !target_.until_landed) || goes_back(request)) request.limits.hold = 0;
    return request;
}

std::optional<SwitchState> DeployHostSession::state_of(const SwitchRequest& request, Connection connection) {
    const auto mark = nonce();
    return deploy::parse_state(ask(deploy::state_command(ssh_, connection, request.run, mark)).out, mark);
}

std::optional<SwitchState> DeployHostSession::order(const SwitchRequest& request, SwitchOrder order) {
    // An order that got lost is given again: it counts once, and only while it is awaited.
    for (int attempt = 0; attempt < 3; ++attempt) {
        const auto mark = nonce();
        const auto done = ask(deploy::order_command(ssh_, Connection::fresh, request, order, mark));
        if (auto state = deploy::parse_state(done.out, mark)) return state;
        ports_.clock.sleep_for(request_.poll);
    }
    return std::nullopt;
}

void DeployHostSession::copy_log(const SwitchRequest& request) {
    const auto mark = nonce();
    const auto done = ask(deploy::log_command(ssh_, request.run, log_offset_, 1U << 20U, mark));
    const auto chunk = deploy::parse_log(done.out, mark, log_offset_);
    if (!chunk) return;
    log_offset_ = chunk->next;
    if (log_ && !chunk->text.empty()) log_->write(chunk->text);
}

std::optional<SwitchState> DeployHostSession::follow(const SwitchRequest& request, SwitchPhase left) {
    const auto& limits = request.limits;
    // So long the host may be busy with this by itself: then its watchdog has gone back.
    const auto patience = seconds(limits.watchdog_after() + 2 * limits.rollback + 3 * limits.commit) + k_slack;
    const auto begin = ports_.clock.steady();
    std::uint64_t log_size = 0;
    for (bool shared = true;;) {
        auto state = state_of(request, shared ? Connection::shared : Connection::fresh);
        if (state && state->log_size != log_size) {
            log_size = state->log_size;
            copy_log(request);
        }
        if (state && state->phase != left && needs_us(state->phase)) return state;
        // Nobody on the host is in charge, and its watchdog is gone: it is told to go back.
        if (state && !state->supervisor_alive && !state->watchdog_armed && !deploy::is_final(state->phase)) {
            const auto mark = nonce();
            (void)ask(deploy::settle_command(ssh_, request.run, mark));
        }
        if (!state && shared && !ssh_.control_path.empty()) (void)ask(deploy::ssh_close_command(ssh_));
        shared = state.has_value();
        if (stopped() || ports_.clock.steady() - begin > patience) return std::nullopt;
        ports_.clock.sleep_for(request_.poll);
    }
}

/// What a later process of the run needs to know.
Result<void> DeployHostSession::write_intent(const SwitchRequest& request) {
    const auto intent = journal_data({{"host", target_.name},
                                      {"run", request.run},
                                      {"token", request.token},
                                      {"from", request.old_path},
                                      {"to", request.new_path},
                                      {"boot", seen_->boot_id},
                                      {"failed_units", join(baseline_, " ")},
                                      {"failed_units_known", std::int64_t{baseline_known_ ? 1 : 0}},
                                      {"clock", seen_->clock}});
    return ports_.store.journal("intent", "switch", intent);
}

std::optional<HostOutcome> DeployHostSession::intend(const deploy::SwitchRequest& request) {
    activated_at_ = seen_->clock;
    left_something_ = true;
    if (const auto written = write_intent(request); !written.ok())
        return end(HostOutcome::failed, "the journal cannot be written: " + written.error().why);
    if (const auto reached = reach("deploy-intent"); !reached.ok())
        return end(HostOutcome::failed, reached.error().what);
    return std::nullopt;
}

HostOutcome DeployHostSession::carry_out(const SwitchRequest& request) {
    stage(request.action == SwitchAction::boot ? "boot entry" : "activate");
    const auto began = ports_.clock.steady();
    log_offset_ = 0;
    if (const auto no = intend(request)) return *no;
    const auto mark = nonce();
    const auto done = ask(deploy::start_command(ssh_, request, mark));
    const auto started = deploy::parse_started(done.out, mark);
    (void)reach(goes_back(request) ? "deploy-rollback" : "deploy-started");
    if (!started) {
        // The answer was lost: the host knows whether it has begun.
        const auto state = follow(request);
        if (!state) return lost(request);
        if (state->phase == SwitchPhase::none && state->running == request.old_path)
            return end(HostOutcome::failed, "the switch was not begun: " + clean_line(done.err, 300));
        return go_on(request, *state);
    }
    switch (started->result) {
        case StartResult::started:
        case StartResult::already:
            break;
        case StartResult::held:
        case StartResult::switch_locked:
        case StartResult::not_started:
            return end(HostOutcome::refused, started->why);
        case StartResult::drifted:
            return end(HostOutcome::drifted, "somebody switched it meanwhile: " + started->why);
        case StartResult::candidate_missing:
            return end(HostOutcome::failed, "the system is not there: " + started->why);
    }
    const auto state = follow(request);
    record_.activation = std::chrono::duration_cast<Millis>(ports_.clock.steady() - began);
    if (!state) return lost(request);
    return go_on(request, *state);
}

/// From a phase in which the host waits for us, or has come to an end.
HostOutcome DeployHostSession::go_on(const SwitchRequest& request, SwitchState state) {
    if (state.phase == SwitchPhase::awaiting) {
        (void)reach("deploy-awaiting");
        const auto proof = prove(request.new_path);
        (void)reach("deploy-proved");
        if (is_cut_off(proof)) return lost(request);
        degraded_why_ = proof.degraded ? proof.why : "";
        record_.detail = clean_line(proof.why, 600);
        const bool hold = request.limits.hold > 0;
        // Whatever the recorded system's health is: the one that was left would be no better.
        const bool stays = goes_back(request) && proof.reached;
        unproved_why_ = proof.health == DeployHealth::pass ? "" : proof.why;
        if (!stays && (proof.health == DeployHealth::fail || (proof.health == DeployHealth::inconclusive && !hold))) {
            stage("roll back");
            (void)order(request, SwitchOrder::release);
        } else {
            stage("commit");
            (void)order(request, SwitchOrder::ack);
        }
        (void)reach("deploy-acked");
        const auto next = follow(request, SwitchPhase::awaiting);
        if (!next) return lost(request);
        state = *next;
        if (state.phase == SwitchPhase::held && proof.health == DeployHealth::inconclusive) {
            held_ = request;
            return end(HostOutcome::inconclusive, proof.why);
        }
        if (state.phase == SwitchPhase::rolled_back && proof.health != DeployHealth::pass) state.reason = proof.why;
    }
    if (state.phase == SwitchPhase::held && landing_gate_ && !goes_back(request)) {
        if (const auto ended = hold_until_landed(request, state)) return *ended;
    } else if (state.phase == SwitchPhase::held) {
        (void)order(request, SwitchOrder::commit);
        const auto next = follow(request, SwitchPhase::held);
        if (!next) return lost(request);
        state = *next;
    }
    return settled(request, state);
}

/// Nothing happens on the host any more: what is there now?
HostOutcome DeployHostSession::settled(const SwitchRequest& request, const SwitchState& state) {
    copy_log(request);
    record_.running = state.running;
    const auto now = state_of(request, Connection::fresh).value_or(state);
    record_.running = now.running;
    switch (now.phase) {
        case SwitchPhase::committed:
        case SwitchPhase::tested:
            return confirm(request);
        case SwitchPhase::boot_set:
            return end(HostOutcome::boot_pending, "the next boot starts the new system");
        case SwitchPhase::reboot_needed:
            return end(HostOutcome::refused, "it can only be switched by a reboot");
        case SwitchPhase::rolled_back:
            if (now.running != request.old_path) break;
            if (goes_back(request)) return not_back(rollback_reason(state));
            return end(HostOutcome::rolled_back,
                       state.phase == SwitchPhase::rolled_back ? rollback_reason(state) : rollback_reason(now));
        case SwitchPhase::none:
            // Whatever the host knew of the run is gone: it was restarted.
            if (now.running == request.old_path && goes_back(request)) return not_back("it restarted");
            if (now.running == request.old_path && now.profile != request.new_path)
                return end(HostOutcome::rolled_back, "it restarted before the new system was permanent");
            if (now.running == request.new_path && now.profile == request.new_path) return confirm(request);
            break;
        case SwitchPhase::rollback_failed:
            record_.manual = by_hand(request.old_path + "/bin/switch-to-configuration switch");
            return end(HostOutcome::rollback_failed, "neither system could be activated: " + rollback_reason(now));
        default:
            break;
    }
    record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
    return end(HostOutcome::unknown,
               fmt::format("{} runs, the host says `{}`", clean_line(now.running, 200), deploy::name_of(now.phase)));
}

/// Read back: what is permanent is what was proved.
HostOutcome DeployHostSession::confirm(const SwitchRequest& request) {
    const auto probe = probe_once(Connection::fresh);
    if (!probe) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, "it could not be read back: " + record_.detail);
    }
    record_.running = probe->running;
    const bool permanent = request.action == SwitchAction::test || probe->profile == request.new_path;
    if (probe->running != request.new_path || !permanent) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, fmt::format("{} runs and {} is the profile's", clean_line(probe->running, 200),
                                                     clean_line(probe->profile, 200)));
    }
    seen_ = probe;
    if (goes_back(request) && unproved_why_.empty()) return end(HostOutcome::rolled_back, back_why_);
    if (goes_back(request)) {
        record_.manual = by_hand("systemctl --failed");
        return end(HostOutcome::rollback_failed, "the recorded system runs again, and is not well: " + unproved_why_);
    }
    return end(degraded_why_.empty() ? HostOutcome::confirmed : HostOutcome::degraded, degraded_why_);
}

HostOutcome DeployHostSession::lost(const SwitchRequest& request) {
    record_.manual = by_hand(fmt::format("readlink /run/current-system; cat /run/lockstep/{}/state", request.run));
    if (stopped()) return end(HostOutcome::unknown, "interrupted before it came to its end");
    return end(HostOutcome::unknown,
               "it does not answer; its watchdog goes back to " + request.old_path + " by itself");
}

HostOutcome DeployHostSession::not_back(const std::string& why) {
    record_.manual = by_hand(record_.from + "/bin/switch-to-configuration switch");
    return end(HostOutcome::rollback_failed, "the recorded system could not be brought back: " + why);
}

HostOutcome DeployHostSession::ended_back(HostOutcome outcome) {
    const bool is_open = outcome == HostOutcome::unknown && stopped();
    if (is_open || outcome == HostOutcome::rolled_back || outcome == HostOutcome::rollback_failed) return outcome;
    return not_back(record_.detail);
}

void DeployHostSession::give_up() {
    if (!earlier_.from.empty()) record_.from = earlier_.from;
    record_.manual = by_hand(record_.from + "/bin/switch-to-configuration switch");
    (void)end(HostOutcome::unhealthy, record_.detail);
}

HostOutcome DeployHostSession::settle_held(bool accepted) {
    if (held_foreign_ && accepted) {
        held_foreign_ = false;
        if (target_.type != ProfileType::nixos) return commit_profile();
        return end(degraded_why_.empty() ? HostOutcome::confirmed : HostOutcome::degraded, degraded_why_);
    }
    if (held_foreign_) return roll_back();
    if (!held_) return *record_.outcome;
    const auto request = *held_;
    held_.reset();
    stage(accepted ? "commit" : "roll back");
    (void)order(request, accepted ? SwitchOrder::commit : SwitchOrder::release);
    const auto state = follow(request, SwitchPhase::held);
    return state ? settled(request, *state) : lost(request);
}

HostOutcome DeployHostSession::roll_back() {
    if (!earlier_.from.empty()) record_.from = earlier_.from;
    if (!seen_ || record_.from.empty()) return end(HostOutcome::rollback_failed, "what ran before is not known");
    if (held_) return settle_held(false);
    held_foreign_ = false;
    if (is_own_machine() && ports_.stand_in) (void)ports_.stand_in();
    if (target_.type != ProfileType::nixos)
        return back_by_profile(record_.detail.empty() ? "the run was stopped" : record_.detail);
    const auto from = record_.from;
    back_why_ = record_.detail.empty() ? "the run was stopped" : record_.detail;
    if (record_.outcome == HostOutcome::boot_pending) {
        const auto why = "the run was stopped";
        const auto now = probe_once(Connection::fresh);
        // Unless it was rebooted meanwhile, nothing was switched.
        if (!now || now->running == from) return unboot(why);
    }
    baseline_known_ = false;
    return ended_back(carry_out(switch_request("-back", from, target_.path, SwitchAction::switch_to)));
}

/// Held by an earlier process, whose verdict ended with it: it may have been about to ask somebody.
HostOutcome DeployHostSession::judge_held(const SwitchRequest& request, SwitchState state) {
    const auto proof = prove(request.new_path);
    if (is_cut_off(proof)) return lost(request);
    degraded_why_ = proof.degraded ? proof.why : "";
    record_.detail = clean_line(proof.why, 600);
    if (proof.health == DeployHealth::pass) return go_on(request, state);
    stage("roll back");
    (void)order(request, SwitchOrder::release);
    const auto next = follow(request, SwitchPhase::held);
    if (!next) return lost(request);
    if (next->phase != SwitchPhase::rolled_back) return settled(request, *next);
    state = *next;
    state.reason = proof.why;
    record_.blameless = proof.health == DeployHealth::inconclusive;
    if (record_.blameless) state.reason = "nobody had said whether it stays: " + proof.why;
    return settled(request, state);
}

HostOutcome DeployHostSession::take_up(const OpenSwitch& open) {
    left_something_ = true;
    if (open.run.ends_with("-reboot")) return take_up_restart(open);
    const bool back = open.run.ends_with("-back");
    const bool unboot = open.run.ends_with("-unboot");
    const bool boot = unboot || open.run.ends_with("-boot");
    const auto live = back ? SwitchAction::switch_to : target_.action;
    auto request = switch_request("", open.to, open.from, boot ? SwitchAction::boot : live);
    request.run = open.run;
    request.token = open.token;
    if (back) request.limits.hold = 0;
    const bool there = probe(false);
    record_.from = back ? open.to : open.from;
    // What failed since then is evidence: the look of now is none to compare with.
    compare_with(open);
    back_why_ = "the run was stopped";
    const bool foreign = open.run.find("-foreign") != std::string::npos;
    if (!there && !foreign && target_.type == ProfileType::nixos) return lost(request);
    stage("read how far it got");
    hands_said_ = "it was cut off";
    if (target_.type != ProfileType::nixos) return judge_profile(HostOutcome::not_started);
    if (foreign) return with_reboot(judge_hands(request.action, HostOutcome::not_started));
    const auto state = follow(request);
    if (!state) return lost(request);
    const bool begun =
        state->phase != SwitchPhase::none || state->boot_id != open.boot_id || state->running != open.from;
    if (!begun && !back && !unboot) return end(HostOutcome::not_started, "the switch had not begun");
    // To go back was decided, and is not decided again.
    if (!begun && is_own_machine() && ports_.stand_in) (void)ports_.stand_in();
    if (!begun) baseline_known_ = false;
    const auto outcome = !begun                              ? carry_out(request)
                         : state->phase == SwitchPhase::held ? judge_held(request, *state)
                                                             : go_on(request, *state);
    if (unboot && outcome == HostOutcome::boot_pending)
        return end(HostOutcome::rolled_back, "it came back with the recorded system");
    return back ? ended_back(outcome) : with_reboot(outcome);
}

}  // namespace lockstep
