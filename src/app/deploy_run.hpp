// SPDX-License-Identifier: MIT
// A deploy while it goes on: the engine says what is next, threads do it, one loop in the middle.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "app/deploy_hands.hpp"
#include "app/deploy_host.hpp"
#include "app/in_parallel.hpp"
#include "app/landing_gate.hpp"
#include "lockstep/core/deploy_engine.hpp"

namespace lockstep {

class DeployRun {
public:
    DeployRun(const DeployRequest& request, const DeployPorts& ports);
    ~DeployRun();
    DeployRun(const DeployRun&) = delete;
    DeployRun& operator=(const DeployRun&) = delete;

    /// Whoever activates is there and can do what is wanted.
    [[nodiscard]] Result<void> find_hands();
    /// Brings what an earlier process had begun to its end.
    void take_up(const DeployBegun& begun);
    /// Asks every host what runs there.
    void probe_all();
    [[nodiscard]] Result<void> plan();
    /// Whether what would be done now is what somebody agreed to. If not, nothing is begun, and the record says why.
    [[nodiscard]] bool check_terms();
    /// An earlier process had stopped the run, or would have: nothing new is begun.
    [[nodiscard]] bool was_stopped() const { return earlier_stop_.has_value(); }
    void carry_out();
    [[nodiscard]] DeployRecord result();

private:
    DeployHostSession& session(DeployIndex host) { return *sessions_[of_plan_[host]]; }
    [[nodiscard]] DeployHost plan_host(std::size_t target) const;
    /// Whether the host of the record failed; those behind the targets are lost ones, which nothing excuses.
    [[nodiscard]] bool has_failed(std::size_t host) const;
    [[nodiscard]] Millis now() const;
    void begin(const DeployAction& action);
    void spawn(std::function<DeployEvent()> work);
    void post(const DeployEvent& event);
    void changed(std::size_t target, const DeployHostRecord& record);
    [[nodiscard]] DeployEvent answer(const DeployAction& action);
    [[nodiscard]] GateAnswer answer_before_wave(const DeployAction& action);
    // deploy_run_plan.cpp
    [[nodiscard]] PlannedHost planned_host(std::size_t target) const;
    [[nodiscard]] DeployPlanFile plan_now() const;
    void add_impact(DeployPlanFile& file);
    void tell_drift(std::size_t target) const;
    [[nodiscard]] std::vector<std::string> broken_terms(const DeployPlanFile& now) const;
    [[nodiscard]] std::string terms_refusal(const DeployPlanFile& now) const;
    [[nodiscard]] GateAnswer signed_answer(const DeployAction& action);
    /// What somebody agrees to at the gate before a wave: its hosts, or all of them where one gate is for everything.
    [[nodiscard]] PlannedWave agreed_at(std::size_t wave) const;
    void settle_held(bool accepted);
    void accept_held();
    void tell_end(std::size_t target);
    void write_status(bool now_or_never);
    void ask_for_landing();
    [[nodiscard]] LandingAnswer wait_for_landing();

    // deploy_run_resume.cpp
    [[nodiscard]] std::size_t index_of(const std::string& host) const;
    [[nodiscard]] std::size_t wave_with(const std::string& host) const;
    void recall(const DeployBegun& begun);
    [[nodiscard]] bool is_pending(std::size_t target) const;
    void plan_earlier(std::size_t target, DeployHost& host);
    [[nodiscard]] DeployBefore before(const DeployFleet& fleet) const;
    void show_earlier();
    void hold_back();
    void find_earlier_stop(const std::optional<BegunStop>& told);
    [[nodiscard]] bool is_in_wave(std::size_t target) const;
    [[nodiscard]] bool is_counted_failure(std::size_t target) const;
    void stay_stopped();
    [[nodiscard]] std::set<std::size_t> stopped_waves() const;
    void undo_earlier();
    void write_wave(std::uint32_t wave);
    void write_wave_end(std::uint32_t wave);
    void tell_stop();
    void write_stop(const BegunStop& stop);

    // deploy_run_hooks.cpp
    [[nodiscard]] HookFacts host_facts(HookPoint point, const DeployHostSession& session);
    [[nodiscard]] HookFacts wave_facts(HookPoint point, std::uint32_t wave);
    void gate_waves_for_hooks();
    /// Whether the wave may begin.
    [[nodiscard]] bool hooks_before_wave(std::uint32_t wave);
    void hooks_after_wave(std::uint32_t wave);
    [[nodiscard]] HostOutcome activate(DeployHostSession& session);
    [[nodiscard]] HostOutcome roll_back(DeployHostSession& session);
    void end_hooks();

    // deploy_run_view.cpp
    void view_host(std::size_t target);
    void view_wave(std::uint32_t wave);

    // deploy_run_windows.cpp
    void open_windows(DeployPolicy& policy) const;
    void tell_windows();

    const DeployRequest& request_;
    const DeployPorts& ports_;
    DeployHandsByName hands_;
    std::vector<std::unique_ptr<DeployHostSession>> sessions_;  ///< by target
    std::vector<unsigned char> settled_;                        ///< by target: an earlier process came to its end
    std::vector<std::optional<HostOutcome>> earlier_;           ///< by target: how it ended well in an earlier process
    std::set<std::string> begun_;                               ///< hosts that an earlier process had touched
    std::vector<BegunWave> waves_;                              ///< that earlier processes had begun
    std::vector<std::size_t> wave_of_;                          ///< by target: the last of them that has it
    std::map<std::string, OpenSwitch> switched_;                ///< by host: how, if an earlier process ended it
    std::optional<BegunStop> earlier_stop_;
    std::set<std::size_t> earlier_stop_waves_;  ///< indices of waves_; empty: those in which hosts failed
    DeployStop stop_written_ = DeployStop::none;
    std::vector<std::size_t> of_plan_;  ///< index in the plan → target
    DeployPlan plan_;
    std::unique_ptr<DeployEngine> engine_;

    std::mutex mutex_;
    std::condition_variable news_;
    std::deque<DeployEvent> events_;
    DeployRecord record_;  ///< its hosts are by target until the end, then come those that are lost
    DeployView view_;
    bool dirty_ = false;
    std::chrono::steady_clock::time_point written_{};
    std::vector<std::thread> threads_;
    std::optional<Millis> wake_;
    std::vector<unsigned char> asks_;           ///< by wave: somebody is asked, not only hooks
    std::optional<std::uint32_t> hooked_wave_;  ///< its before_wave was begun, its after_wave not
    std::string hook_refusal_;                  ///< why a wave was not begun
    LandingGate landing_;
    bool taking_up_ = false;
};

}  // namespace lockstep
