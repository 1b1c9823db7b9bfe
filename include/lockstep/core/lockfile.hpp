// SPDX-License-Identifier: MIT
// flake.lock as data, and what changed between two of them. Node keys of a lock file are not identities
// (Nix re-suffixes them, `nixpkgs_2`), so everything here is by input path ("home-manager/nixpkgs").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/result.hpp"

namespace lockstep {

/// A `locked` or `original` member of a node; absent members are empty strings or 0.
struct FlakeRef {
    std::string type;  ///< github, gitlab, sourcehut, git, tarball, file, path, indirect, hg
    std::string owner, repo, host, url, path, id;
    std::string ref, rev, dir;
    std::string nar_hash;
    std::int64_t last_modified = 0;  ///< seconds since the epoch

    bool operator==(const FlakeRef&) const = default;
};

/// Where a reference points, without revision or hash: "github:NixOS/nixpkgs/nixos-unstable", a URL, or a path.
[[nodiscard]] std::string location(const FlakeRef& ref);

/// "https://…/compare/old...new" for the hosts that are known to have one (github, gitlab, sourcehut log, and
/// gitea/forgejo at codeberg.org); "" when there is none. Credentials in URLs are never part of it.
[[nodiscard]] std::string compare_url(const FlakeRef& from, const FlakeRef& to);

/// One input path of the flake.
struct LockInput {
    std::string path;                    ///< "a/b"; slashes inside a name cannot occur in Nix
    bool direct = false;                 ///< an input of the root flake
    std::optional<std::string> follows;  ///< the input path it follows; "" when it follows nothing (`follows = ""`)
    std::optional<FlakeRef> locked;      ///< of the node it resolves to
    std::optional<FlakeRef> original;
    bool is_flake = true;

    bool operator==(const LockInput&) const = default;
};

/// A parsed lock file: every input path reachable from the root, sorted by path, cycles cut.
struct LockFile {
    int version = 7;
    std::vector<LockInput> inputs;

    [[nodiscard]] const LockInput* find(std::string_view path) const;
    [[nodiscard]] std::vector<std::string> direct_names() const;
};

/// Reads a flake.lock of version 5 to 7. Errors (kind config): conflict markers (with line), invalid JSON, unknown
/// version, missing nodes, deeper than 64 levels, larger than 64 MiB.
[[nodiscard]] Result<LockFile> parse_lock(std::string_view text);

enum class ChangeKind {
    updated,  ///< same place, other revision (or other content hash)
    added,
    removed,
    retargeted,  ///< points at another place (type, host, owner, repo, url, path, branch)
    follows,     ///< began, stopped or changed following another input
};

[[nodiscard]] std::string_view change_word(ChangeKind kind);

struct InputChange {
    std::string input;
    ChangeKind change = ChangeKind::updated;
    bool direct = false;
    std::optional<FlakeRef> from;  ///< nullopt: was absent
    std::optional<FlakeRef> to;    ///< nullopt: is absent
    std::optional<std::string> follows_from, follows_to;
    std::string compare;  ///< compare_url, or ""

    bool operator==(const InputChange&) const = default;
};

/// What changed, sorted by input path. An input that follows another one is listed only when its following changed,
/// not when its target moved. A whole new or vanished subtree lists every path of it.
[[nodiscard]] std::vector<InputChange> diff_locks(const LockFile& before, const LockFile& after);

/// Renderers of a change list. Text is for terminals and commit messages (no escapes, foreign text cleaned).
[[nodiscard]] std::string lockdiff_text(const std::vector<InputChange>& changes);
[[nodiscard]] std::string lockdiff_markdown(const std::vector<InputChange>& changes);
[[nodiscard]] std::string lockdiff_json(const std::vector<InputChange>& changes);

}  // namespace lockstep
