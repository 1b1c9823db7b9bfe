// SPDX-License-Identifier: MIT
// From the command line to a command.
#include "cli/program.hpp"

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "cli/commands.hpp"
#include "cli/environment.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "edges/private_memory.hpp"

namespace lockstep::cli {

namespace {

int dispatch(const Options& options, Environment environment) {
    if (options.command == "lockdiff") return command_lockdiff(options);
    if (options.command == "schema") return command_schema(options);
    if (options.command == "doctor") return command_doctor(options, std::move(environment));
    if (options.command == "deploy") return command_deploy(options, std::move(environment));
    if (options.command == "approve") return command_approve(options, std::move(environment));
    if (options.command == "fleet") return command_fleet(options, std::move(environment));
    if (options.command == "notify") return command_notify(options, std::move(environment));
    if (options.command == "init") return command_init(options, std::move(environment));
    if (options.command == "resume") return command_resume(options, std::move(environment));
    if (options.command == "unlock") return command_unlock(options, std::move(environment));
    for (const auto* name : {"status", "why", "history", "report"})
        if (options.command == name) return command_past(options, environment);
    return command_run(options, std::move(environment));
}

int run(const std::vector<std::string>& args) {
    keep_memory_private();
    Environment environment = Environment::take();
    const auto options = parse_options(args);
    if (!options.ok()) return tell_error(options.error());
    if (options->text) {  // help, man page or version
        tell_result(*options->text);
        return 0;
    }
    return dispatch(options.value(), std::move(environment));
}

}  // namespace

int run_program(int argc, char** argv) noexcept {
    try {
        return run({argv + 1, argv + argc});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lockstep: internal error: %s\n  hint: please report this, with the run's run.log\n",
                     error.what());
    }
    return 70;
}

}  // namespace lockstep::cli
