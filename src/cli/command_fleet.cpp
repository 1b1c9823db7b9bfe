// SPDX-License-Identifier: MIT
// `lockstep fleet …`: one command over many hosts. Each sub-command is a function in this table.
#include <algorithm>
#include <filesystem>

#include "cli/commands.hpp"
#include "cli/deploy_request.hpp"
#include "cli/finish.hpp"
#include "cli/fleet_call.hpp"
#include "cli/options_check.hpp"
#include "edges/replace_process.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

struct SubCommand {
    std::string_view name;
    int (*run)(FleetCall& call);
    bool choose = false;   ///< hosts have to be named, or --all
    bool words = false;    ///< a command for hosts behind `--`: exec needs one, ssh may have one
    bool records = false;  ///< its run is kept: it changes hosts
};
constexpr SubCommand k_sub_commands[] = {
    {"info", fleet_info},
    {"status", fleet_status},
    {"ping", fleet_ping},
    {"diff", fleet_diff},
    {"exec", fleet_exec, true, true},
    {"ssh", fleet_ssh, true, true},
    {"reboot", fleet_reboot, true, false, true},
    {"rollback", fleet_rollback, true, false, true},
};

/// What the words of the command line have to be, before anything is asked of anybody.
Result<const SubCommand*> sub_command(const Options& options) {
    const auto& name = options.operands.front();
    const auto* sub = std::find_if(std::begin(k_sub_commands), std::end(k_sub_commands),
                                   [&](const SubCommand& each) { return each.name == name; });
    if (sub == std::end(k_sub_commands)) {
        std::vector<std::string> known;
        for (const auto& each : k_sub_commands) known.emplace_back(each.name);
        return usage_error("there is no command `fleet " + clean_line(name, 60) + "`",
                           did_you_mean(name, known, "`lockstep help fleet`", "lockstep fleet "));
    }
    const auto command = "`fleet " + name + "`";
    if (!options.command_words.empty() && !sub->words)
        return usage_error(command + " takes no command behind `--`", "`lockstep fleet exec` does");
    if (options.command_words.empty() && name == "exec")
        return usage_error(command + " needs a command",
                           "such as `lockstep fleet exec @web -- systemctl is-system-running`");
    if (sub->choose && options.operands.size() < 2 && !options.all)
        return usage_error(command + " wants its hosts named", "name them, or say --all when all of them are meant");
    return sub;
}

/// The fleet is only looked at: nothing of this is a run that somebody wants to keep.
class NoTrace {
public:
    NoTrace(Machine& machine, bool keep) : machine_(machine), keep_(keep) {}
    ~NoTrace() {
        machine_.console().stop();
        std::error_code ignored;
        if (!keep_) std::filesystem::remove_all(machine_.store().root(), ignored);
    }
    NoTrace(const NoTrace&) = delete;
    NoTrace& operator=(const NoTrace&) = delete;

private:
    Machine& machine_;
    bool keep_;
};

Result<KnownFleet> know(Machine& machine) {
    KnownFleet known;
    LOCKSTEP_TRY(known.gathered, gather_fleet(machine));
    if (auto proof = proved_run(machine.runs(), ""); proof.ok()) known.proof = std::move(proof).value();
    known.past = read_deploy_past(machine.runs(), machine.store().run_id());
    for (const auto& notice : known.gathered.fleet.notices) machine.ports().events.on(Notice{true, notice});
    return known;
}

/// On an open machine. `hand_over`: see FleetCall.
int carry_out_command(const SubCommand& sub, const Options& options, Machine& machine,
                      std::vector<std::string>& hand_over) {
    const NoTrace no_trace(machine, sub.records);
    const auto refused = [&](const Error& error) {
        machine.console().stop();
        return tell_error(error);
    };
    const auto known = know(machine);
    if (!known.ok()) return refused(known.error());
    const std::vector<std::string> selectors(options.operands.begin() + 1, options.operands.end());
    auto hosts = chosen_hosts(known->gathered.fleet, options, selectors, [&](std::string_view predicate) {
        return answer_predicate(machine, known.value(), predicate);
    });
    if (!hosts.ok()) return refused(hosts.error());
    FleetCall call{options, machine, known.value(), selectors, std::move(hosts).value()};
    const int code = sub.run(call);
    hand_over = std::move(call.hand_over);
    return code;
}

}  // namespace

int command_fleet(const Options& options, Environment environment) {
    const auto sub = sub_command(options);
    if (!sub.ok()) return tell_error(sub.error());
    std::vector<std::string> hand_over;
    int code = 0;
    {
        Machine machine(options, std::move(environment));
        if (const auto opened = machine.open("fleet"); !opened.ok()) return tell_error(opened.error());
        code = carry_out_command(*sub.value(), options, machine, hand_over);
    }
    // Everything of ours is gone by now.
    return hand_over.empty() ? code : tell_error(replace_process(hand_over));
}

}  // namespace lockstep::cli
