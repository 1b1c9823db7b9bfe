// SPDX-License-Identifier: MIT
// How a changed input is put into words, for the renderers of changes and for alarms. Private to them.
#pragma once

#include <string>
#include <vector>

#include "lockstep/core/lockfile.hpp"

namespace lockstep {

/// Both sides of a change, "" where it is absent, and what a reader should look at twice.
struct ChangeWords {
    std::string from, to;   ///< "github:NixOS/nixpkgs 1a2b3c4d5e (2026-10-01)", "follows a/b"; uncleaned foreign text
    std::string_view note;  ///< "back in time", "same revision, other content" or ""
};
[[nodiscard]] ChangeWords words_for(const InputChange& change);

/// "1a2b3c4d5e (2026-10-01)": revision or, where there is none, the beginning of the content hash; and the date.
[[nodiscard]] std::string version_of(const FlakeRef& ref);

/// The changes of one heading, in their order.
struct ChangeGroup {
    std::string_view title;  ///< "direct inputs"
    std::vector<const InputChange*> changes;
};
/// Direct ones first; no empty groups.
[[nodiscard]] std::vector<ChangeGroup> grouped(const std::vector<InputChange>& changes);

}  // namespace lockstep
