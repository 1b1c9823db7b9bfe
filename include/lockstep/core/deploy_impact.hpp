// SPDX-License-Identifier: MIT
// What a deploy would change on a host, as far as it can be told beforehand; and the table of it for people.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lockstep/core/records.hpp"

namespace lockstep {

/// Units by what the new system says it would do to them.
struct UnitImpact {
    std::vector<std::string> stop, start, restart, reload;
    bool by_boot = false;  ///< its checks refuse a live switch: the next boot does it

    bool operator==(const UnitImpact&) const = default;
};

/// What is not known is empty. Texts are cleaned, one line.
struct HostImpact {
    std::string packages;                    ///< a summary; "" = the two closures could not be compared
    std::vector<std::string> package_lines;  ///< bounded
    std::string kernel;                      ///< "6.1.55 → 6.6.1"; "" = the same, or not known
    std::optional<UnitImpact> units;         ///< nothing: the new system was not asked (it is not there yet)

    bool operator==(const HostImpact&) const = default;
};

/// What was measured at the moment: it differs from one look to the next and is no part of what is agreed to.
struct HostMeasure {
    std::optional<std::uint64_t> copy_bytes;  ///< at most
    std::optional<std::uint64_t> store_free, boot_free;
    std::optional<std::uint64_t> boot_needed;  ///< of a kernel and initrd that are new there
    Millis expected{0};                        ///< of copy and activation

    bool operator==(const HostMeasure&) const = default;
};

/// Why a host may not take it: "needs at most 1.2 GiB in the store, 800 MiB are free".
[[nodiscard]] std::vector<std::string> impact_warnings(const HostMeasure& measure);

struct DeployPlanFile;
/// The table of a plan for a terminal: a line per host, then its units, packages and warnings; at most `most` hosts.
[[nodiscard]] std::vector<std::string> impact_lines(const DeployPlanFile& plan, std::size_t most = 100);
/// The same as Markdown, bounded.
[[nodiscard]] std::string impact_markdown(const DeployPlanFile& plan, std::size_t most = 100);

}  // namespace lockstep
