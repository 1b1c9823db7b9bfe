// SPDX-License-Identifier: MIT
// Answers of hosts: all or nothing, paths are store paths, words are clean. The nonce of each question is "n".
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/check.hpp"

using namespace lockstep;

namespace {

constexpr std::string_view k_nonce = "n";

void check_path(const std::string& path) {
    LOCKSTEP_CHECK(path.empty() || deploy::is_store_path(path));
}

void check_probe(std::string_view text) {
    const auto probe = deploy::parse_probe(text, k_nonce);
    if (!probe) return;
    for (const auto& path : {probe->running, probe->booted, probe->profile}) check_path(path);
    for (const auto& [number, path] : probe->generations) LOCKSTEP_CHECK(deploy::is_store_path(path));
    for (const auto& word : {probe->hostname, probe->boot_id, probe->machine_id, probe->holder, probe->system_state,
                             probe->nix_version, probe->profile_link, probe->switch_lock_owner})
        fuzz::check_clean_line(word);
    for (const auto& reason : probe->busy) fuzz::check_clean_line(reason);
    for (const auto& unit : probe->failed_units.value_or(std::vector<std::string>{})) fuzz::check_clean_line(unit);
    LOCKSTEP_CHECK(!deploy::parse_probe(text, "another"));
}

void check_switch(std::string_view text) {
    if (const auto state = deploy::parse_state(text, k_nonce)) {
        for (const auto& path : {state->running, state->booted, state->profile, state->new_path, state->old_path})
            check_path(path);
        fuzz::check_clean_line(state->reason);
    }
    if (const auto started = deploy::parse_started(text, k_nonce)) fuzz::check_clean_line(started->why);
    if (const auto asked = deploy::parse_asked(text, k_nonce))
        for (const auto& unit : asked->units.restart) fuzz::check_clean_line(unit);
    if (const auto chunk = deploy::parse_log(text, k_nonce, 7)) {
        LOCKSTEP_CHECK(chunk->next == 7 + chunk->text.size());
        LOCKSTEP_CHECK(text.substr(text.size() - chunk->text.size()) == chunk->text);
    }
    for (const auto& unit : deploy::parse_unit_lists(text).stop) fuzz::check_clean_line(unit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check_probe(text);
    check_switch(text);
    // An answer that was cut off before its last line is none.
    if (const auto answer = deploy::parse_answer(text, k_nonce)) {
        const auto head = std::string_view(text).substr(0, text.size() - answer->rest.size());
        LOCKSTEP_CHECK(deploy::parse_answer(head, k_nonce).has_value());
        for (std::size_t cut = 1; cut <= 8 && cut <= head.size(); ++cut)
            LOCKSTEP_CHECK(!deploy::parse_answer(head.substr(0, head.size() - cut), k_nonce));
    }
    return 0;
}
