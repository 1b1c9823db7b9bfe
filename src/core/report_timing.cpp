// SPDX-License-Identifier: MIT
// Where the time went, in words. Below a second nobody cares.
#include <algorithm>

#include <fmt/format.h>

#include "core/report_parts.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

constexpr Millis k_worth_telling{1000};
constexpr std::size_t k_steps = 8;

std::string with_time(const BuildRecord& build) {
    return fmt::format("{} ({})", clean_line(build.name, 80), human_duration(build.duration));
}

/// At most `k_steps` of them, the longest, in their order.
std::vector<const BuildRecord*> long_steps(const std::vector<BuildRecord>& path) {
    std::vector<const BuildRecord*> steps;
    for (const auto& build : path)
        if (build.duration >= k_worth_telling) steps.push_back(&build);
    if (steps.size() <= k_steps) return steps;
    auto sorted = steps;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto* a, const auto* b) { return a->duration > b->duration; });
    sorted.resize(k_steps);
    steps.erase(
        std::remove_if(steps.begin(), steps.end(),
                       [&](const auto* step) { return std::find(sorted.begin(), sorted.end(), step) == sorted.end(); }),
        steps.end());
    return steps;
}

std::string slow_row(const BuildRecord& build) {
    std::vector<std::string> notes;
    if (!build.ok) notes.emplace_back("failed");
    if (!build.machine.empty()) notes.push_back("on " + parts::inline_text(build.machine, 80));
    return fmt::format("| {} | {} | {} |\n", parts::inline_text(build.name, 120), human_duration(build.duration),
                       join(notes, ", "));
}

}  // namespace

std::vector<const BuildRecord*> slow_builds(const RunReport& report) {
    std::vector<const BuildRecord*> slow;
    for (const auto& build : report.timing.slowest)
        if (build.duration >= k_worth_telling) slow.push_back(&build);
    return slow;
}

std::string slowest_line(const RunReport& report, std::size_t at_most) {
    std::vector<std::string> texts;
    for (const auto* build : slow_builds(report)) {
        if (texts.size() == at_most) break;
        texts.push_back(with_time(*build) + (build->ok ? "" : " failed"));
    }
    return join(texts, ", ");
}

std::string critical_path_line(const RunReport& report) {
    const auto& path = report.timing.critical_path;
    const auto steps = long_steps(path);
    if (steps.size() < 2) return {};  // the slowest build says it all
    std::vector<std::string> texts;
    for (const auto* step : steps) texts.push_back(with_time(*step));
    const auto span = path.back().started + path.back().duration - path.front().started;
    auto text = fmt::format("{}: {}", human_duration(span), join(texts, " → "));
    if (const auto more = path.size() - steps.size(); more > 0)
        text += fmt::format(", and {}", plural(more, "shorter build"));
    return text;
}

std::string work_phrase(const HostWork& work) {
    if (!work.known) return {};
    std::vector<std::string> texts;
    if (work.build > 0) texts.push_back(fmt::format("{} to build", work.build));
    if (work.fetch > 0) texts.push_back(fmt::format("{} to fetch", work.fetch));
    return texts.empty() ? "nothing" : join(texts, ", ");
}

parts::Section parts::timing(const RunReport& report) {
    Section section{.head = "### Where the time went\n\n", .rows = {}, .foot = "\n", .what = "build"};
    const auto& timing = report.timing;
    std::vector<std::string> facts;
    if (timing.derivations_built > 0)
        facts.push_back(plural(static_cast<std::size_t>(timing.derivations_built), "derivation") + " built");
    if (timing.download_bytes > 0) facts.push_back(human_size(timing.download_bytes) + " to download");
    if (!facts.empty()) section.head += join(facts, ", ") + ".\n\n";
    section.head += "| Slowest builds | Time | |\n| --- | --- | --- |\n";
    for (const auto* build : slow_builds(report)) section.rows.push_back(slow_row(*build));
    if (const auto path = critical_path_line(report); !path.empty())
        section.foot += fmt::format("Critical path, {}\n\n", inline_text(path, 1'200));
    return section;
}

}  // namespace lockstep
