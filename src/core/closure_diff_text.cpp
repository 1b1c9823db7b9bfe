// SPDX-License-Identifier: MIT
// A difference of closures for people and for scripts.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

std::string versions(const std::vector<std::string>& list) {
    std::vector<std::string> shown;
    for (const auto& version : list) shown.push_back(version.empty() ? "∅" : version);
    return join(shown, ", ");
}

/// Nothing to say of what has no version at all.
std::string some(const std::vector<std::string>& list) {
    return list.size() == 1 && list.front().empty() ? "" : " " + versions(list);
}

Json json_of(const std::vector<PackageChange>& list) {
    Json all = Json::array();
    for (const auto& each : list)
        all.push_back({{"name", each.name}, {"before", each.before}, {"after", each.after}, {"bytes", each.bytes}});
    return all;
}

}  // namespace

std::string short_store_path(std::string_view path) {
    constexpr std::string_view k_store = "/nix/store/";
    constexpr std::size_t k_hash = 33;
    if (!path.starts_with(k_store) || path.size() <= k_store.size() + k_hash) return std::string(path);
    return fmt::format("{}…-{}", path.substr(k_store.size(), 7), path.substr(k_store.size() + k_hash));
}

std::string signed_size(std::int64_t bytes) {
    if (bytes == 0) return "±0 B";
    const auto size = static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes);
    return (bytes < 0 ? "-" : "+") + human_size(size);
}

std::string closure_diff_summary(const ClosureDiff& diff) {
    if (diff.same()) return "nothing changes";
    std::vector<std::string> parts;
    const auto part = [&](std::size_t count, const char* what) {
        if (count > 0) parts.push_back(fmt::format("{} {}", count, what));
    };
    part(diff.changed.size(), "changed");
    part(diff.added.size(), "added");
    part(diff.removed.size(), "removed");
    part(diff.rebuilt.size(), "rebuilt");
    return fmt::format(
        "packages: {}; {}, at most {} to copy", join(parts, ", "),
        signed_size(static_cast<std::int64_t>(diff.bytes_after) - static_cast<std::int64_t>(diff.bytes_before)),
        human_size(diff.bytes_added));
}

std::vector<std::string> closure_diff_lines(const ClosureDiff& diff, std::size_t most) {
    std::vector<std::string> lines;
    for (const auto& each : diff.changed)
        lines.push_back(fmt::format("{}: {} → {}, {}", each.name, versions(each.before), versions(each.after),
                                    signed_size(each.bytes)));
    for (const auto& each : diff.added)
        lines.push_back(fmt::format("{}:{} added, {}", each.name, some(each.after), signed_size(each.bytes)));
    for (const auto& each : diff.removed)
        lines.push_back(fmt::format("{}:{} removed, {}", each.name, some(each.before), signed_size(each.bytes)));
    for (const auto& each : diff.rebuilt)
        lines.push_back(fmt::format("{}:{} rebuilt, {}", each.name, some(each.after), signed_size(each.bytes)));
    if (lines.size() > most) {
        const auto more = lines.size() - most;
        lines.resize(most);
        lines.push_back(fmt::format("… and {} more", more));
    }
    return lines;
}

PackagesTold tell_packages(const ClosureDiff& diff) {
    constexpr std::size_t k_longest = 400;
    PackagesTold told;
    told.summary = clean_line(closure_diff_summary(diff), k_longest);
    for (const auto& line : closure_diff_lines(diff)) told.lines.push_back(clean_line(line, k_longest));
    return told;
}

std::string closure_diff_json(const ClosureDiff& diff) {
    const Json all{
        {"added", json_of(diff.added)},      {"removed", json_of(diff.removed)}, {"changed", json_of(diff.changed)},
        {"rebuilt", json_of(diff.rebuilt)},  {"paths_added", diff.paths_added},  {"paths_removed", diff.paths_removed},
        {"bytes_before", diff.bytes_before}, {"bytes_after", diff.bytes_after},  {"bytes_added", diff.bytes_added}};
    return all.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lockstep
