// SPDX-License-Identifier: MIT
// Settling targets. Validity decides the state; the stream of the build only explains it.
#include "app/settle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr std::uint64_t k_copy_whole = 16ULL << 20;  // larger derivation logs are quoted by their end
constexpr std::uint64_t k_copy_tail = 1ULL << 20;
constexpr std::uint64_t k_host_log_cap = 1ULL << 30;

/// Opens a host's log with its head: what it is, and what its evaluation said.
std::unique_ptr<LogSink> begin_log(const ProvePorts& ports, HostResult& host, const EvalResult& evaluation) {
    auto opened = ports.store.open_log("builds", host.name, k_host_log_cap);
    if (!opened.ok()) {
        ports.store.log("no log file for " + clean_line(host.name) + ": " + opened.error().why);
        return nullptr;
    }
    auto sink = std::move(opened).value();
    host.log = sink->path();
    sink->write(fmt::format("# {}\n# derivation: {}\n# evaluation: {}\n", clean_line(host.name),
                            host.drv.empty() ? "none" : host.drv, human_duration(evaluation.duration)));
    if (!evaluation.text.empty()) {
        sink->write(evaluation.text);
        if (evaluation.text.back() != '\n') sink->write("\n");
    }
    return sink;
}

void end_log(std::unique_ptr<LogSink> sink, const HostResult& host, ProofState& state) {
    if (!sink) return;
    sink->write(
        fmt::format("# result: {}{}{}\n", state_phrase(host.state), host.detail.empty() ? "" : ": ", host.detail));
    sink->close();
    state.logs.push_back({host.name, host.log, sink->bytes(), sink->dropped()});
}

void copy_log(LogSink& sink, const ProvePorts& ports, const ObservedBuild& build, ProofState& state) {
    const auto name = clean_line(derivation_name(build.facts.drv), 200);
    sink.write(fmt::format("\n# {} · {} · {}{}\n", name, build.facts.drv, human_duration(build.facts.duration),
                           build.facts.machine.empty() ? "" : " · on " + clean_line(build.facts.machine, 200)));
    if (build.log.empty()) return;
    const std::uint64_t kept = build.bytes - build.dropped;
    const bool whole = kept <= k_copy_whole && kept <= state.copy_budget;
    if (!whole)
        sink.write(
            fmt::format("# {} of log; all that was kept is in {}, its end:\n", human_size(build.bytes), build.log));
    const std::uint64_t part = whole ? kept : std::min(k_copy_tail, state.copy_budget);
    state.copy_budget -= std::min(state.copy_budget, part);
    if (part == 0) return;
    if (const auto text = ports.store.read_tail(build.log, part); text.ok()) {
        sink.write(text.value());
        if (!text->empty() && text->back() != '\n') sink.write("\n");
    }
}

/// The part of a host's result that its builds explain: their logs, and how long they took from first start to last
/// stop.
void copy_builds(LogSink* sink, const ProvePorts& ports, const Wave& wave, ProofState& state, HostResult& host) {
    const auto* root = state.graph.find(host.drv);
    if (root == nullptr) return;
    std::vector<const ObservedBuild*> mine;
    for (const auto index : state.graph.closure(*root))
        if (const auto build = wave.logs.builds().find(state.graph.node(index).path); build != wave.logs.builds().end())
            mine.push_back(&build->second);
    if (mine.empty()) return;
    std::stable_sort(mine.begin(), mine.end(), [](const auto* a, const auto* b) { return a->started < b->started; });
    auto last = mine.front()->started;
    for (const auto* build : mine) last = std::max(last, build->stopped);
    host.build_time = std::chrono::duration_cast<Millis>(last - mine.front()->started);
    if (sink == nullptr) return;
    for (const auto* build : mine) copy_log(*sink, ports, *build, state);
}

HostResult base_result(const ProveRequest& request, const EvalResult& evaluation) {
    const auto& target = request.targets[evaluation.target];
    return {.name = target.name,
            .kind = target.kind,
            .required = request.required[evaluation.target],
            .drv = evaluation.drv,
            .eval_time = evaluation.duration,
            .eval_peak_bytes = evaluation.peak_bytes};
}

/// The builder's own fault: building again gives the same.
bool is_lasting(CauseClass cls) {
    return cls == CauseClass::builder_failed || cls == CauseClass::hash_mismatch || cls == CauseClass::output_missing;
}

