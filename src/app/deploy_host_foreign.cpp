// SPDX-License-Identifier: MIT
// A switch by the hands of a foreign program. It has no watchdog and no order that could be withheld: what it left
// behind is read from the host and judged, and what is not as wanted goes back by our own switch to the recorded
// system. How the program ended is told and decides nothing.
#include <algorithm>

#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

using deploy::Ability;
using deploy::Connection;
using deploy::HostProbe;
using deploy::SwitchAction;
using std::chrono::seconds;

namespace {

constexpr std::size_t k_most_output = 1U << 20U;
constexpr Millis k_evaluation_limit{1'800'000};

std::string suffix_of(SwitchAction action) {
    return action == SwitchAction::boot ? "-foreign-boot" : "-foreign";
}

}  // namespace

deploy::ForeignSwitch DeployHostSession::foreign_wish(SwitchAction action, const std::string& run) const {
    deploy::ForeignSwitch wish;
    wish.node = target_.node.empty() ? target_.name : target_.node;
    wish.attribute = target_.attribute.empty() ? target_.name : target_.attribute;
    wish.flake = request_.flake;
    wish.path = target_.path;
    wish.action = action;
    wish.target = ssh_;
    for (std::size_t n = 0; n < target_.addresses.size() && n < target_.ssh_configs.size(); ++n)
        if (target_.addresses[n] == ssh_) wish.ssh_config = target_.ssh_configs[n];
    wish.room = deploy::room_of(run);
    wish.activate_within = target_.limits.activate;
    wish.confirm_within = target_.limits.confirm;
    // Back by generation is back by one number: the newest one has to be the recorded system's.
    const auto& generations = seen_->generations;
    wish.may_return =
        !generations.empty() && generations.rbegin()->second == seen_->profile && seen_->profile_holds(record_.from);
    return wish;
}

/// What the program would activate, before it does. An outcome: it must not.
std::optional<HostOutcome> DeployHostSession::foresee(deploy::ForeignSwitch& wish) {
    const auto& row = hands_->row;
    if (row.foresee == nullptr || row.can(Ability::proved_path, hands_->tool)) return std::nullopt;
    stage("foresee");
    auto command = row.foresee(request_.setup, wish);
    command.deadline = k_evaluation_limit;
    const auto done = ask(command);
    const auto path = done.status.ok() ? deploy::parse_foreseen(done.out) : std::nullopt;
    if (!path)
        return end(HostOutcome::failed,
                   fmt::format("what {} would activate cannot be told: {}", row.name,
                               clean_line(done.err.empty() ? describe(done.status) : done.err, 400)));
    if (!row.wraps && *path != target_.path)
        return end(HostOutcome::failed,
                   fmt::format("{} would activate {}, and {} was proved: left alone", row.name, *path, target_.path));
    if (row.returns_by_generation && !seen_->generations.empty() && seen_->generations.rbegin()->second == *path)
        return end(HostOutcome::refused,
                   fmt::format("{} is the newest generation already: {} would make none, and its way back would "
                               "lead past the recorded system",
                               *path, row.name));
    return std::nullopt;
}

void DeployHostSession::run_hands(const deploy::ForeignSwitch& wish) {
    const auto& row = hands_->row;
    auto command = row.activate(hands_->tool, wish);
    // It evaluates, copies and activates.
    command.deadline = target_.copy_timeout + seconds(target_.limits.activate);
    const auto done = run_to_end(ports_.processes, command, k_most_output);
    hands_ok_ = done.status.ok();
    hands_said_ = fmt::format("{} {}", row.name, describe(done.status));
    log(hands_said_);
    for (const auto* text : {&done.out, &done.err})
        if (log_ && !text->empty()) log_->write(clean_text(*text) + "\n");
}

/// What the program began may go on without it: looks until nothing is being switched any more.
std::optional<HostProbe> DeployHostSession::after_hands() {
    if (!ssh_.control_path.empty()) (void)ask(deploy::ssh_close_command(ssh_));
    const auto begin = ports_.clock.steady();
    const auto patience = std::max<Millis>(seconds(target_.limits.activate), target_.health.patience);
    for (;;) {
        auto found = probe_once(Connection::fresh);
        if (found && !found->switch_locked.value_or(false)) return found;
        if (stopped() || ports_.clock.steady() - begin >= patience) return found;
        ports_.clock.sleep_for(request_.poll);
    }
}

