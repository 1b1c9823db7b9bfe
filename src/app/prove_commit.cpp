// SPDX-License-Identifier: MIT
// From a commit to the proof of its targets, with the slots and limits that configuration and machine give.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/run_state.hpp"
#include "lockstep/app/prove.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::uint64_t k_evaluator_memory = 1ULL << 30;  // what a real host's evaluation needs, with room to spare

int evaluators_for(const RunState& state) {
    if (state.config.prove.evaluators > 0) return state.config.prove.evaluators;
    int count = std::max(1, state.settings.cores);
    if (state.settings.memory_bytes > 0)
        count = std::min(count, std::max(1, static_cast<int>(state.settings.memory_bytes / k_evaluator_memory)));
    return count;
}

bool is_optional(const RunState& state, const std::string& name) {
    const auto& globs = state.config.targets.optional;
    return std::any_of(globs.begin(), globs.end(),
                       [&](const auto& glob) { return glob == name || glob_match(glob, name); });
}

ProveRequest request_for(const RunState& state, const std::string& commit, std::vector<Target> targets) {
    const auto& wish = state.config.prove;
    ProveRequest request{.setup = state.setup, .can = state.can};
    request.flake = state.pinned(commit);
    for (const auto& target : targets) request.required.push_back(!is_optional(state, target.name));
    request.targets = std::move(targets);
    request.foreign = state.config.targets.foreign;
    // `max-jobs = 0` on this machine means: only its builders build.
    request.slots = wish.slots > 0 ? wish.slots : state.can.max_jobs == 0 ? 0 : std::max(1, state.settings.cores);
    request.evaluators = evaluators_for(state);
    request.memory_budget = state.settings.memory_bytes / 4 * 3;
    request.eval_timeout = wish.eval_timeout;
    request.build_timeout = wish.build_timeout;
    request.silent_timeout = wish.silent_timeout;
    request.log_limit = wish.log_limit;
    request.tail_lines = static_cast<std::size_t>(std::max(0, wish.tail_lines));
    request.nonce_seed = state.settings.secret_nonce;
    return request;
}

/// What a later `resume` needs of a host: its derivation, its output and what became of them.
void journal_host(RunState& state, const HostResult& host) {
    const nlohmann::ordered_json data{
        {"host", clean_line(host.name)}, {"state", state_word(host.state)}, {"drv", host.drv}, {"out", host.out}};
    (void)state.ports.store.journal("fact", "host",
                                    data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

/// The update broke the flake itself: every host that the base commit had is broken by one cause.
ProofResult all_broken(const RunState& state, const Discovery& found) {
    ProofResult proof;
    Cause cause{
        .id = "c1", .name = state.flake_path(), .cls = CauseClass::evaluation, .first_error = clean_line(found.broken)};
    cause.tail = clean_tail(found.broken_text, static_cast<std::size_t>(std::max(1, state.config.prove.tail_lines)),
                            1000, 64u << 10);
    for (const auto& target : found.vanished) {
        HostResult host{.name = target.name,
                        .kind = target.kind,
                        .required = !is_optional(state, target.name),
                        .state = HostState::eval_failed,
                        .cause = "c1"};
        host.detail = "the updated flake does not evaluate at all";
        cause.hosts.push_back(target.name);
        proof.hosts.push_back(host);
    }
    proof.causes.push_back(cause);
    return proof;
}

/// nixConfig of the flake becomes --option, and is named in the report, but only when the configuration accepts it.
Result<void> apply_flake_config(RunState& state, const std::string& commit) {
    if (!state.config.nix.accept_flake_config) return {};
    const auto flake = state.pinned(commit);
    const auto done = run_to_end(state.ports.processes, nix::flake_config_command(state.setup, flake));
    if (!done.status.ok()) return {};  // whatever is wrong there shows when hosts are listed
    LOCKSTEP_TRY(const auto options, nix::parse_flake_config(done.out));
    for (const auto& [name, value] : options) {
        state.notice(
            fmt::format("accepted from the flake's nixConfig: {} = {}", clean_line(name, 100), clean_line(value, 300)));
        state.setup.options.emplace(name, value);
    }
    return {};
}

}  // namespace

Result<void> prove_commit(RunState& state, const std::string& commit, const std::string& base) {
    LOCKSTEP_TRY_VOID(apply_flake_config(state, commit));
    LOCKSTEP_TRY(const auto found, discover(state, commit, base));
    LOCKSTEP_TRY_VOID(await_settings(state));
    ProofResult proof;
    if (!found.broken.empty()) {
        proof = all_broken(state, found);
    } else {
        const auto request = request_for(state, commit, found.targets);
        HostsFound event{.slots = request.slots, .evaluators = request.evaluators};
        for (const auto& target : found.targets) event.names.push_back(target.name);
        state.ports.events.on(event);
        const auto& p = state.ports;
        proof = prove(request, {p.processes, p.store, p.clock, p.events, p.files});
        for (const auto& target : found.vanished) {
            HostResult host{.name = target.name,
                            .kind = target.kind,
                            .required = !is_optional(state, target.name),
                            .state = HostState::vanished};
            host.detail = "the base commit has this host, the updated commit does not";
            state.ports.events.on(HostEnded{host, {}});
            proof.hosts.push_back(host);
        }
        std::sort(proof.hosts.begin(), proof.hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    }
    for (const auto& host : proof.hosts) journal_host(state, host);
    state.report.hosts = std::move(proof.hosts);
    state.report.causes = std::move(proof.causes);
    state.report.logs = std::move(proof.logs);
    for (const auto& text : proof.notices) state.notice(text);
    return {};
}

}  // namespace lockstep
