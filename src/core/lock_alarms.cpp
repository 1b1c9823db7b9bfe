// SPDX-License-Identifier: MIT
// The checks behind the alarms, one function per code, each over one changed input.
#include "lockstep/core/lock_alarms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/lockdiff_words.hpp"
#include "core/lockfile_place.hpp"
#include "core/lockfile_url.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::int64_t k_day = 24 * 60 * 60;

/// A changed input: what it was, and what it is.
struct Change {
    const LockInput* before;  ///< nullptr: there was none, or it followed another input
    const LockInput& after;
    bool followed;  ///< followed another input before
    bool wanted;    ///< it is new because the direct input above it is new, which flake.nix asks for
    const LockContext& context;

    [[nodiscard]] const FlakeRef& to() const { return *after.locked; }
    [[nodiscard]] const FlakeRef* from() const {
        return before != nullptr && before->locked ? &*before->locked : nullptr;
    }
};

using Found = std::optional<std::string>;  ///< the detail of an alarm
using Check = Found (*)(const Change&);

std::string shown(std::string_view foreign, std::size_t most = 200) {
    return clean_line(foreign, most);
}
std::string place(const FlakeRef& ref) {
    return shown(location(ref));
}
std::string version(const FlakeRef& ref) {
    return shown(version_of(ref), 60);
}

/// Whether `later` lies more than `by` after `earlier`; any numbers.
bool more_than(std::int64_t earlier, std::int64_t later, std::int64_t by) {
    return later > earlier &&
           static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier) > static_cast<std::uint64_t>(by);
}

/// The tree of a revision is what it is. Other types may unpack the same revision differently, and a dirty tree is not
/// its revision.
Found same_rev_other_hash(const Change& change) {
    const auto* from = change.from();
    const auto& to = change.to();
    if (from == nullptr || to.rev.empty() || from->rev != to.rev || to.rev.ends_with("-dirty")) return std::nullopt;
    if (from->type != to.type || from->nar_hash.empty() || to.nar_hash.empty() || from->nar_hash == to.nar_hash)
        return std::nullopt;
    return fmt::format("revision {} had the content {} and now has {}", shown(to.rev, 60), shown(from->nar_hash, 80),
                       shown(to.nar_hash, 80));
}

Found moved(const Change& change) {
    if (!change.context.same_flake) return std::nullopt;
    if (change.followed && change.after.direct)
        return fmt::format("followed another input and now comes from {}", place(change.to()));
    if (change.before == nullptr) return std::nullopt;
    const auto* from = change.from();
    if (from != nullptr && !same_origin(*from, change.to()))
        return fmt::format("came from {} and now comes from {}", place(*from), place(change.to()));
    const auto &asked = change.before->original, &asks = change.after.original;
    if (asked && asks && !same_wish(*asked, *asks))
        return fmt::format("was asked for as {} and now as {}", place(*asked), place(*asks));
    return std::nullopt;
}

/// An input relative to its flake lies in a tree that is locked already; Nix writes no hash for it.
Found hash_missing(const Change& change) {
    const auto& to = change.to();
    if (!to.nar_hash.empty() || (to.type == "path" && !to.path.starts_with('/'))) return std::nullopt;
    const auto* from = change.from();
    return fmt::format("{} {} is locked without a content hash{}", place(to), version(to),
                       from == nullptr || from->nar_hash.empty() ? "" : ", and had " + shown(from->nar_hash, 80));
}

Found backwards(const Change& change) {
    const auto& to = change.to();
    if (more_than(change.context.now, to.last_modified, k_day))
        return fmt::format("{} is dated after the day of this run", version(to));
    const auto* from = change.from();
    if (from == nullptr || to.last_modified == 0 || !same_origin(*from, to)) return std::nullopt;
    if (!more_than(to.last_modified, from->last_modified, k_day)) return std::nullopt;
    return fmt::format("went back from {} to {}", version(*from), version(to));
}

/// 127.0.0.0/8 by its four numbers: "127.example.org" is a name like any other.
bool is_loopback(std::string_view host) {
    if (host == "localhost" || host == "[::1]") return true;
    const auto parts = split(host, '.');
    return parts.size() == 4 && parts.front() == "127" &&
           std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
               return !part.empty() && part.size() <= 3 && part.find_first_not_of("0123456789") == std::string::npos;
           });
}