HostOutcome DeployHostSession::carry_out_foreign(SwitchAction action) {
    const auto request = switch_request(suffix_of(action), target_.path, record_.from, action);
    auto wish = foreign_wish(action, request.run);
    if (const auto no = foresee(wish)) return *no;
    if (hands_->row.returns_by_generation) {
        const auto mark = nonce();
        const auto made = deploy::parse_answer(ask(deploy::room_command(ssh_, request.run, mark)).out, mark);
        if (!made || made->get("room") != "1")
            return end(HostOutcome::failed, "there is no room for temporary files: " + wish.room);
    }
    stage(action == SwitchAction::boot ? "boot entry" : "activate");
    const auto began = ports_.clock.steady();
    if (const auto no = intend(request)) return *no;
    run_hands(wish);
    (void)reach("deploy-started");
    record_.activation = std::chrono::duration_cast<Millis>(ports_.clock.steady() - began);
    const auto outcome = judge_hands(action, HostOutcome::failed);
    if (hands_->row.returns_by_generation) (void)ask(deploy::clean_command(ssh_, request.run, nonce()));
    return outcome;
}

/// `untouched`: the outcome when nothing changed on the host.
HostOutcome DeployHostSession::judge_hands(SwitchAction action, HostOutcome untouched) {
    const auto before = seen_;
    const auto found = after_hands();
    if (!found) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown,
                   fmt::format("{}; the host does not answer, and nothing there brings {} back by itself", hands_said_,
                               record_.from));
    }
    if (!seen_) seen_ = found;
    record_.running = found->running;
    if (found->switch_locked.value_or(false)) {
        record_.manual = by_hand("ps ax; readlink /run/current-system");
        return end(HostOutcome::unknown, fmt::format("{}; a switch is still under way there", hands_said_));
    }
    if (found->running != record_.from) return judge_running(action, *found);
    const bool wanted = found->profile_holds(target_.path) && action == SwitchAction::boot;
    // The boot entry cannot be read: a program that complains is believed that much.
    if (wanted && hands_ok_) return end(HostOutcome::boot_pending, "the next boot starts the new system");
    // After a cut-off nobody knows what the profile was before: the wanted one counts as set by the program.
    const bool may_be_ours = untouched == HostOutcome::not_started && found->profile_holds(target_.path);
    if ((!before || found->profile == before->profile) && !may_be_ours)
        return end(untouched, hands_said_ + "; nothing changed on the host");
    // The profile was set, and the recorded system runs: the next boot would start what was never proved.
    return unboot(fmt::format("{}; the profile had become {}", hands_said_, clean_line(found->profile, 200)));
}

/// Another system than the recorded one runs.
HostOutcome DeployHostSession::judge_running(SwitchAction action, const HostProbe& found) {
    if (found.running != target_.path)
        return put_back(found, fmt::format("{}; {} was activated, which is not what was proved", hands_said_,
                                           clean_line(found.running, 200)));
    const auto proof = prove(target_.path);
    record_.evidence.push_back(hands_said_);
    if (is_cut_off(proof)) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, hands_said_ + "; interrupted before it was proved");
    }
    degraded_why_ = proof.degraded ? proof.why : "";
    const bool hold = !target_.health.checks.empty();
    if (proof.health == DeployHealth::fail || (proof.health == DeployHealth::inconclusive && !hold))
        return put_back(found, proof.why);
    const auto now = probe_once(Connection::fresh);
    if (!now) {
        record_.manual = by_hand("readlink /run/current-system /nix/var/nix/profiles/system");
        return end(HostOutcome::unknown, "it could not be read back: " + record_.detail);
    }
    if (action != SwitchAction::test && !now->profile_holds(target_.path))
        return put_back(*now, fmt::format("{}; it runs, and is not the profile's: the next boot would start {}",
                                          hands_said_, clean_line(now->profile, 200)));
    seen_ = now;
    if (proof.health == DeployHealth::inconclusive) {
        held_foreign_ = true;
        return end(HostOutcome::inconclusive, proof.why);
    }
    auto detail = degraded_why_;
    if (!hands_ok_) detail += (detail.empty() ? "" : "; ") + hands_said_ + ", and the proved system runs";
    return end(degraded_why_.empty() ? HostOutcome::confirmed : HostOutcome::degraded, detail);
}

/// To the recorded system, by our own switch. Tried once.
HostOutcome DeployHostSession::put_back(const HostProbe& found, const std::string& why) {
    stage("roll back");
    if (!deploy::is_store_path(found.running)) {
        record_.manual = by_hand(record_.from + "/bin/switch-to-configuration switch");
        return end(HostOutcome::unhealthy, why);
    }
    back_why_ = clean_line(why, 600);
    baseline_known_ = false;
    seen_ = found;
    return ended_back(carry_out(switch_request("-back", record_.from, found.running, SwitchAction::switch_to)));
}

}  // namespace lockstep
