// SPDX-License-Identifier: MIT
// doctor, init, unlock: a look at a repository and its surroundings.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>

#include "cli/commands.hpp"
#include "cli/wiring.hpp"
#include "edges/spawn.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/app/doctor.hpp"
#include "lockstep/app/survey.hpp"
#include "lockstep/core/init_file.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

Result<void> write_new(const std::string& path, const std::string& text, bool force) {
    const Fd fd(open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (force ? O_TRUNC : O_EXCL), 0644));
    if (!fd.open() && errno == EEXIST)
        return Error{ErrorKind::config, path + " exists already", "",
                     "use --force to replace it, or --output - to look at the proposal"};
    if (!fd.open() || write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{ErrorKind::infrastructure, path + " cannot be written", std::strerror(errno), ""};
    return {};
}

}  // namespace

int command_doctor(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("doctor"); !opened.ok()) return tell_error(opened.error());
    const auto findings = examine(machine.settings("doctor"), machine.ports());
    machine.console().stop();
    tell_result(options.json ? findings_json(findings) : findings_text(findings, machine.color_on_stdout()));
    machine.clean_up(false);
    return static_cast<int>(findings_exit(findings));
}

int command_init(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("build"); !opened.ok()) return tell_error(opened.error());
    const auto ports = machine.ports();
    const auto facts = survey(machine.settings("init"), ports);
    machine.console().stop();
    machine.clean_up(false);
    if (!facts.ok()) return tell_error(facts.error());
    const std::string text = init_file(facts.value());
    if (options.output && *options.output == "-") {
        tell_result(text);
        return 0;
    }
    const auto checkout = machine.git().checkout(options.repo);
    if (!checkout.ok()) return tell_error(checkout.error());
    const std::string path =
        options.output ? *options.output : (checkout->root / facts->flake / "lockstep.yaml").string();
    if (const auto written = write_new(path, text, options.force); !written.ok()) return tell_error(written.error());
    std::cerr << "lockstep: wrote " << path << "\n  next: read it, commit it, and try `lockstep doctor`\n";
    return 0;
}

int command_unlock(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("unlock"); !opened.ok()) return tell_error(opened.error());
    const auto freed = unlock_remote(machine.settings("unlock"), machine.ports(), options.force);
    machine.console().stop();
    machine.clean_up(false);
    if (!freed.ok()) return tell_error(freed.error());
    tell_result(freed.value() + "\n");
    return 0;
}

}  // namespace lockstep::cli
