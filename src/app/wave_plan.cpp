// SPDX-License-Identifier: MIT
// Closures against what the store, the caches and the past say about them.
#include "app/wave_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "lockstep/adapters/nix_store.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

bool has_system(const DrvNode& node, const nix::Capabilities& can) {
    return node.system == "builtin" || can.systems.count(node.system) > 0;
}

bool can_build(const DrvNode& node, const nix::Capabilities& can) {
    return has_system(node, can) && std::all_of(node.required_features.begin(), node.required_features.end(),
                                                [&](const auto& feature) { return can.features.count(feature) > 0; });
}

/// What a derivation needs that is not to be had here, in words.
std::string lacking_here(const DrvNode& node, const nix::Capabilities& can) {
    if (!has_system(node, can))
        return fmt::format("needs {}; this machine and its builders offer {}", clean_line(node.system, 100),
                           join({can.systems.begin(), can.systems.end()}, ", "));
    std::vector<std::string> missing;
    for (const auto& feature : node.required_features)
        if (can.features.count(feature) == 0) missing.push_back(clean_line(feature, 100));
    return fmt::format("needs the system feature {}; this machine and its builders offer {}", join(missing, ", "),
                       can.features.empty() ? "none" : join({can.features.begin(), can.features.end()}, ", "));
}

void read_closure(const ProveRequest& request, const ProvePorts& ports, ReadyTarget& target, ProofState& state) {
    target.suspects.clear();
    target.failed_before.clear();
    const auto root = state.graph.add(target.evaluation.drv, [&](const std::string& path) {
        return ports.files.read(nix::store_file(request.setup, path));
    });
    if (!root.ok()) {
        ports.store.log(
            fmt::format("derivations below {} could not be read: {}", target.evaluation.drv, root.error().why));
        return;
    }
    const bool believes = request.memory != nullptr && request.failure_memory.count() > 0 && target.attempt == 0;
    for (const auto index : state.graph.closure(root.value())) {
        const auto& node = state.graph.node(index);
        if (!can_build(node, request.can)) target.suspects.push_back(node.path);
        if (believes && request.memory->failed(node.path, request.now, request.failure_memory) != nullptr)
            target.failed_before.push_back(node.path);
    }
}

enum class Skip { no, yes, not_known_yet };

/// Whether a target may go unbuilt: its derivation is the base commit's, and an earlier run proved these very outputs.
Skip may_skip(const ProveRequest& request, const ReadyTarget& target, const ProofState& state) {
    if (request.memory == nullptr) return Skip::no;
    const auto* proof = request.memory->proved(target.evaluation.drv);
    if (proof == nullptr) return Skip::no;
    auto outputs = proof->outputs, wanted = target.outputs;
    std::sort(outputs.begin(), outputs.end());
    std::sort(wanted.begin(), wanted.end());
    if (outputs != wanted) return Skip::no;
    const auto index = target.evaluation.target;
    if (const auto base = state.base_drvs.find(index); base != state.base_drvs.end())
        return base->second == target.evaluation.drv ? Skip::yes : Skip::no;
    return state.base_pending.count(index) > 0 ? Skip::not_known_yet : Skip::no;
}

HostWork work_of(const ReadyTarget& target, const ProofState& state, const std::unordered_set<std::string>& build,
                 const std::unordered_set<std::string>& fetch) {
    HostWork work{.known = true};
    const auto* root = state.graph.find(target.evaluation.drv);
    if (root == nullptr) return {};
    for (const auto index : state.graph.closure(*root)) {
        const auto& node = state.graph.node(index);
        const bool fetched = std::any_of(node.outputs.begin(), node.outputs.end(),
                                         [&](const auto& path) { return fetch.count(path) > 0; });
        ++(build.count(node.path) > 0 ? work.build : fetched ? work.fetch : work.valid);
    }
    return work;
}

}  // namespace

void explain_unsupported(const ProveRequest& request, const std::string& suspect, ProofState& state, HostResult& host) {
    host.state = HostState::unsupported;
    const auto* index = state.graph.find(suspect);
    if (index == nullptr) return;
    const auto& node = state.graph.node(*index);
    host.detail = lacking_here(node, request.can);
    auto& cause = state.causes[suspect];
    cause.drv = suspect;
    cause.name = clean_line(derivation_name(suspect), 200);
    cause.cls = has_system(node, request.can) ? CauseClass::missing_feature : CauseClass::missing_system;
    cause.first_error = host.detail;
    cause.hosts.push_back(host.name);
    host.cause = suspect;
    if (const auto* top = state.graph.find(host.drv)) host.chain = chain_names(state.graph, *top, *index);
}

std::vector<ReadyTarget> look(const ProveRequest& request, const ProvePorts& ports, Wave& wave, ProofState& state) {
    std::vector<ReadyTarget> held, rest;
    for (auto& target : wave.targets) {
        const auto skip = lacks_output(target, wave.invalid) ? may_skip(request, target, state) : Skip::no;
        if (skip == Skip::not_known_yet) {
            held.push_back(std::move(target));
            continue;
        }
        if (skip == Skip::yes)
            wave.proved_before.insert(target.evaluation.drv);
        else if (lacks_output(target, wave.invalid))
            read_closure(request, ports, target, state);
        rest.push_back(std::move(target));
    }
    wave.targets = std::move(rest);
    return held;
}

void weigh(const ProvePorts& ports, Wave& wave, const ProofState& state) {
    const std::unordered_set<std::string> build(wave.dry_run.build.begin(), wave.dry_run.build.end());
    const std::unordered_set<std::string> fetch(wave.dry_run.fetch.begin(), wave.dry_run.fetch.end());
    for (auto& target : wave.targets) {
        const auto& drv = target.evaluation.drv;
        if (!lacks_output(target, wave.invalid) || wave.proved_before.count(drv) > 0) continue;
        const auto needed = [&](const auto& path) { return !wave.dry_run_known || build.count(path) > 0; };
        if (const auto found = std::find_if(target.suspects.begin(), target.suspects.end(), needed);
            found != target.suspects.end())
            wave.unsupported.emplace(drv, *found);
        else if (const auto failed = std::find_if(target.failed_before.begin(), target.failed_before.end(), needed);
                 failed != target.failed_before.end() && wave.dry_run_known)
            wave.known_failures.emplace(drv, *failed);
        if (wave.dry_run_known) target.work = work_of(target, state, build, fetch);
    }
    if (!wave.dry_run_known || build.size() + fetch.size() == 0) return;
    const std::string size = wave.dry_run.download.empty() ? "" : " (" + clean_line(wave.dry_run.download, 40) + ")";
    ports.events.on(Notice{false, fmt::format("to build: {}; to fetch: {}{}", plural(build.size(), "derivation"),
                                              plural(fetch.size(), "path"), size)});
}

}  // namespace lockstep
