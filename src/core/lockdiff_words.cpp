// SPDX-License-Identifier: MIT
// Words for changed inputs: revision, date, place.
#include "core/lockdiff_words.hpp"

#include <fmt/format.h>

#include <chrono>

#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

/// " (2026-10-01)" in UTC, or "" where there is no sensible time.
std::string date_note(std::int64_t seconds) {
    constexpr std::int64_t k_year_10000 = 253402300800;
    if (seconds <= 0 || seconds >= k_year_10000) return {};
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
    const std::chrono::year_month_day date(day);
    return fmt::format(" ({:04}-{:02}-{:02})", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

}  // namespace

std::string version_of(const FlakeRef& ref) {
    constexpr std::size_t k_hash_shown = 17;  // "sha256-" and ten characters, as for revisions
    auto id = ref.rev.empty() ? ref.nar_hash.substr(0, k_hash_shown) : short_id(ref.rev);
    if (ref.rev.ends_with("-dirty")) id += "-dirty";
    return (id.empty() ? "unlocked" : id) + date_note(ref.last_modified);
}

namespace {

std::string place_and_version(const FlakeRef& ref) {
    return location(ref) + " " + version_of(ref);
}

std::string side(const std::optional<FlakeRef>& ref, const std::optional<std::string>& follows, bool with_place) {
    if (follows) return follows->empty() ? "follows nothing" : "follows " + *follows;
    if (!ref) return {};
    return with_place ? place_and_version(*ref) : version_of(*ref);
}

/// Going back is usual for a revert and else a sign of trouble; a revision whose content changed always is one.
std::string_view note_for(const FlakeRef& from, const FlakeRef& to) {
    const bool same_revision = !from.rev.empty() && from.rev == to.rev;
    if (same_revision && from.nar_hash != to.nar_hash) return "same revision, other content";
    return to.last_modified > 0 && to.last_modified < from.last_modified ? "back in time" : "";
}

}  // namespace

ChangeWords words_for(const InputChange& change) {
    const bool with_place = change.change != ChangeKind::updated;
    ChangeWords words{side(change.from, change.follows_from, with_place),
                      side(change.to, change.follows_to, with_place)};
    const bool moved = change.change == ChangeKind::updated || change.change == ChangeKind::retargeted;
    if (moved && change.from && change.to) words.note = note_for(*change.from, *change.to);
    return words;
}

std::vector<ChangeGroup> grouped(const std::vector<InputChange>& changes) {
    ChangeGroup direct{"direct inputs", {}}, transitive{"transitive inputs", {}};
    for (const auto& change : changes) (change.direct ? direct : transitive).changes.push_back(&change);
    std::vector<ChangeGroup> groups;
    if (!direct.changes.empty()) groups.push_back(std::move(direct));
    if (!transitive.changes.empty()) groups.push_back(std::move(transitive));
    return groups;
}

}  // namespace lockstep
