// SPDX-License-Identifier: MIT
// Reports to render: a rich red one, a green one, and one made of hostile text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lockstep/core/report.hpp"

namespace lockstep::test {

/// 16 hosts of which 12 fail: curl-8.1 breaks 11, one does not evaluate; one is unsupported and not required.
[[nodiscard]] RunReport sample_report();

/// The same fleet, everything proved and landed.
[[nodiscard]] RunReport green_report();

/// The same fleet, everything proved, and nothing landed because of an alarm that stops; another one warns.
[[nodiscard]] RunReport alarm_report();

/// `hosts` failing hosts and `causes` root causes, every text of them from hostile_texts(), tails of many long lines.
[[nodiscard]] RunReport hostile_report(int hosts, int causes);

/// What builders, flakes and forges could put into a text to break out of its place.
[[nodiscard]] const std::vector<std::string>& hostile_texts();

/// A report with every field set from a small generator: same seed, same report. Its texts are clean already.
[[nodiscard]] RunReport random_report(std::uint32_t seed);

}  // namespace lockstep::test