/// A derivation that an earlier run found to fail is not built again: its failure is told as it was.
void explain_known_failure(const ProveRequest& request, const std::string& drv, ProofState& state, HostResult& host) {
    const auto* known = request.memory->failed(drv, request.now, request.failure_memory);
    host.state = drv == host.drv ? HostState::failed : HostState::dependency_failed;
    auto& cause = state.causes[drv];
    if (cause.hosts.empty() && known != nullptr) {
        cause.drv = drv;
        cause.name = clean_line(derivation_name(drv), 200);
        cause.cls = known->cls;
        cause.first_error =
            fmt::format("{} (found by run {} on {}; not built again, --retry-failed does)",
                        clean_line(known->first_error, 500), clean_line(known->run, 60), format_utc(known->at));
        for (const auto& line : known->tail) cause.tail.push_back(clean_line(line, 1000));
        cause.duration = known->duration;
    }
    cause.hosts.push_back(host.name);
    host.detail = cause.first_error;
    host.cause = drv;
    const auto *top = state.graph.find(host.drv), *index = state.graph.find(drv);
    if (top == nullptr || index == nullptr) return;
    host.chain = chain_names(state.graph, *top, *index);
}

void explain(const ProveRequest& request, const ReadyTarget& target, const Wave& wave, ProofState& state,
             HostResult& host) {
    if (const auto suspect = wave.unsupported.find(target.evaluation.drv); suspect != wave.unsupported.end())
        return explain_unsupported(request, suspect->second, state, host);
    if (const auto known = wave.known_failures.find(target.evaluation.drv); known != wave.known_failures.end())
        return explain_known_failure(request, known->second, state, host);
    if (!wave.halted.empty()) {
        host.state = !wave.time_up ? HostState::infra_error
                     : wave.ran    ? HostState::interrupted
                                   : HostState::not_started;
        host.detail = clean_line(wave.halted);
        if (!wave.time_up || !wave.ran) return;
    }
    if (!wave.trouble.empty() || !wave.ran || wave.interrupted) {
        host.state = wave.interrupted ? HostState::interrupted : HostState::infra_error;
        host.detail = wave.interrupted ? "" : wave.trouble;
        if (!wave.interrupted) return;
    }
    if (!wave.ran) return;
    const auto found = attribute({host.name, host.drv},
                                 {.graph = state.graph,
                                  .invalid = wave.invalid,
                                  .builds = wave.logs.builds(),
                                  .realise = wave.realise,
                                  .can = request.can},
                                 state.causes);
    if ((wave.interrupted || wave.time_up) && !is_broken(found.state)) return;
    host.state = found.state;
    host.detail = found.detail;
    host.chain = found.chain;
    host.cause = found.root;
}

/// What was built, for the report and for later runs.
void record_builds(const ProveRequest& request, const Wave& wave, ProofState& state) {
    std::vector<const ObservedBuild*> order;
    for (const auto& [drv, build] : wave.logs.builds()) order.push_back(&build);
    std::sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return a->started < b->started; });
    for (const auto* build : order) {
        const auto& drv = build->facts.drv;
        const auto cause = state.causes.find(drv);
        BuildRecord record{.drv = drv,
                           .name = clean_line(derivation_name(drv), 200),
                           .machine = clean_line(build->facts.machine, 200),
                           .ok = cause == state.causes.end() && build->facts.stopped,
                           .started = std::chrono::duration_cast<Millis>(build->started - state.began),
                           .duration = build->facts.duration};
        if (record.ok) state.lessons.emplace_back(DerivationBuilt{record.name, record.duration});
        if (cause != state.causes.end() && is_lasting(cause->second.cls) && !matches_any(request.flaky, record.name))
            state.lessons.emplace_back(DerivationFailed{drv, record.name, cause->second.cls, cause->second.first_error,
                                                        cause->second.tail, request.run, cause->second.log,
                                                        record.duration, request.now});
        state.builds.push_back(std::move(record));
    }
}

}  // namespace

std::vector<std::string> paths_to_validate(const Wave& wave, const ProofState& state) {
    std::vector<std::string> paths;
    if (!wave.ran) return paths;
    std::set<std::uint32_t> seen;
    for (const auto& target : wave.targets) {
        const bool broken = lacks_output(target, wave.invalid) && wave.unsupported.count(target.evaluation.drv) == 0;
        const auto* root = state.graph.find(target.evaluation.drv);
        if (!broken || root == nullptr) continue;
        for (const auto index : state.graph.closure(*root)) {
            if (!seen.insert(index).second) continue;
            const auto& outputs = state.graph.node(index).outputs;
            paths.insert(paths.end(), outputs.begin(), outputs.end());
        }
    }
    return paths;
}

