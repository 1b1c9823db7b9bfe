// SPDX-License-Identifier: MIT
// What differs between two systems, told by the packages of their closures. Pure: somebody else lists the paths.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep {

/// A store path and the bytes that it takes (of its archive).
struct ClosurePath {
    std::string path;
    std::uint64_t bytes = 0;

    bool operator==(const ClosurePath&) const = default;
};

/// "/nix/store/HASH-linux-6.1.55-modules" → "linux", "6.1.55-modules". As Nix cuts names: the version begins behind
/// the first dash that no letter follows; the name of an output at the end ("-bin", "-man") belongs to neither.
struct PackageName {
    std::string name, version;

    bool operator==(const PackageName&) const = default;
};
[[nodiscard]] PackageName package_name(std::string_view store_path);

/// "0c1fa3b…-nixos-system-web1-24.05": enough of a store path to tell it from others; anything else as it is.
[[nodiscard]] std::string short_store_path(std::string_view path);

/// A package that one of the closures has, or both have in different ways. `before` and `after` are versions, sorted;
/// "" is a version too (of paths that have none).
struct PackageChange {
    std::string name;
    std::vector<std::string> before, after;
    std::int64_t bytes = 0;  ///< what it takes more; less is negative

    bool operator==(const PackageChange&) const = default;
};

/// Each list is sorted by name. A package is in one of them at most.
struct ClosureDiff {
    std::vector<PackageChange> added, removed;
    std::vector<PackageChange> changed;  ///< other versions
    std::vector<PackageChange> rebuilt;  ///< other paths, the same versions
    std::size_t paths_added = 0, paths_removed = 0;
    std::uint64_t bytes_before = 0, bytes_after = 0;
    std::uint64_t bytes_added = 0;  ///< of the paths that the old closure lacks: the most that a copy sends

    [[nodiscard]] bool same() const { return paths_added == 0 && paths_removed == 0; }
    bool operator==(const ClosureDiff&) const = default;
};

/// Order does not matter; a path that is listed twice counts once. Names are cleaned: they come from hosts.
[[nodiscard]] ClosureDiff diff_closures(const std::vector<ClosurePath>& before, const std::vector<ClosurePath>& after);

/// "packages: 12 changed, 1 added, 2 removed, 30 rebuilt; +14.2 MiB, at most 80.1 MiB to copy".
[[nodiscard]] std::string closure_diff_summary(const ClosureDiff& diff);
/// A line for each package, added and changed first, at most `most` of them and then how many more.
[[nodiscard]] std::vector<std::string> closure_diff_lines(const ClosureDiff& diff, std::size_t most = 40);
/// Both for a report or a pull request: lines have 400 characters at most, and names cannot break out of them.
struct PackagesTold {
    std::string summary;
    std::vector<std::string> lines;
};
[[nodiscard]] PackagesTold tell_packages(const ClosureDiff& diff);
/// The same as an object of JSON, complete: {"added": [{"name", "before", "after", "bytes"}], …}.
[[nodiscard]] std::string closure_diff_json(const ClosureDiff& diff);

/// "+14.2 MiB", "-3.0 KiB", "±0 B".
[[nodiscard]] std::string signed_size(std::int64_t bytes);

}  // namespace lockstep
