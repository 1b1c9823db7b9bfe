// SPDX-License-Identifier: MIT
// Answers of the host's side of a switch.
#include <array>
#include <utility>

#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::deploy {

namespace {

constexpr std::array<std::pair<std::string_view, SwitchPhase>, 12> k_phases{{
    {"starting", SwitchPhase::starting},
    {"activating", SwitchPhase::activating},
    {"awaiting", SwitchPhase::awaiting},
    {"held", SwitchPhase::held},
    {"committing", SwitchPhase::committing},
    {"rolling_back", SwitchPhase::rolling_back},
    {"committed", SwitchPhase::committed},
    {"tested", SwitchPhase::tested},
    {"boot_set", SwitchPhase::boot_set},
    {"reboot_needed", SwitchPhase::reboot_needed},
    {"rolled_back", SwitchPhase::rolled_back},
    {"rollback_failed", SwitchPhase::rollback_failed},
}};

constexpr std::array<std::pair<std::string_view, StartResult>, 4> k_refusals{{
    {"held", StartResult::held},
    {"drifted", StartResult::drifted},
    {"switch_locked", StartResult::switch_locked},
    {"candidate_missing", StartResult::candidate_missing},
}};

SwitchPhase phase_of(std::string_view name) {
    for (const auto& [text, phase] : k_phases)
        if (text == name) return phase;
    return SwitchPhase::unknown;
}

std::optional<int> code(const Answer& answer, std::string_view key) {
    const auto number = answer.number(key);
    if (!number || *number > 255) return std::nullopt;
    return static_cast<int>(*number);
}

std::string path(const Answer& answer, std::string_view key) {
    auto text = answer.get(key);
    return is_store_path(text) ? text : "";
}

}  // namespace

bool is_final(SwitchPhase phase) {
    switch (phase) {
        case SwitchPhase::committed:
        case SwitchPhase::tested:
        case SwitchPhase::boot_set:
        case SwitchPhase::reboot_needed:
        case SwitchPhase::rolled_back:
        case SwitchPhase::rollback_failed:
            return true;
        default:
            return false;
    }
}

std::string_view name_of(SwitchPhase phase) {
    for (const auto& [text, value] : k_phases)
        if (value == phase) return text;
    return phase == SwitchPhase::none ? "none" : "unknown";
}

std::optional<Started> parse_started(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    Started started;
    started.why = clean_line(answer->get("why"));
    started.holder = clean_line(answer->get("holder"));
    started.holder_state = clean_line(answer->get("holder_state"));
    started.holder_alive = answer->get("holder_alive") == "1";
    if (answer->has("started")) {
        started.result = answer->get("started") == "already" ? StartResult::already : StartResult::started;
        return started;
    }
    if (!answer->has("refused")) return std::nullopt;
    for (const auto& [word, result] : k_refusals)
        if (answer->get("refused") == word) started.result = result;
    return started;
}

std::optional<SwitchState> parse_state(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    SwitchState state;
    if (answer->get("present") == "1") state.phase = phase_of(answer->get("state"));
    state.run = clean_line(answer->get("run"));
    state.action = clean_line(answer->get("action"));
    state.reason = clean_line(answer->get("reason"));
    state.by = clean_line(answer->get("by"));
    state.rc = code(*answer, "rc");
    state.rollback_rc = code(*answer, "rollback_rc");
    state.since = answer->number("since").value_or(0);
    state.uptime = answer->number("uptime").value_or(0);
    state.deadline = answer->number("deadline");
    state.new_path = path(*answer, "new");
    state.old_path = path(*answer, "old");
    state.boot_written = answer->get("boot_written") == "1";
    state.supervisor_alive = answer->get("supervisor_alive") == "1";
    state.watchdog_armed = answer->get("watchdog_armed") == "1";
    state.holder = clean_line(answer->get("holder"));
    state.boot_id = clean_line(answer->get("boot_id"));
    state.running = path(*answer, "running");
    state.booted = path(*answer, "booted");
    state.profile = path(*answer, "profile");
    state.log_size = answer->number("log_size").value_or(0);
    if (answer->has("ordered")) state.ordered = answer->get("ordered") != "no";
    return state;
}

std::optional<LogChunk> parse_log(std::string_view text, std::string_view nonce, std::uint64_t offset) {
    // The log itself may be long; what is bounded is the head.
    const auto head = parse_answer(text.substr(0, 4096), nonce);
    if (!head) return std::nullopt;
    const auto size = head->number("log_size");
    if (!size) return std::nullopt;
    const auto head_bytes = static_cast<std::size_t>(head->rest.data() - text.data());
    LogChunk chunk;
    chunk.text = std::string(text.substr(head_bytes));
    chunk.next = offset + chunk.text.size();
    chunk.size = *size;
    return chunk;
}

std::optional<bool> parse_pinned(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    return answer->get("pinned_new") != "0" && answer->get("pinned_old") != "0" &&
           (answer->has("pinned_new") || answer->has("pinned_old"));
}

std::optional<Settled> parse_settled(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer || !answer->has("settled")) return std::nullopt;
    const auto word = answer->get("settled");
    if (word == "started") return Settled::going_back;
    if (word == "already") return Settled::ended;
    if (word == "nothing") return Settled::nothing;
    if (word == "in_charge") return Settled::in_charge;
    return Settled::refused;
}

std::optional<bool> parse_cleaned(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer || !answer->has("cleaned")) return std::nullopt;
    return answer->get("cleaned") == "1";
}

std::optional<Rebooting> parse_rebooting(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    return Rebooting{.boot_id = clean_line(answer->get("boot_id")), .under_way = answer->get("rebooting") == "1"};
}

}  // namespace lockstep::deploy
