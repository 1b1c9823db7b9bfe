// SPDX-License-Identifier: MIT
// Which builds made a proof last as long as it did.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "lockstep/core/derivation.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/report.hpp"

namespace lockstep {

/// The derivation paths that a derivation needs directly; none for one that is not known.
using InputsOf = std::function<std::vector<std::string>(const std::string& drv)>;

/// The chain that determined the end: the build that ended last, before it that of its inputs which ended last, and so
/// on; first to last. Of a derivation that was built more than once the last build counts.
[[nodiscard]] std::vector<BuildRecord> critical_path(const std::vector<BuildRecord>& builds, const InputsOf& inputs_of);
[[nodiscard]] std::vector<BuildRecord> critical_path(const std::vector<BuildRecord>& builds, const DrvGraph& graph);

/// The builds that took longest, longest first.
[[nodiscard]] std::vector<BuildRecord> slowest(const std::vector<BuildRecord>& builds, std::size_t at_most);

/// What the report keeps of it.
[[nodiscard]] RunReport::Timing timing_of(const ProofResult& proof);

}  // namespace lockstep
