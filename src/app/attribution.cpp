// SPDX-License-Identifier: MIT
// Finding first failures in the graph, and judging them once.
#include "app/attribution.hpp"

#include <algorithm>
#include <unordered_set>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

/// Whether a derivation still lacks its outputs. One valid output is enough: a substitute may bring some of them only.
bool lacking(const DrvNode& node, const std::set<std::string>& invalid) {
    return !node.outputs.empty() && std::all_of(node.outputs.begin(), node.outputs.end(),
                                                [&](const std::string& path) { return invalid.count(path) > 0; });
}

std::vector<std::uint32_t> first_failures(const DrvGraph& graph, std::uint32_t root,
                                          const std::set<std::string>& invalid) {
    std::vector<std::uint32_t> found, stack{root};
    std::unordered_set<std::uint32_t> seen{root};
    while (!stack.empty()) {
        const auto index = stack.back();
        stack.pop_back();
        bool lacks_input = false;
        for (const auto input : graph.node(index).inputs) {
            if (!lacking(graph.node(input), invalid)) continue;
            lacks_input = true;
            if (seen.insert(input).second) stack.push_back(input);
        }
        if (!lacks_input) found.push_back(index);
    }
    std::sort(found.begin(), found.end(), [&](auto a, auto b) { return graph.node(a).path < graph.node(b).path; });
    return found;
}

/// Which of several first failures speaks for a host: its own fault before missing things before infrastructure.
int weight(CauseClass cls) {
    switch (state_of(cls, true)) {
        case HostState::failed:
            return 0;
        case HostState::timeout:
            return 1;
        case HostState::log_limit:
            return 2;
        case HostState::unsupported:
            return 3;
        default:
            return 4;
    }
}

Cause judge(const DrvNode& node, const AttributionInput& input) {
    Cause cause{.drv = node.path, .name = clean_line(derivation_name(node.path), 200)};
    nix::BuildFacts facts{.drv = node.path};
    if (const auto build = input.builds.find(node.path); build != input.builds.end()) {
        facts = build->second.facts;
        cause.log = build->second.log;
    }
    const auto judgement = nix::judge_failure(facts, node, input.realise, input.can);
    cause.cls = judgement.cls;
    cause.first_error = judgement.first_error;
    for (const auto& line : facts.tail) cause.tail.push_back(clean_line(line, 1000));
    cause.machine = clean_line(facts.machine, 200);
    cause.duration = facts.duration;
    return cause;
}

}  // namespace

std::vector<std::string> chain_names(const DrvGraph& graph, std::uint32_t root, std::uint32_t to) {
    std::vector<std::string> names;
    for (const auto index : graph.chain(root, to))
        names.push_back(clean_line(derivation_name(graph.node(index).path), 200));
    return names;
}

HostState state_of(CauseClass cls, bool own) {
    switch (cls) {
        case CauseClass::evaluation:
            return HostState::eval_failed;
        case CauseClass::evaluation_timeout:
        case CauseClass::timeout_total:
        case CauseClass::timeout_silent:
            return HostState::timeout;
        case CauseClass::log_limit:
            return HostState::log_limit;
        case CauseClass::missing_system:
        case CauseClass::missing_feature:
            return HostState::unsupported;
        case CauseClass::builder_failed:
        case CauseClass::hash_mismatch:
        case CauseClass::output_missing:
        case CauseClass::not_deterministic:
            return own ? HostState::failed : HostState::dependency_failed;
        case CauseClass::evaluation_killed:
        case CauseClass::killed:
        case CauseClass::out_of_memory:
        case CauseClass::no_space:
        case CauseClass::fetch_failed:
        case CauseClass::daemon_lost:
        case CauseClass::unknown:
            break;
    }
    return HostState::infra_error;
}

Attribution attribute(const BrokenHost& host, const AttributionInput& input, RootCauses& causes) {
    Attribution result;
    const auto* top = input.graph.find(host.drv);
    if (top == nullptr) {
        result.detail = "its derivation could not be read";
        return result;
    }
    std::uint32_t chosen = *top;
    int best = 99;
    std::size_t length = 0;
    for (const auto index : first_failures(input.graph, *top, input.invalid)) {
        const auto& node = input.graph.node(index);
        auto cause = causes.find(node.path);
        if (cause == causes.end()) cause = causes.emplace(node.path, judge(node, input)).first;
        cause->second.hosts.push_back(host.name);
        result.roots.push_back(node.path);
        const int w = weight(cause->second.cls);
        const std::size_t l = input.graph.chain(*top, index).size();
        if (w > best || (w == best && l >= length)) continue;
        best = w;
        length = l;
        chosen = index;
    }
    const auto& cause = causes.at(input.graph.node(chosen).path);
    result.root = cause.drv;
    result.state = state_of(cause.cls, chosen == *top);
    if (input.realise.interrupted && is_infrastructure(cause.cls)) result.state = HostState::interrupted;
    result.detail = cause.first_error;
    result.chain = chain_names(input.graph, *top, chosen);
    return result;
}

std::vector<Cause> number_causes(std::map<std::string, Cause> by_key, std::vector<HostResult>& hosts) {
    std::vector<std::pair<std::string, Cause>> order(by_key.begin(), by_key.end());
    for (auto& [key, cause] : order) {
        std::sort(cause.hosts.begin(), cause.hosts.end());
        cause.hosts.erase(std::unique(cause.hosts.begin(), cause.hosts.end()), cause.hosts.end());
    }
    std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
        if (a.second.hosts.size() != b.second.hosts.size()) return a.second.hosts.size() > b.second.hosts.size();
        return a.second.name < b.second.name;
    });
    std::map<std::string, std::string> ids;
    std::vector<Cause> causes;
    for (auto& [key, cause] : order) {
        cause.id = "c" + std::to_string(causes.size() + 1);
        ids[key] = cause.id;
        causes.push_back(std::move(cause));
    }
    for (auto& host : hosts)
        if (const auto id = ids.find(host.cause); id != ids.end()) host.cause = id->second;
    return causes;
}

}  // namespace lockstep
