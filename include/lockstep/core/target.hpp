// SPDX-License-Identifier: MIT
// What a run proves: hosts and other targets of a flake, and which of them take part.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

enum class TargetKind { nixos, darwin, home, package, check, dev_shell };

/// One thing to prove. `name` is what people type and read: the host name for nixosConfigurations, else the attribute
/// path ("homeConfigurations.alice", "checks.x86_64-linux.fmt"). Names are foreign text.
struct Target {
    std::string name;
    TargetKind kind = TargetKind::nixos;
    std::string set;   ///< where it was found: "nixosConfigurations", "checks.x86_64-linux"
    std::string attr;  ///< its attribute name inside `set`; may hold dots, quotes, spaces

    bool operator==(const Target&) const = default;
};

/// `set` as configuration names it: "nixosConfigurations", "darwinConfigurations", "homeConfigurations",
/// "packages.<system>", "checks.<system>", "devShells.<system>". Error (config) for anything else.
[[nodiscard]] Result<TargetKind> target_kind_of_set(std::string_view set);
[[nodiscard]] Target make_target(std::string_view set, TargetKind kind, std::string_view attr);

/// The attributes that lead from a target to its derivation, e.g. {"config","system","build","toplevel"}.
[[nodiscard]] std::vector<std::string> derivation_suffix(TargetKind kind);

/// Shell-style glob over the whole text: `*`, `?`, `[a-z]`, `[!x]`; `\` escapes. No special meaning of '/' or '.'.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);
/// Whether one of the globs is the text itself or matches it: a name with glob characters in it can be written as it
/// is.
[[nodiscard]] bool matches_any(const std::vector<std::string>& globs, std::string_view text);

struct Selection {
    std::vector<Target> selected;  ///< sorted by name
    std::vector<Target> excluded;  ///< sorted by name: whatever an exclude selector names, included or not
};

/// Applies include (empty: all) and exclude globs to names; a selector that equals a name means that name only.
/// Errors: no targets at all (config); a selector that matches nothing (usage when `from_flags`, else config; with near
/// names as hint); everything excluded (the same).
[[nodiscard]] Result<Selection> select_targets(const std::vector<Target>& all, const std::vector<std::string>& include,
                                               const std::vector<std::string>& exclude, bool from_flags);

/// The known word nearest to `word` by edit distance, or "" when nothing is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace lockstep
