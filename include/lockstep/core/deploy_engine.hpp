// SPDX-License-Identifier: MIT
// Carries out a deploy plan without touching anything: events in, actions out. No clock, no threads, no chance: the
// same events give the same actions, so a run is resumed by telling a fresh engine the events that the journal holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/deploy_events.hpp"
#include "lockstep/core/deploy_waves.hpp"
#include "lockstep/core/exit_code.hpp"

namespace lockstep {

/// Why a run ended before its plan did; of two reasons the later one here counts.
enum class DeployStop {
    none,
    no_window,   ///< no window is long enough for the next wave
    unanswered,  ///< nobody answered a gate
    refused,     ///< somebody said no to a gate
    stopped,     ///< more failures than tolerated, or inconclusive hosts were not accepted: on_stop decides
    cancelled,   ///< somebody ended the run: nothing is begun any more, no rollback either
    frozen,      ///< a rollback failed: nothing is begun any more, no rollback either
};

[[nodiscard]] std::string_view word(DeployStop stop);

/// Where a host is.
enum class DeployStage {
    waiting,
    copying,
    copied,
    activating,
    ended,
    failing,  ///< failed its health during the soak, waits for its rollback
    rolling_back,
};

struct DeployHostState {
    DeployStage stage = DeployStage::waiting;
    std::optional<HostOutcome> outcome;  ///< none yet, or the latest: a confirmed host can be rolled back
    DeployIndex because = k_no_host;     ///< of not_started: the host whose ending is in the way
    bool checking = false;

    bool operator==(const DeployHostState&) const = default;
};

struct DeployVerdict {
    ExitCode exit = ExitCode::ok;
    DeployStop stop = DeployStop::none;
    std::string reason;                                 ///< why the run stopped; empty if it did not
    std::array<std::size_t, k_host_outcomes> counts{};  ///< by outcome

    [[nodiscard]] std::size_t count(HostOutcome outcome) const { return counts[static_cast<std::size_t>(outcome)]; }
    bool operator==(const DeployVerdict&) const = default;
};

class DeployEngine {
public:
    /// The plan has to outlive the engine.
    explicit DeployEngine(const DeployPlan& plan);
    explicit DeployEngine(DeployPlan&&) = delete;

    /// What is to be begun now. Events that answer nothing (twice, too late, unknown host) change nothing but the time.
    /// A host may end while it is still being copied: after a restart it may turn out to be confirmed already. One
    /// whose health could not be judged may end once more, while somebody is asked about it.
    [[nodiscard]] std::vector<DeployAction> apply(const DeployEvent& event);

    /// What was begun and not answered: after a restart, look at these hosts first.
    [[nodiscard]] std::vector<DeployAction> open() const;

    [[nodiscard]] bool finished() const { return phase_ == Phase::finished; }
    /// Why nothing is begun any more; none while the run goes on.
    [[nodiscard]] DeployStop stop() const { return stop_; }
    /// The wave whose failures, or whose refusal, stopped the run.
    [[nodiscard]] std::uint32_t stop_wave() const { return stop_wave_; }
    /// How many failures a wave that was begun may have.
    [[nodiscard]] std::size_t tolerated(std::uint32_t wave) const { return waves_[wave].tolerated; }
    [[nodiscard]] const std::vector<DeployHostState>& hosts() const { return states_; }
    /// Of a finished run; until then what it would be if it ended here.
    [[nodiscard]] DeployVerdict verdict() const;

private:
    enum class Phase { idle, staging, opening, running, soaking, undoing, finished };

    struct HostBook {
        std::uint32_t unmet = 0;  ///< hosts that it comes after and that are not settled well
        bool settled = false;     ///< who waits for it was told
        bool blocked = false;     ///< one of them is settled badly
        bool counted = false;     ///< as a failure
    };
    struct WaveBook {
        std::size_t open = 0;  ///< hosts without an outcome
        std::size_t done = 0;  ///< hosts that an earlier process had ended well
        std::size_t failures = 0;
        std::size_t tolerated = 0;
        std::size_t hosts = 0;  ///< at its start: the denominator
    };

    // What an event says (deploy_engine.cpp).
    void accept(const DeployEvent& event);
    void accept_copied(DeployIndex at);
    void accept_ended(DeployIndex at, HostOutcome outcome);
    void accept_health(DeployIndex at, DeployHealth health);
    void accept_answer(GateAnswer answer);
    void accept_pause();
    void end_host(DeployIndex at, HostOutcome outcome);
    void end_rollback(DeployIndex at, HostOutcome outcome);
    void set_outcome(DeployIndex at, HostOutcome outcome);
    void settle_well(DeployIndex at);
    void settle_badly(DeployIndex at);
    void count_failure(DeployIndex at);
    void raise(DeployStop stop, std::string reason);

    // What follows from it (deploy_engine_steps.cpp). Each returns whether there may be more to do.
    bool step();
    bool stage_all();
    bool open_wave();
    bool run_wave();
    bool soak_wave();
    bool close_wave();
    bool pause();
    bool wind_down();
    void begin_copies(const std::vector<DeployIndex>& hosts);
    void begin_activations();
    void begin_checks();
    void begin_rollbacks_of_failing();
    void begin_rollbacks_on_stop();
    void collect_rollbacks();
    void begin_wave();
    void end_wave();
    void begin_denominator(std::size_t wave);
    void begin_if_ready(DeployIndex at);
    void begin_rollback(DeployIndex at);
    void give_up_failing();
    void ask(GateQuestion question);
    void wait_until(Millis time);
    void finish();
    [[nodiscard]] bool still() const;
    [[nodiscard]] bool may_activate() const;
    [[nodiscard]] bool was_proved(const DeployWave& wave) const;

    void emit(DeployAction::Kind kind, DeployIndex host = k_no_host);

    const DeployPlan& plan_;
    std::vector<DeployHostState> states_;
    std::vector<HostBook> books_;
    std::vector<WaveBook> waves_;
    std::vector<DeployAction> actions_;

    Phase phase_ = Phase::idle;
    Millis now_{0};
    std::uint32_t wave_ = 0;
    bool wave_begun_ = false;
    bool gate_passed_ = false;
    bool evidence_waived_ = false;
    std::size_t run_failures_ = 0;
    std::size_t run_tolerated_ = 0;
    std::size_t run_hosts_ = 0;

    std::vector<DeployIndex> to_stage_;  ///< with stage_first: every host that changes
    std::size_t next_copy_ = 0;
    std::deque<DeployIndex> ready_;     ///< copied, and nobody to wait for
    std::deque<DeployIndex> failing_;   ///< wait for their rollback
    std::vector<DeployIndex> to_undo_;  ///< by on_stop: who comes after others goes back first
    std::size_t next_undo_ = 0;

    std::size_t copies_ = 0;  // in flight
    std::size_t activations_ = 0;
    std::size_t checks_ = 0;
    std::size_t rollbacks_ = 0;

    Millis soak_from_{0};
    std::size_t soak_round_ = 0;
    std::size_t soaking_ = 0;  ///< hosts of the wave that are checked

    bool pause_wanted_ = false;
    GateQuestion pause_question_ = GateQuestion::inconclusive;
    std::vector<DeployIndex> inconclusive_;  ///< until somebody accepts them
    std::uint32_t gate_ = 0;                 ///< the last that was asked
    bool gate_open_ = false;
    GateQuestion question_ = GateQuestion::before_wave;
    std::optional<Millis> wake_;

    DeployStop stop_ = DeployStop::none;
    std::string stop_reason_;
    std::uint32_t stop_wave_ = 0;
};

}  // namespace lockstep
