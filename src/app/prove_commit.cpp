// SPDX-License-Identifier: MIT
// From a commit to the proof of its targets, with the slots and limits that configuration and machine give.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/run_state.hpp"
#include "lockstep/app/prove.hpp"
#include "lockstep/core/critical_path.hpp"
#include "lockstep/core/decide.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// Derivations depend on more than the commit: this is the rest, as far as it can differ between runs on one machine.
std::string commit_context(const RunState& state) {
    std::string context = fmt::format("{} {} · store {} · flake {}", state.setup.version.implementation,
                                      state.setup.version.text, state.can.store_dir, state.config.flake);
    if (state.submodules) context += " · submodules";
    if (state.setup.impure) context += " · impure";
    for (const auto& [name, value] : state.setup.options) context += " · " + name + "=" + value;
    return context;
}

bool is_optional(const RunState& state, const std::string& name) {
    return matches_any(state.config.targets.optional, name);
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
    request.evaluators = wish.evaluators > 0 ? wish.evaluators : std::max(1, state.settings.cores);
    request.memory_budget = wish.evaluation_memory > 0 ? wish.evaluation_memory : state.settings.memory_bytes / 4 * 3;
    request.eval_timeout = wish.eval_timeout;
    request.build_timeout = wish.build_timeout;
    request.silent_timeout = wish.silent_timeout;
    request.log_limit = wish.log_limit;
    request.tail_lines = static_cast<std::size_t>(std::max(0, wish.tail_lines));
    request.nonce_seed = state.settings.secret_nonce;
    request.memory = &state.ports.memory.recall();
    request.failure_memory = state.settings.retry_failed ? Millis(0) : wish.failure_memory;
    request.flaky = wish.flaky;
    request.retries = wish.retries;
    request.retry_pause = wish.retry_pause;
    request.now = state.ports.clock.now();
    request.run = state.ports.store.run_id();
    return request;
}

/// What is known of the base commit, and what is to be asked: nothing in a second try, which is in a hurry.
void compare_with(const RunState& state, const std::string& base, const Discovery& found, ProveRequest& request) {
    if (base.empty()) return;
    if (const auto* known = state.ports.memory.recall().evaluated(commit_context(state), base))
        request.base_drvs = *known;
    request.in_base = found.in_base;
    if (state.tries == 1) request.base_flake = state.pinned(base);
}

/// For the next run, whose base commit this may be.
void remember_commits(RunState& state, const std::string& commit, const std::string& base, const ProofResult& proof) {
    if (state.settings.dry_run) return;  // which leaves nothing behind but its own directory
    CommitEvaluated now{commit_context(state), commit, {}}, before{commit_context(state), base, {}};
    if (const auto* known = state.ports.memory.recall().evaluated(before.context, base)) before.drvs = *known;
    const auto known = before.drvs.size();
    for (const auto& host : proof.hosts) {
        if (!host.drv.empty()) now.drvs[host.name] = host.drv;
        if (!host.base_drv.empty()) before.drvs[host.name] = host.base_drv;
    }
    std::vector<Lesson> lessons{now};
    if (!base.empty() && before.drvs.size() > known) lessons.emplace_back(before);
    state.ports.memory.learn(lessons);
}

/// What became of a host, for `status` and for reading the journal afterwards.
void journal_host(RunState& state, const HostResult& host) {
    state.known("host", {{"host", clean_line(host.name)},
                         {"state", std::string(state_word(host.state))},
                         {"drv", host.drv},
                         {"out", host.out}});
}

/// Every finished host goes into the journal at once.
class JournalledEvents final : public EventSink {
public:
    explicit JournalledEvents(RunState& state) : state_(state) {}

    void on(const Event& event) noexcept override {
        if (const auto* ended = std::get_if<HostEnded>(&event)) journal_host(state_, ended->result);
        state_.ports.events.on(event);
    }

private:
    RunState& state_;
};

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
        state.known("hosts", {{"count", static_cast<std::int64_t>(proof.hosts.size())}});
        for (const auto& host : proof.hosts) journal_host(state, host);
    } else {
        auto request = request_for(state, commit, found.targets);
        compare_with(state, base, found, request);
        HostsFound event{.slots = request.slots, .evaluators = request.evaluators};
        for (const auto& target : found.targets) event.names.push_back(target.name);
        state.ports.events.on(event);
        state.known("hosts", {{"count", static_cast<std::int64_t>(found.targets.size())}});
        LOCKSTEP_TRY_VOID(state.at("eval"));
        const auto& p = state.ports;
        auto& keep = state.keeper();
        LOCKSTEP_TRY_VOID(keep.begin(state.config, state.setup, state.can));
        JournalledEvents events(state);
        ProvePorts ports{p.processes, p.store, p.clock, events, p.files};
        ports.learn = [&](const std::vector<Lesson>& lessons) {
            if (!state.settings.dry_run) p.memory.learn(lessons);
        };
        keep.attach(ports);
        proof = prove(request, ports);
        remember_commits(state, commit, base, proof);
        state.report.timing = timing_of(proof);
        for (const auto& target : found.vanished) {
            HostResult host{.name = target.name,
                            .kind = target.kind,
                            .required = !is_optional(state, target.name),
                            .state = HostState::vanished};
            host.detail = "the base commit has this host, the updated commit does not";
            events.on(HostEnded{host, {}});
            proof.hosts.push_back(host);
        }
        std::sort(proof.hosts.begin(), proof.hosts.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
        keep.end(state.config, decide(proof.hosts, state.report.alarms).action == Action::land);
    }
    state.report.hosts = std::move(proof.hosts);
    state.report.causes = std::move(proof.causes);
    state.report.logs = std::move(proof.logs);
    for (const auto& text : proof.notices) state.notice(text);
    return {};
}

}  // namespace lockstep
