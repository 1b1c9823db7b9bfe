// SPDX-License-Identifier: MIT
// Endings, once for all commands.
#include "lockstep/core/ending.hpp"

#include "lockstep/core/sanitize.hpp"

namespace lockstep {

RunReport::Ending stopped_by(const Error& error) {
    const std::string why = clean_text(error.why);
    return {Outcome::stopped, exit_code_for(error.kind), error.what + (why.empty() ? "" : ": " + why), error.hint};
}

JournalData verdict_data(const RunReport::Ending& ending) {
    return {{"outcome", std::string(outcome_word(ending.outcome))},
            {"exit", static_cast<std::int64_t>(ending.exit)},
            {"reason", clean_line(ending.reason, 2000)},
            {"next", clean_line(ending.next_action, 2000)}};
}

}  // namespace lockstep
