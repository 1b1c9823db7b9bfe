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

DrvGraph::Reader reader_of(const ProvePorts& ports) {
    return [&ports](const std::string& path) { return ports.files.read(path); };
}

bool lacks_output(const ReadyTarget& target, const std::set<std::string>& invalid) {
    return target.outputs.empty() || std::any_of(target.outputs.begin(), target.outputs.end(),
                                                 [&](const auto& path) { return invalid.count(path) > 0; });
}

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
            .eval_time = evaluation.duration};
}

bool can_build(const DrvNode& node, const nix::Capabilities& can) {
    if (node.system != "builtin" && can.systems.count(node.system) == 0) return false;
    return std::all_of(node.required_features.begin(), node.required_features.end(),
                       [&](const auto& feature) { return can.features.count(feature) > 0; });
}

/// What a derivation needs that is not to be had here, in words.
std::string lacking_here(const DrvNode& node, const nix::Capabilities& can) {
    if (node.system != "builtin" && can.systems.count(node.system) == 0)
        return fmt::format("needs {}; this machine and its builders offer {}", clean_line(node.system, 100),
                           join({can.systems.begin(), can.systems.end()}, ", "));
    std::vector<std::string> missing;
    for (const auto& feature : node.required_features)
        if (can.features.count(feature) == 0) missing.push_back(clean_line(feature, 100));
    return fmt::format("needs the system feature {}; this machine and its builders offer {}", join(missing, ", "),
                       can.features.empty() ? "none" : join({can.features.begin(), can.features.end()}, ", "));
}

/// A target that cannot be built here, with the derivation that is to blame as a cause of its own.
void unsupported(const ProveRequest& request, const std::string& suspect, ProofState& state, HostResult& host) {
    host.state = HostState::unsupported;
    const auto* index = state.graph.find(suspect);
    if (index == nullptr) return;
    const auto& node = state.graph.node(*index);
    host.detail = lacking_here(node, request.can);
    auto& cause = state.causes[suspect];
    cause.drv = suspect;
    cause.name = clean_line(derivation_name(suspect), 200);
    cause.cls = node.system != "builtin" && request.can.systems.count(node.system) == 0 ? CauseClass::missing_system
                                                                                        : CauseClass::missing_feature;
    cause.first_error = host.detail;
    cause.hosts.push_back(host.name);
    host.cause = suspect;
    if (const auto* top = state.graph.find(host.drv))
        for (const auto step : state.graph.chain(*top, *index))
            host.chain.push_back(clean_line(derivation_name(state.graph.node(step).path), 200));
}

void explain(const ProveRequest& request, const ReadyTarget& target, const Wave& wave, ProofState& state,
             HostResult& host) {
    if (const auto suspect = wave.unsupported.find(target.evaluation.drv); suspect != wave.unsupported.end())
        return unsupported(request, suspect->second, state, host);
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
    if (wave.interrupted && !is_broken(found.state)) return;
    host.state = found.state;
    host.detail = found.detail;
    host.chain = found.chain;
    host.cause = found.root;
}

}  // namespace

std::vector<std::string> suspects_of(const std::string& drv, const ProveRequest& request, const ProvePorts& ports,
                                     ProofState& state) {
    std::vector<std::string> found;
    const auto root = state.graph.add(drv, reader_of(ports));
    if (!root.ok()) {
        ports.store.log(fmt::format("derivations below {} could not be read: {}", drv, root.error().why));
        return found;
    }
    for (const auto index : state.graph.closure(root.value()))
        if (const auto& node = state.graph.node(index); !can_build(node, request.can)) found.push_back(node.path);
    return found;
}

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

std::vector<HostResult> settle(const ProveRequest& request, const ProvePorts& ports, Wave& wave, ProofState& state) {
    if (wave.ran) ++state.realiser_runs;
    state.derivations_built += static_cast<int>(wave.logs.builds().size());
    for (const auto& [drv, build] : wave.logs.builds())
        if (!build.log.empty())
            state.logs.push_back({clean_line(derivation_name(drv), 200), build.log, build.bytes, build.dropped});
    std::vector<HostResult> results;
    for (const auto& target : wave.targets) {
        HostResult host = base_result(request, target.evaluation);
        host.system = clean_line(target.system, 100);
        host.out = target.outputs.empty() ? "" : target.outputs.front();
        auto sink = begin_log(ports, host, target.evaluation);
        if (!wave.trouble.empty()) {
            host.state = HostState::infra_error;
            host.detail = clean_line(wave.trouble);
        } else if (!lacks_output(target, wave.invalid) && !(wave.interrupted && !wave.ran)) {
            host.state = lacks_output(target, wave.invalid_before) ? HostState::built : HostState::cached;
        } else {
            explain(request, target, wave, state, host);
        }
        if (wave.ran) copy_builds(sink.get(), ports, wave, state, host);
        end_log(std::move(sink), host, state);
        std::vector<std::string> tail;
        if (const auto cause = state.causes.find(host.cause); cause != state.causes.end()) tail = cause->second.tail;
        ports.events.on(HostEnded{host, tail});
        results.push_back(std::move(host));
    }
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
