// SPDX-License-Identifier: MIT
// Sums over history.
#include "lockstep/core/eta.hpp"

#include <algorithm>
#include <functional>

namespace lockstep {

namespace {

using TimeOf = std::function<std::optional<Millis>(const std::string& name)>;

/// What is left of one kind of work.
struct Pieces {
    std::vector<Millis> seen;
    std::size_t unseen = 0;
};

/// What overran its history is expected to overrun it by another tenth.
Millis rest_of(Millis expected, Millis elapsed) {
    return std::max(expected - elapsed, elapsed / 10);
}

Pieces pieces_of(const std::vector<std::string>& waiting, const std::vector<RemainingWork::Running>& running,
                 const TimeOf& time_of) {
    Pieces pieces;
    const auto add = [&](const std::string& name, Millis elapsed) {
        if (const auto time = time_of(name))
            pieces.seen.push_back(rest_of(*time, elapsed));
        else
            ++pieces.unseen;
    };
    for (const auto& name : waiting) add(name, Millis(0));
    for (const auto& [name, elapsed] : running) add(name, elapsed);
    return pieces;
}

Millis bound_of(Pieces pieces, int at_once) {
    auto& seen = pieces.seen;
    if (seen.empty()) return Millis(0);
    std::sort(seen.begin(), seen.end());
    auto total = seen[(seen.size() - 1) / 2] * static_cast<Millis::rep>(pieces.unseen);
    for (const auto time : seen) total += time;
    return std::max(seen.back(), total / std::max(at_once, 1));
}

}  // namespace

std::optional<Millis> remaining_time(const Recollection& known, const RemainingWork& work) {
    auto builds = pieces_of(work.builds, work.building, [&](const auto& name) { return known.build_time(name); });
    auto evaluations =
        pieces_of(work.evaluations, work.evaluating, [&](const auto& host) { return known.evaluation_time(host); });
    if (builds.seen.size() + evaluations.seen.size() < builds.unseen + evaluations.unseen) return std::nullopt;
    return bound_of(std::move(builds), work.slots) + bound_of(std::move(evaluations), work.evaluators);
}

}  // namespace lockstep
