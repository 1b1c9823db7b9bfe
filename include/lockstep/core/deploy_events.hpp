// SPDX-License-Identifier: MIT
// What the deploy engine is told, and what it wants done. Both are small values: a journal can hold the events.
#pragma once

#include <cstdint>
#include <string_view>

#include "lockstep/core/deploy_outcome.hpp"
#include "lockstep/core/deploy_waves.hpp"

namespace lockstep {

/// What a check during a soak says. Consecutive passes and flapping are settled by whoever checks.
enum class DeployHealth { pass, fail, inconclusive };

enum class GateAnswer {
    approved,
    refused,
    unanswered,  ///< nobody answered and nobody will in this run
};

/// Why somebody is asked.
enum class GateQuestion {
    before_wave,   ///< DeployWave::gate
    inconclusive,  ///< hosts whose health could not be judged: is that good enough?
    no_evidence,   ///< no host of the canary was proved: go on all the same?
};

struct DeployEvent {
    enum class Kind {
        started,
        copied,         ///< host: everything is there; answers copy
        ended,          ///< host, outcome: answers activate and roll_back, and copy when it failed
        health,         ///< host, health: answers check
        gate_answered,  ///< gate, answer: answers ask
        time,           ///< nothing but the time; answers wait
        cancel,         ///< somebody wants the run to end
    };
    Kind kind = Kind::time;
    Millis at{0};  ///< since the epoch; earlier than the last one counts as the last one
    DeployIndex host = k_no_host;
    HostOutcome outcome = HostOutcome::unknown;
    DeployHealth health = DeployHealth::inconclusive;
    GateAnswer answer = GateAnswer::unanswered;
    std::uint32_t gate = 0;

    [[nodiscard]] static DeployEvent started(Millis at) { return {.kind = Kind::started, .at = at}; }
    [[nodiscard]] static DeployEvent time(Millis at) { return {.kind = Kind::time, .at = at}; }
    [[nodiscard]] static DeployEvent cancel(Millis at) { return {.kind = Kind::cancel, .at = at}; }
    [[nodiscard]] static DeployEvent copied(Millis at, DeployIndex host) {
        return {.kind = Kind::copied, .at = at, .host = host};
    }
    [[nodiscard]] static DeployEvent ended(Millis at, DeployIndex host, HostOutcome outcome) {
        return {.kind = Kind::ended, .at = at, .host = host, .outcome = outcome};
    }
    [[nodiscard]] static DeployEvent checked(Millis at, DeployIndex host, DeployHealth health) {
        return {.kind = Kind::health, .at = at, .host = host, .health = health};
    }
    [[nodiscard]] static DeployEvent answered(Millis at, std::uint32_t gate, GateAnswer answer) {
        return {.kind = Kind::gate_answered, .at = at, .answer = answer, .gate = gate};
    }

    bool operator==(const DeployEvent&) const = default;
};

struct DeployAction {
    enum class Kind {
        begin_wave,  ///< news: hooks before a wave belong here; wants no answer
        end_wave,    ///< news: once for every wave that was begun, after its rollbacks too
        copy,        ///< bring everything to the host; what runs there stays
        activate,    ///< the host transaction, up to proved or put back
        check,       ///< judge the health of the host once
        roll_back,   ///< to the recorded system, proved; once, never a second time
        ask,         ///< gate, question: somebody has to agree
        wait,        ///< until: say the time then, or earlier
        finish,      ///< the run is over; wants no answer
    };
    Kind kind = Kind::finish;
    DeployIndex host = k_no_host;
    std::uint32_t wave = 0;  ///< an index into DeployPlan::waves
    std::uint32_t gate = 0;  ///< from 1, in the order of asking
    GateQuestion question = GateQuestion::before_wave;
    Millis until{0};
    bool complete = false;  ///< of end_wave: every host has ended and was watched

    bool operator==(const DeployAction&) const = default;
};

[[nodiscard]] std::string_view word(DeployAction::Kind kind);

}  // namespace lockstep
