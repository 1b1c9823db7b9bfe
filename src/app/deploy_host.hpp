// SPDX-License-Identifier: MIT
// One host of a deploy, from the first question to the proof: every step is a command that ends, and what a step
// believes was read from the host. Blocks; each host has a thread of its own while something is done to it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/adapters/deploy_backend.hpp"
#include "lockstep/adapters/deploy_health.hpp"
#include "lockstep/adapters/deploy_probe.hpp"
#include "lockstep/adapters/deploy_profile.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/app/deploy.hpp"
#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/deploy_impact.hpp"

namespace lockstep {

/// A foreign program that activates, as this machine has it.
struct DeployHands {
    const deploy::BackendRow& row;
    deploy::Tool tool;
};

/// Runs what an earlier run left on the host or to its next boot, or none is known to have left anything.
[[nodiscard]] bool is_as_left(const DeployRequest& request, const std::string& host, const std::string& running);

class DeployHostSession {
public:
    /// Told whenever the record changes. Called on the thread that works for the host.
    using Changed = std::function<void(const DeployHostRecord&)>;

    DeployHostSession(const DeployRequest& request, const DeployTarget& target, const DeployPorts& ports,
                      Changed changed);

    /// Activates by a foreign program. It lives longer than the session.
    void use(const DeployHands& hands) { hands_ = &hands; }
    /// Looks at the host and records what runs there. False: it did not answer. `before_switch`: also asks whether it
    /// is busy, which nobody is to be asked while something is under way.
    bool probe(bool before_switch = true);
    /// Of the last probe that was answered.
    [[nodiscard]] const std::optional<deploy::HostProbe>& seen() const { return seen_; }
    /// Runs, starts, and has as its profile what is wanted.
    [[nodiscard]] bool is_unchanged() const;

    /// The machine that lockstep itself runs on.
    [[nodiscard]] bool is_own_machine() const;

    /// Everything that the system needs is there and kept from the garbage collector. An outcome: it cannot be.
    [[nodiscard]] std::optional<HostOutcome> bring();
    /// The switch, up to proved and permanent, or back.
    [[nodiscard]] HostOutcome activate();
    /// One judgement during a soak.
    [[nodiscard]] DeployHealth check();
    /// To the recorded system. Tried once.
    [[nodiscard]] HostOutcome roll_back();
    /// It failed while it was watched, and is not taken back any more.
    void give_up();
    /// A host whose health could not be judged is accepted (or not): it keeps the new system (or goes back).
    [[nodiscard]] HostOutcome settle_held(bool accepted);
    /// A switch that an earlier process began: looks first, then brings it to its end.
    [[nodiscard]] HostOutcome take_up(const OpenSwitch& open);
    /// What an earlier process of the run has written down about the host.
    void recall(const DeployHostRecord& past);
    /// What was there before an earlier process switched it is what it is compared with. Precondition: probed.
    void compare_with(const OpenSwitch& begun) {
        set_baseline(begun.failed_units);
        activated_at_ = begun.clock;
    }

    /// What the switch would change, as far as it can be told without touching the host; closures are compared on both
    /// sides. Precondition: probed.
    [[nodiscard]] HostImpact impact(HostMeasure& measure);
    /// Copies the system there and asks it what it would do to units; nothing: it could not be brought or did not
    /// answer. What runs stays.
    [[nodiscard]] std::optional<UnitImpact> stage_and_ask();
    /// Who agreed to its wave.
    void set_approver(const std::string& who);
    /// Where the host waits with a system that was proved and is not permanent. Set before anything else.
    void wait_for_landing(std::function<LandingAnswer()> gate) { landing_gate_ = std::move(gate); }
    /// It ended only because the update did not land: it may be tried again.
    [[nodiscard]] bool is_blameless() const { return record_.blameless; }
    void forget_outcome();