bool is_plain_http(const FlakeRef& ref) {
    const auto url = split_url(ref.url);
    auto scheme = std::string(url.scheme);
    for (char& c : scheme)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return (scheme == "http" || scheme.ends_with("+http")) && !is_loopback(url.host);
}

/// Also an address that only leads to the locked one: whoever answers first decides where it leads.
Found plain_http(const Change& change) {
    const auto& original = change.after.original;
    const bool locked = is_plain_http(change.to());
    if (!locked && !(original && is_plain_http(*original))) return std::nullopt;
    const auto* from = change.from();
    return fmt::format("{} is fetched without encryption ({})", place(locked ? change.to() : *original),
                       from == nullptr ? "new" : "was " + version(*from) + ", is " + version(change.to()));
}

Found new_transitive_input(const Change& change) {
    if (change.before != nullptr || change.after.direct || change.wanted) return std::nullopt;
    return fmt::format("{}, although flake.nix does not ask for it: {} {}",
                       change.followed ? "followed another input and now is one of its own" : "is new",
                       place(change.to()), version(change.to()));
}

Found mutable_source_changed(const Change& change) {
    const auto* from = change.from();
    const auto& to = change.to();
    if (from == nullptr || !is_download(to) || !to.rev.empty() || from->nar_hash == to.nar_hash) return std::nullopt;
    return fmt::format("what {} gives changed from {} to {}, and no revision says why", place(to),
                       shown(from->nar_hash, 80), shown(to.nar_hash, 80));
}

Found from_registry(const Change& change) {
    const auto& original = change.after.original;
    if (!original || original->type != "indirect") return std::nullopt;
    const auto* from = change.from();
    return fmt::format("a registry, and not a flake, says what {} is: {}{}", place(*original), place(change.to()),
                       from == nullptr ? "" : ", was " + place(*from));
}

struct Row {
    std::string_view code;
    AlarmSeverity severity;
    Check check;
};
constexpr std::array<Row, 8> k_rows{{
    {"same-rev-other-hash", AlarmSeverity::critical, same_rev_other_hash},
    {"moved", AlarmSeverity::critical, moved},
    {"hash-missing", AlarmSeverity::critical, hash_missing},
    {"backwards", AlarmSeverity::critical, backwards},
    {"plain-http", AlarmSeverity::critical, plain_http},
    {"new-transitive-input", AlarmSeverity::critical, new_transitive_input},
    {"mutable-source-changed", AlarmSeverity::warn, mutable_source_changed},
    {"from-registry", AlarmSeverity::warn, from_registry},
}};

/// Whether the direct input above a path is new too: then the flake itself asked for what came with it.
bool came_with_new_direct_input(const LockFile& before, std::string_view path) {
    return before.find(path.substr(0, path.find('/'))) == nullptr;
}

void check(const LockFile& before, const LockInput& after, const LockContext& context, std::vector<LockAlarm>& alarms) {
    if (after.follows || !after.locked) return;
    const auto* old = before.find(after.path);
    if (old != nullptr && *old == after) return;
    const bool followed = old != nullptr && old->follows.has_value();
    const Change change{followed ? nullptr : old, after, followed, came_with_new_direct_input(before, after.path),
                        context};
    for (const auto& row : k_rows)
        if (auto detail = row.check(change))
            alarms.push_back({row.severity, std::string(row.code), after.path, std::move(*detail)});
}

}  // namespace

std::string_view alarm_severity_word(AlarmSeverity severity) {
    switch (severity) {
        case AlarmSeverity::critical:
            return "critical";
        case AlarmSeverity::warn:
            return "warn";
    }
    LOCKSTEP_CHECK(false);
}

const std::vector<std::string_view>& alarm_codes() {
    static const std::vector<std::string_view> codes = [] {
        std::vector<std::string_view> all;
        for (const auto& row : k_rows) all.push_back(row.code);
        return all;
    }();
    return codes;
}

std::vector<LockAlarm> lock_alarms(const LockFile& before, const LockFile& after, const LockContext& context) {
    std::vector<LockAlarm> alarms;
    for (const auto& input : after.inputs) check(before, input, context, alarms);
    std::stable_sort(alarms.begin(), alarms.end(),
                     [](const LockAlarm& a, const LockAlarm& b) { return a.severity < b.severity; });
    return alarms;
}

}  // namespace lockstep
