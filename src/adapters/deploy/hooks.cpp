// SPDX-License-Identifier: MIT
// One command line, its environment, and the same facts as JSON.
#include "lockstep/adapters/hooks.hpp"

#include <nlohmann/json.hpp>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_schema = "lockstep-hook/1";

}  // namespace

std::string_view word(HookPoint point) {
    switch (point) {
        case HookPoint::before_run:
            return "before_run";
        case HookPoint::after_run:
            return "after_run";
        case HookPoint::before_wave:
            return "before_wave";
        case HookPoint::after_wave:
            return "after_wave";
        case HookPoint::before_host:
            return "before_host";
        case HookPoint::after_host:
            return "after_host";
    }
    return "";
}

bool is_before(HookPoint point) {
    return point == HookPoint::before_run || point == HookPoint::before_wave || point == HookPoint::before_host;
}

std::string hook_json(const HookFacts& facts) {
    nlohmann::ordered_json json{{"schema", k_schema}, {"hook", word(facts.point)}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) json[name] = clean_line(value, 2000);
    };
    add("run", facts.run);
    add("command", facts.command);
    add("commit", facts.commit);
    add("wave", facts.wave);
    if (!facts.hosts.empty()) json["hosts"] = facts.hosts;
    add("host", facts.host);
    add("address", facts.address);
    add("user", facts.user);
    add("from", facts.from);
    add("to", facts.to);
    add("outcome", facts.outcome);
    add("detail", facts.detail);
    if (facts.exit_code) json["exit_code"] = *facts.exit_code;
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

Command hook_command(const std::string& line, const HookFacts& facts, std::chrono::milliseconds limit) {
    Command command{.argv = {"/bin/sh", "-c", line, "lockstep-hook"}};
    const auto set = [&](const char* name, const std::string& value) {
        if (value.empty())
            command.env_unset.emplace_back(name);
        else
            command.env_set.emplace_back(name, value);
    };
    set("FLEET_NODE", facts.host);
    set("FLEET_HOST", facts.address);
    set("FLEET_USER", facts.user);
    set("LOCKSTEP_RUN", facts.run);
    set("LOCKSTEP_COMMIT", facts.commit);
    set("LOCKSTEP_HOOK", std::string(word(facts.point)));
    set("LOCKSTEP_WAVE", facts.wave);
    command.stdin_text = hook_json(facts);
    command.deadline = limit;
    command.label = "hook " + std::string(word(facts.point)) + (facts.host.empty() ? "" : " " + facts.host);
    return command;
}

}  // namespace lockstep
