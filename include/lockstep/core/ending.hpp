// SPDX-License-Identifier: MIT
// How a run ends that an error stopped, and how an ending is written into the journal.
#pragma once

#include "lockstep/core/journal.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

[[nodiscard]] RunReport::Ending stopped_by(const Error& error);

/// The data of the outcome "verdict". Words of the texts beyond 2,000 bytes are cut.
[[nodiscard]] JournalData verdict_data(const RunReport::Ending& ending);

}  // namespace lockstep
