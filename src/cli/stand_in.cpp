// SPDX-License-Identifier: MIT
#include "cli/stand_in.hpp"

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "lockstep/adapters/deploy_stand_in.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t k_words = 64U << 10U;

Result<void> start(Machine& machine) {
    std::error_code failed;
    const auto program = fs::read_symlink("/proc/self/exe", failed);
    if (failed) return Error{ErrorKind::infrastructure, "lockstep does not find itself", failed.message(), ""};
    deploy::StandIn wish{.program = program.string(),
                         .run = machine.store().run_id(),
                         .run_dir = fs::absolute(machine.store().root(), failed).string(),
                         .user_manager = geteuid() != 0,
                         .environment = machine.environment().for_children()};
    const auto done = run_to_end(machine.ports().processes, deploy::stand_in_command(wish), k_words);
    if (done.status.ok()) return {};
    return Error{ErrorKind::infrastructure, "no unit could be started that goes on",
                 clean_line(done.err.empty() ? describe(done.status) : done.err, 400),
                 "let lockstep run as root, or `loginctl enable-linger` its user"};
}

}  // namespace

std::function<Result<void>()> stand_in_for(Machine& machine) {
    std::error_code failed;
    if (!fs::is_directory("/run/systemd/system", failed)) return {};
    return [&machine, started = std::make_shared<bool>(false)]() -> Result<void> {
        if (*started) return {};
        LOCKSTEP_TRY_VOID(start(machine));
        *started = true;
        return {};
    };
}

}  // namespace lockstep::cli
