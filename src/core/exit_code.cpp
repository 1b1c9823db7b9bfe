// SPDX-License-Identifier: MIT
// Error kinds to exit codes, and the words for both.
#include "lockstep/core/exit_code.hpp"

#include <csignal>

#include "lockstep/core/check.hpp"

namespace lockstep {

ExitCode exit_code_for(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::usage:
            return ExitCode::usage;
        case ErrorKind::config:
            return ExitCode::config;
        case ErrorKind::credentials:
            return ExitCode::credentials;
        case ErrorKind::infrastructure:
            return ExitCode::infrastructure;
        case ErrorKind::base_moved:
            return ExitCode::base_moved;
        case ErrorKind::base_refused:
            return ExitCode::base_refused;
        case ErrorKind::locked:
            return ExitCode::locked;
        case ErrorKind::interrupted:
            return ExitCode::interrupted;
        case ErrorKind::internal:
            return ExitCode::internal;
    }
    LOCKSTEP_CHECK(false);
}

ExitCode exit_code_of_signal(int signal) {
    return signal == SIGTERM ? ExitCode::terminated : ExitCode::interrupted;
}

std::string_view exit_code_word(ExitCode code) {
    switch (code) {
        case ExitCode::ok:
            return "ok";
        case ExitCode::nothing_to_do:
            return "nothing";
        case ExitCode::hosts_failed:
            return "pr";
        case ExitCode::hosts_failed_no_pr:
            return "no-pr";
        case ExitCode::base_moved:
            return "base-moved";
        case ExitCode::base_refused:
            return "base-refused";
        case ExitCode::infrastructure:
            return "infrastructure";
        case ExitCode::credentials:
            return "credentials";
        case ExitCode::deploy_rolled_back:
            return "rolled-back";
        case ExitCode::deploy_unknown:
            return "deploy-unknown";
        case ExitCode::approval_missing:
            return "approval";
        case ExitCode::alarm:
            return "alarm";
        case ExitCode::usage:
            return "usage";
        case ExitCode::internal:
            return "internal";
        case ExitCode::locked:
            return "locked";
        case ExitCode::config:
            return "config";
        case ExitCode::interrupted:
            return "interrupted";
        case ExitCode::terminated:
            return "terminated";
    }
    LOCKSTEP_CHECK(false);
}

}  // namespace lockstep
