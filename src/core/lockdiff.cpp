// SPDX-License-Identifier: MIT
// What changed between two lock files: a merge of two sorted lists of input paths, and the question whether an input
// moved along the same place or now points at another one.
#include "lockstep/core/lockfile.hpp"

#include <algorithm>

#include "core/lockfile_place.hpp"
#include "lockstep/core/check.hpp"

namespace lockstep {

namespace {

std::string_view branch_of(std::string_view ref) {
    constexpr std::string_view k_heads = "refs/heads/";
    return ref.starts_with(k_heads) ? ref.substr(k_heads.size()) : ref;
}

/// What flake.nix asks for.
bool same_request(const FlakeRef& a, const FlakeRef& b) {
    return same_wish(a, b) && branch_of(a.ref) == branch_of(b.ref) && a.dir == b.dir;
}

/// What the lock resolved it to. Nix writes the branch of a locked reference in several forms or not at all.
bool same_source(const FlakeRef& a, const FlakeRef& b) {
    if (!same_origin(a, b) || a.dir != b.dir) return false;
    return a.ref.empty() || b.ref.empty() || branch_of(a.ref) == branch_of(b.ref);
}

bool same_place(const LockInput& a, const LockInput& b) {
    if (a.locked && b.locked && !same_source(*a.locked, *b.locked)) return false;
    return !a.original || !b.original || same_request(*a.original, *b.original);
}

bool same_content(const LockInput& a, const LockInput& b) {
    if (!a.locked || !b.locked) return a.locked.has_value() == b.locked.has_value();
    return a.locked->rev == b.locked->rev && a.locked->nar_hash == b.locked->nar_hash &&
           a.locked->url == b.locked->url && a.locked->path == b.locked->path;
}

/// What the lock points at, with the branch that only flake.nix names.
std::optional<FlakeRef> described(const LockInput& input) {
    auto ref = input.locked;
    if (ref && ref->ref.empty() && input.original) ref->ref = input.original->ref;
    return ref;
}

InputChange change_of(const LockInput* before, const LockInput* after, ChangeKind kind) {
    InputChange change;
    change.input = before != nullptr ? before->path : after->path;
    change.change = kind;
    change.direct = before != nullptr ? before->direct : after->direct;
    if (before != nullptr) {
        change.from = described(*before);
        change.follows_from = before->follows;
    }
    if (after != nullptr) {
        change.to = described(*after);
        change.follows_to = after->follows;
    }
    const bool moved = kind == ChangeKind::updated || kind == ChangeKind::retargeted;
    if (moved && change.from && change.to) change.compare = compare_url(*change.from, *change.to);
    return change;
}

std::optional<ChangeKind> kind_of(const LockInput& before, const LockInput& after) {
    if (before.follows != after.follows) return ChangeKind::follows;
    if (before.follows) return std::nullopt;
    if (!same_place(before, after)) return ChangeKind::retargeted;
    if (!same_content(before, after)) return ChangeKind::updated;
    return std::nullopt;
}

}  // namespace

std::string_view change_word(ChangeKind kind) {
    switch (kind) {
        case ChangeKind::updated:
            return "updated";
        case ChangeKind::added:
            return "added";
        case ChangeKind::removed:
            return "removed";
        case ChangeKind::retargeted:
            return "retargeted";
        case ChangeKind::follows:
            return "follows";
    }
    LOCKSTEP_CHECK(false);
}

std::vector<InputChange> diff_locks(const LockFile& before, const LockFile& after) {
    std::vector<InputChange> changes;
    auto a = before.inputs.begin();
    auto b = after.inputs.begin();
    while (a != before.inputs.end() || b != after.inputs.end()) {
        if (b == after.inputs.end() || (a != before.inputs.end() && a->path < b->path)) {
            changes.push_back(change_of(&*a++, nullptr, ChangeKind::removed));
        } else if (a == before.inputs.end() || b->path < a->path) {
            changes.push_back(change_of(nullptr, &*b++, ChangeKind::added));
        } else {
            if (const auto kind = kind_of(*a, *b)) changes.push_back(change_of(&*a, &*b, *kind));
            ++a;
            ++b;
        }
    }
    return changes;
}

}  // namespace lockstep