    [[nodiscard]] const DeployHostRecord& record() const { return record_; }
    void set_outcome(HostOutcome outcome);
    /// Nothing is begun on it, for a reason from outside.
    HostOutcome leave_alone(const std::string& why, HostOutcome outcome = HostOutcome::refused);
    void set_took(Millis took);
    /// Who is asked to log in there.
    [[nodiscard]] const std::string& user() const { return ssh_.user; }
    /// Takes away what the run has left on the host, unless somebody may still need it, and ends the shared connection.
    void close();

private:
    struct Proof {
        DeployHealth health = DeployHealth::inconclusive;
        bool degraded = false;
        bool reached = false;  ///< over a new connection, and the path runs that was to
        std::string why;
    };

    // deploy_host.cpp
    void set_baseline(const std::optional<std::vector<std::string>>& failed_units);
    void stage(const std::string& name);
    void log(const std::string& line);
    void tell();
    [[nodiscard]] Completed ask(const Command& command);
    [[nodiscard]] std::optional<deploy::HostProbe> probe_once(deploy::Connection connection, bool ask_busy = false);
    [[nodiscard]] Result<std::string> copy_config() const;
    [[nodiscard]] bool stopped() const { return ports_.interrupted && ports_.interrupted() != 0; }
    HostOutcome end(HostOutcome outcome, const std::string& detail);
    [[nodiscard]] std::string nonce();
    [[nodiscard]] std::string by_hand(const std::string& what) const;
    [[nodiscard]] std::optional<HostOutcome> may_begin();
    [[nodiscard]] std::optional<HostOutcome> find_there();
    void keep();
    [[nodiscard]] std::optional<HostOutcome> find_stand_in();
    [[nodiscard]] Result<void> reach(std::string_view step) const;
    void tidy();

