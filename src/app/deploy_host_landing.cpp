// SPDX-License-Identifier: MIT
// A canary of an update that has not landed: it runs the new system, was proved, and waits with nothing permanent. A
// power cut, or nobody's word within its limit, brings the old system back.
#include "app/deploy_host.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep {

using deploy::SwitchOrder;
using deploy::SwitchPhase;

void DeployHostSession::forget_outcome() {
    record_.outcome.reset();
    record_.detail.clear();
    record_.blameless = record_.open = false;
    tell();
}

/// Looks spread evenly over the soak; why it is not well, or "".
std::string DeployHostSession::soak(const std::string& path) {
    const auto looks = static_cast<int>(target_.soak.duration.count() > 0 ? target_.soak.checks : 0);
    for (int look = 0; look < looks && !stopped(); ++look) {
        stage("soak");
        ports_.clock.sleep_for(target_.soak.duration / looks);
        if (stopped()) break;
        const auto proof = prove(path);
        if (is_cut_off(proof)) break;
        if (proof.health != DeployHealth::pass) return proof.why;
    }
    return "";
}

/// It is not begun: nothing there could tell whether the update is well.
HostOutcome DeployHostSession::no_canary(const std::string& why) {
    return end(HostOutcome::refused, why + ": choose other canaries with deploy.canary, or set land.after to builds");
}

/// nullopt: the switch came to its end, which `state` tells.
std::optional<HostOutcome> DeployHostSession::hold_until_landed(const deploy::SwitchRequest& request,
                                                                deploy::SwitchState& state) {
    auto why = soak(request.new_path);
    auto answer = LandingAnswer::go_back;
    if (why.empty()) {
        stage("wait for the landing");
        answer = landing_gate_();
        if (answer == LandingAnswer::unknown) {
            record_.open = true;
            return end(HostOutcome::unknown,
                       "it is well, and nobody can say whether the update landed: it goes back by itself unless "
                       "`lockstep resume` tells it before that it did");
        }
        record_.blameless = answer == LandingAnswer::go_back;
        if (record_.blameless) why = "it was well; the update did not land";
    }
    stage(answer == LandingAnswer::keep ? "commit" : "roll back");
    (void)order(request, answer == LandingAnswer::keep ? SwitchOrder::commit : SwitchOrder::release);
    const auto next = follow(request, SwitchPhase::held);
    if (!next) return lost(request);
    state = *next;
    if (state.phase == SwitchPhase::rolled_back && answer != LandingAnswer::keep) state.reason = clean_line(why, 600);
    return std::nullopt;
}

}  // namespace lockstep
