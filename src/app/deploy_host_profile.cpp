// SPDX-License-Identifier: MIT
// nix-darwin and home-manager: activated, proved over a new connection, and only then made permanent, as elsewhere; but
// there is no supervisor on the host, so that nothing there goes back when this process dies.
#include <fmt/format.h>

#include "app/deploy_host.hpp"
#include "lockstep/adapters/deploy_profile.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

using deploy::Connection;
using deploy::HostProbe;
using deploy::ProfileStep;
using deploy::SwitchAction;
using std::chrono::seconds;

namespace {

std::string on_the_host(ProfileType type) {
    return type == ProfileType::darwin ? "readlink /run/current-system /nix/var/nix/profiles/system"
                                       : "readlink .local/state/home-manager/gcroots/current-home";
}

}  // namespace

/// One step; how it ended is told and decides nothing.
void DeployHostSession::profile_step(ProfileStep step, const std::string& path) {
    const auto mark = nonce();
    auto command = deploy::profile_command(ssh_, target_.type, step, path, mark);
    command.deadline =
        seconds(step == ProfileStep::activate ? target_.limits.activate : target_.limits.commit) + seconds(15);
    const auto done = ask(command);
    const auto answer = deploy::parse_profile(done.out, mark);
    hands_ok_ = answer && answer->rc == 0;
    hands_said_ = answer ? fmt::format("its {} ended with code {}",
                                       step == ProfileStep::activate ? "activation" : "profile", answer->rc)
                         : "the answer was lost";
    log(hands_said_);
    if (log_ && answer && !answer->output.empty()) log_->write(clean_text(answer->output) + "\n");
}

HostOutcome DeployHostSession::carry_out_profile() {
    stage("activate");
    const auto began = ports_.clock.steady();
    if (const auto no = intend(switch_request("-profile", target_.path, record_.from, SwitchAction::switch_to)))
        return *no;
    profile_step(ProfileStep::activate, target_.path);
    (void)reach("deploy-started");
    record_.activation = std::chrono::duration_cast<Millis>(ports_.clock.steady() - began);
    return judge_profile(HostOutcome::failed);
}

/// `untouched`: the outcome when the recorded one runs and is the profile's.
HostOutcome DeployHostSession::judge_profile(HostOutcome untouched) {
    const auto found = after_hands();
    if (!found) {
        record_.manual = by_hand(on_the_host(target_.type));
        return end(HostOutcome::unknown, hands_said_ + "; it does not answer, and nothing there goes back by itself");
    }
    if (!seen_) seen_ = found;
    record_.running = found->running;
    if (found->running == record_.from && found->profile == record_.from)
        return end(untouched, hands_said_ + "; nothing changed on the host");
    if (found->running != target_.path) return back_by_profile(hands_said_);
    const auto proof = prove(target_.path);
    record_.evidence.push_back(hands_said_);
    if (is_cut_off(proof)) {
        record_.manual = by_hand(on_the_host(target_.type));
        return end(HostOutcome::unknown, hands_said_ + "; interrupted before it was proved");
    }
    degraded_why_ = proof.degraded ? proof.why : "";
    if (proof.health == DeployHealth::inconclusive && !target_.health.checks.empty()) {
        held_foreign_ = true;
        return end(HostOutcome::inconclusive, proof.why);
    }
    if (proof.health != DeployHealth::pass) return back_by_profile(proof.why);
    return commit_profile();
}

HostOutcome DeployHostSession::commit_profile() {
    stage("commit");
    profile_step(ProfileStep::commit, target_.path);
    const auto now = probe_once(Connection::fresh);
    if (!now || now->running != target_.path) {
        record_.manual = by_hand(on_the_host(target_.type));
        return end(HostOutcome::unknown, "it could not be read back: " + record_.detail);
    }
    if (now->profile != target_.path) return back_by_profile("the profile could not be set: " + hands_said_);
    seen_ = now;
    return end(degraded_why_.empty() ? HostOutcome::confirmed : HostOutcome::degraded, degraded_why_);
}

/// The recorded one is activated and made the profile's. Tried once, and read back.
HostOutcome DeployHostSession::back_by_profile(const std::string& why) {
    stage("roll back");
    held_foreign_ = false;
    profile_step(ProfileStep::activate, record_.from);
    profile_step(ProfileStep::commit, record_.from);
    const auto now = after_hands();
    if (now) record_.running = now->running;
    if (now && now->running == record_.from && now->profile == record_.from) return end(HostOutcome::rolled_back, why);
    record_.manual = by_hand(record_.from + "/activate");
    if (stopped()) return end(HostOutcome::unknown, "interrupted while it went back: " + why);
    return end(HostOutcome::rollback_failed, "the recorded system could not be brought back: " + why);
}

}  // namespace lockstep
