// SPDX-License-Identifier: MIT
// Walking back from the end.
#include "lockstep/core/critical_path.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

namespace lockstep {

namespace {

constexpr std::size_t k_slowest = 10;

Millis end_of(const BuildRecord& build) {
    return build.started + build.duration;
}

/// Whether `a` is the later end; of two that ended together the one that took longer.
bool ended_later(const BuildRecord& a, const BuildRecord& b) {
    return end_of(a) != end_of(b) ? end_of(a) > end_of(b) : a.duration > b.duration;
}

}  // namespace

std::vector<BuildRecord> critical_path(const std::vector<BuildRecord>& builds, const InputsOf& inputs_of) {
    std::unordered_map<std::string_view, const BuildRecord*> by_drv;
    const BuildRecord* at = nullptr;
    for (const auto& build : builds) {
        auto& known = by_drv[build.drv];
        if (known == nullptr || ended_later(build, *known)) known = &build;
        if (at == nullptr || ended_later(build, *at)) at = &build;
    }
    std::vector<BuildRecord> path;
    std::unordered_set<const BuildRecord*> seen;  // records may say anything, also that two need each other
    while (at != nullptr && seen.insert(at).second) {
        path.push_back(*at);
        const BuildRecord* before = nullptr;
        for (const auto& input : inputs_of(at->drv)) {
            const auto found = by_drv.find(input);
            if (found == by_drv.end() || end_of(*found->second) > end_of(*at)) continue;
            if (before == nullptr || ended_later(*found->second, *before)) before = found->second;
        }
        at = before;
    }
    std::reverse(path.begin(), path.end());
    return path;
}

std::vector<BuildRecord> critical_path(const std::vector<BuildRecord>& builds, const DrvGraph& graph) {
    return critical_path(builds, [&](const std::string& drv) {
        std::vector<std::string> inputs;
        if (const auto* index = graph.find(drv))
            for (const auto input : graph.node(*index).inputs) inputs.push_back(graph.node(input).path);
        return inputs;
    });
}

std::vector<BuildRecord> slowest(const std::vector<BuildRecord>& builds, std::size_t at_most) {
    auto result = builds;
    std::stable_sort(result.begin(), result.end(),
                     [](const BuildRecord& a, const BuildRecord& b) { return a.duration > b.duration; });
    if (result.size() > at_most) result.resize(at_most);
    return result;
}

RunReport::Timing timing_of(const ProofResult& proof) {
    return {slowest(proof.builds, k_slowest), proof.critical_path, proof.derivations_built, proof.download_bytes};
}

}  // namespace lockstep
