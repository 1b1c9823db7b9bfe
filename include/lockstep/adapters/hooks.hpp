// SPDX-License-Identifier: MIT
// Hooks as data: what a user's command before or after a run, a wave or a host is started with.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/ports/process.hpp"

namespace lockstep {

enum class HookPoint { before_run, after_run, before_wave, after_wave, before_host, after_host };

inline constexpr std::array<HookPoint, 6> k_hook_points = {HookPoint::before_run,  HookPoint::after_run,
                                                           HookPoint::before_wave, HookPoint::after_wave,
                                                           HookPoint::before_host, HookPoint::after_host};

[[nodiscard]] std::string_view word(HookPoint point);  ///< "before_run", …
[[nodiscard]] bool is_before(HookPoint point);

/// What a hook is told. What does not apply is empty, and then absent.
struct HookFacts {
    HookPoint point = HookPoint::before_run;
    std::string run, command, commit;
    std::string wave;
    std::vector<std::string> hosts;   ///< of the wave, or of the deploy
    std::string host, address, user;  ///< of before_host and after_host
    std::string from, to;             ///< the systems of the host
    std::string outcome, detail;      ///< of after_*: the word of the report
    std::optional<int> exit_code;     ///< of after_run
};

/// The user's line, run by /bin/sh as it stands: nothing is put into it. FLEET_NODE, FLEET_HOST, FLEET_USER and
/// LOCKSTEP_RUN, LOCKSTEP_COMMIT, LOCKSTEP_HOOK, LOCKSTEP_WAVE are set or, when there is nothing to say, unset;
/// everything is JSON on standard input ("lockstep-hook/1").
[[nodiscard]] Command hook_command(const std::string& line, const HookFacts& facts, std::chrono::milliseconds limit);

/// One line, with a line feed.
[[nodiscard]] std::string hook_json(const HookFacts& facts);

}  // namespace lockstep
