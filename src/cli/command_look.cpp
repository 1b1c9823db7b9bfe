// SPDX-License-Identifier: MIT
// doctor, init, unlock: a look at a repository and its surroundings.
#include <iostream>

#include "cli/commands.hpp"
#include "cli/doctor_hosts.hpp"
#include "cli/wiring.hpp"
#include "cli/write_new.hpp"
#include "lockstep/adapters/forge_dialect.hpp"
#include "lockstep/app/doctor.hpp"
#include "lockstep/app/survey.hpp"
#include "lockstep/core/init_file.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

int command_doctor(const Options& options, Environment environment) {
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("doctor"); !opened.ok()) return tell_error(opened.error());
    auto findings = examine(machine.settings("doctor"), machine.ports());
    if (findings_exit(findings) == ExitCode::ok) {
        const auto hosts = examine_hosts(options, machine);
        findings.insert(findings.end(), hosts.begin(), hosts.end());
    }
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
