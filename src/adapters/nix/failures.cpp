// SPDX-License-Identifier: MIT
// Names for failed updates and failed evaluations.
#include "adapters/nix/error_text.hpp"
#include "lockstep/adapters/nix.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::nix {

namespace {

constexpr int k_sigsegv = 11;
constexpr int k_sigabrt = 6;
constexpr int k_shell_says_killed = 137;

}  // namespace

UpdateTrouble classify_update_failure(std::string_view stderr_text) {
    const auto error = read_error(stderr_text);
    const auto evidence = error.evidence();
    if (has_any(evidence, {"json.exception", "has unsupported version"})) return UpdateTrouble::lock_unreadable;
    switch (fetch_trouble(evidence)) {
        case FetchTrouble::network:
            return UpdateTrouble::network;
        case FetchTrouble::rate_limited:
            return UpdateTrouble::rate_limited;
        case FetchTrouble::refused:
            return UpdateTrouble::auth;
        case FetchTrouble::gone:
            return UpdateTrouble::flake_broken;
        case FetchTrouble::none:
            break;
    }
    const bool elsewhere = says_no_space(evidence) || says_no_memory(evidence) || says_daemon_lost(evidence) ||
                           has_any(evidence, {"interrupted by the user", "SQLite database", "Permission denied"});
    return error.message.empty() || elsewhere ? UpdateTrouble::unknown : UpdateTrouble::flake_broken;
}

std::string first_error_line(std::string_view stderr_text) {
    const auto error = read_error(stderr_text);
    if (!error.git.empty()) return clean_line(error.git.front());
    if (!error.message.empty()) return clean_line(error.message);
    const auto lines = lines_of(clean_text(stderr_text));
    for (auto line = lines.rbegin(); line != lines.rend(); ++line)
        if (!trim(*line).empty()) return clean_line(trim(*line));
    return {};
}

CauseClass classify_evaluation_failure(const ExitStatus& status, std::string_view stderr_text) {
    switch (status.kind) {
        case ExitStatus::Kind::timed_out:
        case ExitStatus::Kind::silent:
            return CauseClass::evaluation_timeout;
        case ExitStatus::Kind::over_memory:
            return CauseClass::out_of_memory;
        case ExitStatus::Kind::interrupted:
            return CauseClass::killed;
        case ExitStatus::Kind::not_started:
            return CauseClass::unknown;
        case ExitStatus::Kind::signalled:
            // Endless recursion may overrun the stack: that is the flake's fault.
            return status.signal == k_sigsegv || status.signal == k_sigabrt ? CauseClass::evaluation
                                                                            : CauseClass::evaluation_killed;
        case ExitStatus::Kind::exited:
            break;
    }
    if (status.code == k_shell_says_killed) return CauseClass::evaluation_killed;
    const auto error = read_error(stderr_text);
    const auto evidence = error.evidence();
    if (error.message.empty()) return CauseClass::unknown;
    if (says_no_space(evidence)) return CauseClass::no_space;
    if (says_no_memory(evidence)) return CauseClass::out_of_memory;
    if (says_daemon_lost(evidence)) return CauseClass::daemon_lost;
    if (has_any(evidence, {"interrupted by the user"})) return CauseClass::killed;
    if (has_any(evidence, {"SQLite database"})) return CauseClass::unknown;
    switch (fetch_trouble(evidence)) {
        case FetchTrouble::network:
        case FetchTrouble::rate_limited:
        case FetchTrouble::refused:
            return CauseClass::fetch_failed;
        case FetchTrouble::gone:  // the lock file names something that is not there: trying again does not help
        case FetchTrouble::none:
            break;
    }
    return CauseClass::evaluation;
}

}  // namespace lockstep::nix
