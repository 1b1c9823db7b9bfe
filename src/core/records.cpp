// SPDX-License-Identifier: MIT
// The closed vocabularies of the records: one table per enum, so that word, phrase and class cannot drift apart.
#include "lockstep/core/records.hpp"

#include "lockstep/core/check.hpp"

namespace lockstep {

namespace {

enum class StateClass { proved, broken, unknown, none };

struct StateFacts {
    std::string_view word, phrase;
    StateClass cls;
};

StateFacts facts(HostState state) {
    switch (state) {
        case HostState::built:
            return {"built", "built", StateClass::proved};
        case HostState::cached:
            return {"cached", "already built", StateClass::proved};
        case HostState::unchanged:
            return {"unchanged", "the same as on the base commit", StateClass::proved};
        case HostState::evaluated:
            return {"evaluated", "evaluated only, for another system", StateClass::none};
        case HostState::failed:
            return {"failed", "the build failed", StateClass::broken};
        case HostState::dependency_failed:
            return {"dependency_failed", "a dependency failed", StateClass::broken};
        case HostState::eval_failed:
            return {"eval_failed", "the evaluation failed", StateClass::broken};
        case HostState::vanished:
            return {"vanished", "gone after the update", StateClass::broken};
        case HostState::timeout:
            return {"timeout", "out of time", StateClass::broken};
        case HostState::log_limit:
            return {"log_limit", "wrote more log than allowed", StateClass::broken};
        case HostState::unsupported:
            return {"unsupported", "cannot be built here", StateClass::none};
        case HostState::infra_error:
            return {"infra_error", "the infrastructure failed", StateClass::unknown};
        case HostState::skipped:
            return {"skipped", "skipped, for another system", StateClass::none};
        case HostState::not_started:
            return {"not_started", "not started", StateClass::unknown};
        case HostState::interrupted:
            return {"interrupted", "interrupted", StateClass::unknown};
    }
    LOCKSTEP_CHECK(false);
}

struct CauseFacts {
    std::string_view word, phrase;
    bool infrastructure;
};

CauseFacts facts(CauseClass cls) {
    switch (cls) {
        case CauseClass::evaluation:
            return {"evaluation", "the evaluation failed", false};
        case CauseClass::evaluation_timeout:
            return {"evaluation_timeout", "the evaluation ran out of time", false};
        case CauseClass::evaluation_killed:
            return {"evaluation_killed", "the evaluation was killed", true};
        case CauseClass::builder_failed:
            return {"builder_failed", "the builder failed", false};
        case CauseClass::timeout_total:
            return {"timeout_total", "the build ran out of time", false};
        case CauseClass::timeout_silent:
            return {"timeout_silent", "the build was silent for too long", false};
        case CauseClass::log_limit:
            return {"log_limit", "the build wrote more log than allowed", false};
        case CauseClass::hash_mismatch:
            return {"hash_mismatch", "the output has another hash than declared", false};
        case CauseClass::output_missing:
            return {"output_missing", "the builder made no output", false};
        case CauseClass::not_deterministic:
            return {"not_deterministic", "the build is not deterministic", false};
        case CauseClass::missing_system:
            return {"missing_system", "no builder for its system", false};
        case CauseClass::missing_feature:
            return {"missing_feature", "no builder with the required features", false};
        case CauseClass::killed:
            return {"killed", "the builder was killed from outside", true};
        case CauseClass::out_of_memory:
            return {"out_of_memory", "out of memory", true};
        case CauseClass::no_space:
            return {"no_space", "no space left on the disk", true};
        case CauseClass::fetch_failed:
            return {"fetch_failed", "a download failed", true};
        case CauseClass::daemon_lost:
            return {"daemon_lost", "the Nix daemon went away", true};
        case CauseClass::unknown:
            return {"unknown", "unknown", true};
    }
    LOCKSTEP_CHECK(false);
}

}  // namespace

std::string_view state_word(HostState state) {
    return facts(state).word;
}
std::string_view state_phrase(HostState state) {
    return facts(state).phrase;
}
bool is_proved(HostState state) {
    return facts(state).cls == StateClass::proved;
}
bool is_broken(HostState state) {
    return facts(state).cls == StateClass::broken;
}
bool is_unknown(HostState state) {
    return facts(state).cls == StateClass::unknown;
}

std::string_view cause_word(CauseClass cls) {
    return facts(cls).word;
}
std::string_view cause_phrase(CauseClass cls) {
    return facts(cls).phrase;
}
bool is_infrastructure(CauseClass cls) {
    return facts(cls).infrastructure;
}

}  // namespace lockstep
