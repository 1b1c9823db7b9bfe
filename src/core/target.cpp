// SPDX-License-Identifier: MIT
// What can be proved, and the choice among it by include and exclude selectors.
#include "lockstep/core/target.hpp"

#include <algorithm>

#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::string_view k_system_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

/// `prefix` ("checks.") and behind it something that can be a system.
bool is_set_of_system(std::string_view set, std::string_view prefix) {
    if (!set.starts_with(prefix)) return false;
    const auto system = set.substr(prefix.size());
    return !system.empty() && system.find_first_not_of(k_system_characters) == std::string_view::npos;
}

std::vector<std::string> names_of(const std::vector<Target>& targets) {
    std::vector<std::string> names;
    names.reserve(targets.size());
    for (const auto& target : targets) names.push_back(target.name);
    std::sort(names.begin(), names.end());
    return names;
}

/// "a, b, c and 4 more".
std::string first_few(const std::vector<std::string>& names) {
    constexpr std::size_t k_shown = 5;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(names.size(), k_shown); ++i) shown.push_back(clean_line(names[i], 60));
    auto text = join(shown, ", ");
    if (names.size() > k_shown) text += " and " + std::to_string(names.size() - k_shown) + " more";
    return text;
}

ErrorKind kind_of(bool from_flags) {
    return from_flags ? ErrorKind::usage : ErrorKind::config;
}

Error no_match(const std::string& selector, const std::vector<Target>& all, bool from_flags) {
    const auto names = names_of(all);
    const auto near = nearest(selector, names);
    return {kind_of(from_flags), "no host matches \"" + clean_line(selector, 100) + "\"",
            "there are: " + first_few(names), near.empty() ? "" : "did you mean \"" + clean_line(near, 100) + "\"?"};
}

/// Marks what any of the selectors names. A name that is equal to a selector is meant literally; only a selector
/// that is nobody's name is a pattern. Error: a selector that names nothing.
Result<std::vector<bool>> matches(const std::vector<Target>& all, const std::vector<std::string>& selectors,
                                  bool from_flags) {
    std::vector<bool> chosen(all.size(), false);
    for (const auto& selector : selectors) {
        const bool literal =
            std::any_of(all.begin(), all.end(), [&](const Target& target) { return target.name == selector; });
        bool found = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (literal ? all[i].name != selector : !glob_match(selector, all[i].name)) continue;
            chosen[i] = true;
            found = true;
        }
        if (!found) return no_match(selector, all, from_flags);
    }
    return chosen;
}

void sort_by_name(std::vector<Target>& targets) {
    std::sort(targets.begin(), targets.end(), [](const Target& a, const Target& b) { return a.name < b.name; });
}

}  // namespace

Result<TargetKind> target_kind_of_set(std::string_view set) {
    if (set == "nixosConfigurations") return TargetKind::nixos;
    if (set == "darwinConfigurations") return TargetKind::darwin;
    if (set == "homeConfigurations") return TargetKind::home;
    if (is_set_of_system(set, "packages.")) return TargetKind::package;
    if (is_set_of_system(set, "checks.")) return TargetKind::check;
    if (is_set_of_system(set, "devShells.")) return TargetKind::dev_shell;
    return Error{ErrorKind::config, "\"" + clean_line(set, 100) + "\" is not a set of targets",
                 "known sets are nixosConfigurations, darwinConfigurations, homeConfigurations, packages.<system>, "
                 "checks.<system> and devShells.<system>",
                 "name one of these, for example checks.x86_64-linux"};
}

Target make_target(std::string_view set, TargetKind kind, std::string_view attr) {
    std::string name = kind == TargetKind::nixos ? std::string() : std::string(set) + ".";
    name += attr;
    return {std::move(name), kind, std::string(set), std::string(attr)};
}

std::vector<std::string> derivation_suffix(TargetKind kind) {
    switch (kind) {
        case TargetKind::nixos:
            return {"config", "system", "build", "toplevel"};
        case TargetKind::darwin:
            return {"system"};
        case TargetKind::home:
            return {"activationPackage"};
        case TargetKind::package:
        case TargetKind::check:
        case TargetKind::dev_shell:
            return {};
    }
    LOCKSTEP_CHECK(false);
}

Result<Selection> select_targets(const std::vector<Target>& all, const std::vector<std::string>& include,
                                 const std::vector<std::string>& exclude, bool from_flags) {
    if (all.empty())
        return Error{ErrorKind::config, "there are no hosts",
                     "the flake has no nixosConfigurations and no other target was asked for",
                     "check --flake, or name the targets in the configuration"};
    LOCKSTEP_TRY(const auto included, matches(all, include, from_flags));
    LOCKSTEP_TRY(const auto excluded, matches(all, exclude, from_flags));
    Selection selection;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (excluded[i])
            selection.excluded.push_back(all[i]);
        else if (include.empty() || included[i])
            selection.selected.push_back(all[i]);
    }
    if (selection.selected.empty())
        return Error{kind_of(from_flags), "every host is excluded",
                     "include and exclude together leave none of: " + first_few(names_of(all)),
                     "drop an exclude selector"};
    sort_by_name(selection.selected);
    sort_by_name(selection.excluded);
    return selection;
}

}  // namespace lockstep
