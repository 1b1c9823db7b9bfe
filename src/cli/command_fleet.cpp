// SPDX-License-Identifier: MIT
// `lockstep fleet …`: one command over many hosts. Each sub-command is a function in this table.
#include <algorithm>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/fleet_gather.hpp"
#include "cli/options_check.hpp"
#include "cli/wiring.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

/// What sub-commands get: the fleet, and the hosts that were chosen out of it by the operands.
struct FleetCall {
    const Options& options;
    Machine& machine;
    const Fleet& fleet;
    const std::vector<std::string>& hosts;
};

/// Every field of a few hosts that somebody chose; else one line for each.
int fleet_info(const FleetCall& call) {
    const std::size_t detailed = call.options.operands.size() > 1 && !call.options.all ? 3 : 0;
    tell_result(call.options.json ? fleet_info_json(call.fleet, call.hosts)
                                  : fleet_info_text(call.fleet, call.hosts, detailed));
    return 0;
}

struct SubCommand {
    std::string_view name;
    int (*run)(const FleetCall& call);
};
constexpr SubCommand k_sub_commands[] = {{"info", fleet_info}};

Result<std::set<std::string>> unanswered(std::string_view predicate) {
    return Error{ErrorKind::usage, "`" + std::string(predicate) + "` cannot be answered here",
                 "`fleet info` looks at no host and at no earlier deploy", "choose hosts by names, globs and @tags"};
}

/// The fleet is only looked at: nothing of this is a run that somebody wants to keep.
class NoTrace {
public:
    explicit NoTrace(Machine& machine) : machine_(machine) {}
    ~NoTrace() {
        machine_.console().stop();
        std::error_code ignored;
        std::filesystem::remove_all(machine_.store().root(), ignored);
    }
    NoTrace(const NoTrace&) = delete;
    NoTrace& operator=(const NoTrace&) = delete;

private:
    Machine& machine_;
};

}  // namespace

int command_fleet(const Options& options, Environment environment) {
    const auto& name = options.operands.front();
    const auto* sub = std::find_if(std::begin(k_sub_commands), std::end(k_sub_commands),
                                   [&](const SubCommand& each) { return each.name == name; });
    if (sub == std::end(k_sub_commands)) {
        std::vector<std::string> known;
        for (const auto& each : k_sub_commands) known.emplace_back(each.name);
        return tell_error(usage_error("there is no command `fleet " + clean_line(name, 60) + "`",
                                      did_you_mean(name, known, "`lockstep help fleet`", "lockstep fleet ")));
    }
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open("fleet"); !opened.ok()) return tell_error(opened.error());
    const NoTrace no_trace(machine);
    const auto fleet = gather_fleet(machine);
    if (!fleet.ok()) {
        machine.console().stop();
        return tell_error(fleet.error());
    }
    const auto ports = machine.ports();
    for (const auto& notice : fleet->fleet.notices) ports.events.on(Notice{true, notice});
    const auto hosts =
        chosen_hosts(fleet->fleet, options, {options.operands.begin() + 1, options.operands.end()}, unanswered);
    machine.console().stop();
    if (!hosts.ok()) return tell_error(hosts.error());
    return sub->run({options, machine, fleet->fleet, hosts.value()});
}

}  // namespace lockstep::cli