    // deploy_host_switch.cpp: one switch, from its start to a phase in which nothing happens any more
    [[nodiscard]] deploy::SwitchRequest switch_request(const std::string& suffix, const std::string& to,
                                                       const std::string& from, deploy::SwitchAction action) const;
    [[nodiscard]] Result<void> write_intent(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome carry_out(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome go_on(const deploy::SwitchRequest& request, deploy::SwitchState state);
    [[nodiscard]] HostOutcome judge_held(const deploy::SwitchRequest& request, deploy::SwitchState state);
    [[nodiscard]] std::optional<deploy::SwitchState> state_of(const deploy::SwitchRequest& request,
                                                              deploy::Connection connection);
    /// Polls until the phase is one of those that wait for us, or final; nullopt: contact was lost for longer than the
    /// host would need to settle it by itself. `left`: the phase that an order was given in, and that it is to leave.
    [[nodiscard]] std::optional<deploy::SwitchState> follow(const deploy::SwitchRequest& request,
                                                            deploy::SwitchPhase left = deploy::SwitchPhase::unknown);
    [[nodiscard]] std::optional<deploy::SwitchState> order(const deploy::SwitchRequest& request,
                                                           deploy::SwitchOrder order);
    void copy_log(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome settled(const deploy::SwitchRequest& request, const deploy::SwitchState& state);
    [[nodiscard]] HostOutcome lost(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome confirm(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome not_back(const std::string& why);
    /// The outcome of a switch to the recorded system. What a signal cut off stays open.
    [[nodiscard]] HostOutcome ended_back(HostOutcome outcome);

    // deploy_host_impact.cpp
    [[nodiscard]] std::optional<std::vector<ClosurePath>> closure(const deploy::SshTarget& where,
                                                                  const std::string& path);
    // deploy_host_foreign.cpp: the same by a foreign program, which is believed nothing
    /// The intent, where no supervisor is started. An outcome: it cannot be written.
    [[nodiscard]] std::optional<HostOutcome> intend(const deploy::SwitchRequest& request);
    [[nodiscard]] HostOutcome carry_out_foreign(deploy::SwitchAction action);
    [[nodiscard]] deploy::ForeignSwitch foreign_wish(deploy::SwitchAction action, const std::string& run) const;
    [[nodiscard]] std::optional<HostOutcome> foresee(deploy::ForeignSwitch& wish);
    void run_hands(const deploy::ForeignSwitch& wish);
    [[nodiscard]] std::optional<deploy::HostProbe> after_hands();
    [[nodiscard]] HostOutcome judge_hands(deploy::SwitchAction action, HostOutcome untouched);
    [[nodiscard]] HostOutcome judge_running(deploy::SwitchAction action, const deploy::HostProbe& found);
    [[nodiscard]] HostOutcome put_back(const deploy::HostProbe& found, const std::string& why);

    // deploy_host_profile.cpp: hosts that are no NixOS
    [[nodiscard]] HostOutcome carry_out_profile();
    void profile_step(deploy::ProfileStep step, const std::string& path);
    [[nodiscard]] HostOutcome judge_profile(HostOutcome untouched);
    [[nodiscard]] HostOutcome commit_profile();
    [[nodiscard]] HostOutcome back_by_profile(const std::string& why);

    // deploy_host_landing.cpp
    [[nodiscard]] bool waits_for_landing() const { return target_.until_landed && !request_.landed; }
    [[nodiscard]] HostOutcome no_canary(const std::string& why);
    [[nodiscard]] std::optional<HostOutcome> hold_until_landed(const deploy::SwitchRequest& request,
                                                               deploy::SwitchState& state);
    [[nodiscard]] std::string soak(const std::string& path);

    // deploy_host_proof.cpp
    [[nodiscard]] Proof prove(const std::string& path);
    /// After a signal questions are refused: what is not a pass then is no verdict.
    [[nodiscard]] bool is_cut_off(const Proof& proof) const { return stopped() && proof.health != DeployHealth::pass; }
    [[nodiscard]] HealthLook look(std::vector<std::string>& words);
    [[nodiscard]] HealthLook look_from_runner(const HealthCheck& check, std::vector<std::string>& words) const;

    // deploy_host_reboot.cpp
    [[nodiscard]] bool may_reboot() const;
    [[nodiscard]] bool reboot_wanted() const;
    [[nodiscard]] HostOutcome begin_switch(deploy::SwitchAction action);
    [[nodiscard]] HostOutcome boot_plan(const std::string& why);
    [[nodiscard]] HostOutcome restart_and_prove();
    [[nodiscard]] HostOutcome restart();
    [[nodiscard]] HostOutcome prove_restarted();
    [[nodiscard]] HostOutcome still_starting();
    [[nodiscard]] HostOutcome take_up_restart(const OpenSwitch& open);
    [[nodiscard]] HostOutcome with_reboot(HostOutcome outcome);
    /// The recorded system runs: profile and boot entry go back to it.
    [[nodiscard]] HostOutcome unboot(const std::string& why);

    const DeployRequest& request_;
    const DeployTarget& target_;
    const DeployPorts& ports_;
    Changed changed_;
    DeployHostRecord record_;
    deploy::SshTarget ssh_;  ///< the address that answered
    std::optional<deploy::HostProbe> seen_;
    std::vector<std::string> baseline_;  ///< units that had failed before
    bool baseline_known_ = false;
    std::string back_why_;           ///< why it goes back to the recorded system
    std::string unproved_why_;       ///< the recorded system runs again; why that is not all
    std::int64_t activated_at_ = 0;  ///< by the host's clock
    std::unique_ptr<LogSink> log_;
    std::uint64_t log_offset_ = 0;
    std::string degraded_why_;
    std::optional<deploy::SwitchRequest> held_;
    const DeployHands* hands_ = nullptr;  ///< nullptr: embedded
    bool held_foreign_ = false;           ///< as held_, where nothing on the host waits for a word
    std::string hands_said_;              ///< how the program ended: words, no verdict
    bool hands_ok_ = false;
    std::function<LandingAnswer()> landing_gate_;
    int questions_ = 0;
    bool left_something_ = false;  ///< the run has files or roots on the host
    DeployHostRecord earlier_;
};

}  // namespace lockstep
