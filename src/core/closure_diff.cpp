// SPDX-License-Identifier: MIT
// Closures compared package by package. Names of store paths are all that there is to go by: the database of Nix knows
// no packages.
#include "lockstep/core/closure_diff.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_store = "/nix/store/";
constexpr std::size_t k_hash = 33;  // and its dash

/// Names that outputs have by custom. A free pattern would take "-unwrapped" for one.
constexpr std::array<std::string_view, 20> k_outputs = {
    "bin", "lib", "out",   "dev",  "man",  "doc",    "devdoc",   "info",    "static", "debug",
    "py",  "lua", "lib32", "data", "dist", "libgcc", "terminfo", "locales", "getent", "completions"};

std::string_view without_output(std::string_view name) {
    const auto dash = name.rfind('-');
    if (dash == std::string_view::npos || dash == 0) return name;
    const auto last = name.substr(dash + 1);
    return std::find(k_outputs.begin(), k_outputs.end(), last) == k_outputs.end() ? name : name.substr(0, dash);
}

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// What one closure has of a package.
struct Holding {
    std::set<std::string> versions;
    std::set<std::string_view> paths;
    std::uint64_t bytes = 0;
};
using Holdings = std::map<std::string, Holding>;
using Sizes = std::map<std::string_view, std::uint64_t>;

Sizes sizes_of(const std::vector<ClosurePath>& closure) {
    Sizes sizes;
    for (const auto& each : closure) sizes.emplace(each.path, each.bytes);
    return sizes;
}

Holdings holdings_of(const Sizes& sizes) {
    Holdings all;
    for (const auto& [path, bytes] : sizes) {
        auto package = package_name(path);
        auto& holding = all[package.name];
        holding.versions.insert(std::move(package.version));
        holding.paths.insert(path);
        holding.bytes += bytes;
    }
    return all;
}

PackageChange change_of(const std::string& name, const Holding& before, const Holding& after) {
    return {.name = name,
            .before = {before.versions.begin(), before.versions.end()},
            .after = {after.versions.begin(), after.versions.end()},
            .bytes = static_cast<std::int64_t>(after.bytes) - static_cast<std::int64_t>(before.bytes)};
}

}  // namespace

PackageName package_name(std::string_view store_path) {
    if (store_path.starts_with(k_store)) store_path.remove_prefix(k_store.size());
    if (store_path.size() > k_hash && store_path[k_hash - 1] == '-') store_path.remove_prefix(k_hash);
    const auto name = without_output(store_path);
    for (std::size_t at = 0; at + 1 < name.size(); ++at)
        if (name[at] == '-' && !is_letter(name[at + 1]) && at > 0)
            return {clean_line(name.substr(0, at), 200), clean_line(name.substr(at + 1), 200)};
    return {clean_line(name, 200), ""};
}

ClosureDiff diff_closures(const std::vector<ClosurePath>& before, const std::vector<ClosurePath>& after) {
    ClosureDiff diff;
    const auto old_sizes = sizes_of(before), new_sizes = sizes_of(after);
    for (const auto& [path, bytes] : old_sizes) {
        diff.bytes_before += bytes;
        diff.paths_removed += new_sizes.count(path) == 0 ? 1U : 0U;
    }
    for (const auto& [path, bytes] : new_sizes) {
        diff.bytes_after += bytes;
        if (old_sizes.count(path) > 0) continue;
        ++diff.paths_added;
        diff.bytes_added += bytes;
    }
    const auto olds = holdings_of(old_sizes), news = holdings_of(new_sizes);
    for (const auto& [name, holding] : news) {
        const auto old = olds.find(name);
        if (old == olds.end())
            diff.added.push_back(change_of(name, {}, holding));
        else if (old->second.versions != holding.versions)
            diff.changed.push_back(change_of(name, old->second, holding));
        else if (old->second.paths != holding.paths)
            diff.rebuilt.push_back(change_of(name, old->second, holding));
    }
    for (const auto& [name, holding] : olds)
        if (news.count(name) == 0) diff.removed.push_back(change_of(name, holding, {}));
    return diff;
}

}  // namespace lockstep