std::vector<ReadyTarget> take_retries(const ProveRequest& request, const ProvePorts& ports, Wave& wave,
                                      const ProofState& state) {
    std::vector<ReadyTarget> retries;
    if (wave.interrupted || !wave.halted.empty()) return retries;
    RootCauses causes;  // judged for this question only
    std::set<std::string> why;
    const auto deserves = [&](const ReadyTarget& target) {
        if (target.attempt >= request.retries) return false;
        if (!wave.trouble.empty()) {
            why.insert(clean_line(wave.trouble, 300));
            return true;
        }
        const auto& drv = target.evaluation.drv;
        if (!wave.ran || !lacks_output(target, wave.invalid) || wave.unsupported.count(drv) > 0 ||
            wave.known_failures.count(drv) > 0 || wave.proved_before.count(drv) > 0)
            return false;
        const auto found = attribute({request.targets[target.evaluation.target].name, drv},
                                     {.graph = state.graph,
                                      .invalid = wave.invalid,
                                      .builds = wave.logs.builds(),
                                      .realise = wave.realise,
                                      .can = request.can},
                                     causes);
        const auto cause = causes.find(found.root);
        if (cause == causes.end()) return false;
        const bool flaky =
            target.attempt == 0 && is_lasting(cause->second.cls) && matches_any(request.flaky, cause->second.name);
        if (!flaky && found.state != HostState::infra_error) return false;
        why.insert(fmt::format("{}: {}", cause->second.name, clean_line(cause->second.first_error, 300)));
        return true;
    };
    const auto keep = std::stable_partition(wave.targets.begin(), wave.targets.end(),
                                            [&](const auto& target) { return !deserves(target); });
    for (auto target = keep; target != wave.targets.end(); ++target) {
        ++target->attempt;
        retries.push_back(std::move(*target));
    }
    wave.targets.erase(keep, wave.targets.end());
    for (const auto& text : why) ports.events.on(Notice{true, "trying again: " + text});
    return retries;
}

std::vector<HostResult> settle(const ProveRequest& request, const ProvePorts& ports, Wave& wave, ProofState& state) {
    if (wave.ran) ++state.realiser_runs;
    state.derivations_built += static_cast<int>(wave.logs.builds().size());
    state.download_bytes += wave.dry_run.download_bytes;
    for (const auto& [drv, build] : wave.logs.builds())
        if (!build.log.empty())
            state.logs.push_back({clean_line(derivation_name(drv), 200), build.log, build.bytes, build.dropped});
    std::vector<HostResult> results;
    for (const auto& target : wave.targets) {
        HostResult host = base_result(request, target.evaluation);
        host.system = clean_line(target.system, 100);
        host.out = target.outputs.empty() ? "" : target.outputs.front();
        host.work = target.work;
        if (const auto base = state.base_drvs.find(target.evaluation.target); base != state.base_drvs.end())
            host.base_drv = base->second;
        auto sink = begin_log(ports, host, target.evaluation);
        if (!wave.trouble.empty()) {
            host.state = HostState::infra_error;
            host.detail = clean_line(wave.trouble);
        } else if (wave.proved_before.count(host.drv) > 0) {
            host.state = HostState::unchanged;
            host.detail = "its output was proved by an earlier run and is not in the store any more";
        } else if (!lacks_output(target, wave.invalid) && !(wave.interrupted && !wave.ran)) {
            host.state = lacks_output(target, wave.invalid_before) ? HostState::built : HostState::cached;
            if (host.state == HostState::cached && !host.base_drv.empty() && host.base_drv == host.drv)
                host.state = HostState::unchanged;
        } else {
            explain(request, target, wave, state, host);
        }
        if (wave.ran) copy_builds(sink.get(), ports, wave, state, host);
        end_log(std::move(sink), host, state);
        std::vector<std::string> tail;
        if (const auto cause = state.causes.find(host.cause); cause != state.causes.end()) tail = cause->second.tail;
        const bool valid = is_proved(host.state) && wave.proved_before.count(host.drv) == 0;
        if (valid && ports.proved) ports.proved(target.outputs);
        if (valid) state.lessons.emplace_back(DerivationProved{host.drv, target.outputs, request.run, request.now});
        ports.events.on(HostEnded{host, tail});
        results.push_back(std::move(host));
    }
    record_builds(request, wave, state);
    return results;
}

HostResult settle_unbuilt(const ProveRequest& request, const ProvePorts& ports, const EvalResult& evaluation,
                          HostState host_state, const std::string& system, const std::string& detail,
                          ProofState& proof) {
    HostResult host = base_result(request, evaluation);
    host.state = host_state;
    host.system = clean_line(system, 100);
    host.detail = clean_line(detail);
    std::vector<std::string> tail;
    if (!evaluation.ok && !evaluation.interrupted) {
        // The same error in many hosts (a common module) is one cause.
        const std::string key = fmt::format("eval:{}:{}", cause_word(evaluation.cls), evaluation.first_error);
        auto& cause = proof.causes[key];
        if (cause.hosts.empty()) {
            cause.cls = evaluation.cls;
            cause.name = host.name;
            cause.first_error = clean_line(evaluation.first_error);
            cause.tail = clean_tail(evaluation.text, request.tail_lines, 1000, 64u << 10);
            cause.duration = evaluation.duration;
        }
        cause.hosts.push_back(host.name);
        host.cause = key;
        tail = cause.tail;
    }
    auto sink = begin_log(ports, host, evaluation);
    if (host.cause.rfind("eval:", 0) == 0 && proof.causes[host.cause].log.empty())
        proof.causes[host.cause].log = host.log;
    end_log(std::move(sink), host, proof);
    ports.events.on(HostEnded{host, tail});
    return host;
}

}  // namespace lockstep
