// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "lockstep/core/report.hpp"

namespace lockstep::fuzz {

/// A report with the parts of the input in every place that holds foreign text, round and round.
[[nodiscard]] RunReport foreign_report(std::string_view text);

}  // namespace lockstep::fuzz
