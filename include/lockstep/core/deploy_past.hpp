// SPDX-License-Identifier: MIT
// What the files of earlier deploys, and of earlier processes of the same one, tell: nothing in them is believed to
// have the right type.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_record.hpp"
#include "lockstep/core/journal.hpp"

namespace lockstep {

/// A host that an earlier process of the run had begun to switch.
struct OpenSwitch {
    std::string host;
    std::string run;  ///< as the host knows it: the run's name, with "-boot", "-back" or "-unboot" for its parts
    std::string token, from, to, boot_id;
    /// Units that had failed before the switch; nullopt: not known, so that no unit is evidence.
    std::optional<std::vector<std::string>> failed_units;
    std::int64_t clock = 0;  ///< the host's, when the switch was begun; 0 = not known
};

/// A wave that an earlier process of the run had begun.
struct BegunWave {
    std::string name;
    std::vector<std::string> hosts;
    std::size_t tolerated = 0;  ///< failures
    bool canary = false;
    bool soaks = false;
    bool ended = false;  ///< its soak is over
};

/// Why an earlier process of the run begins nothing any more.
struct BegunStop {
    std::string wave, reason;
    bool frozen = false;  ///< no rollback either
};

/// What earlier processes of a deploy had begun, and what they had ended.
struct DeployBegun {
    std::vector<OpenSwitch> open;
    std::vector<OpenSwitch> closed;  ///< the last one of each host that ended
    std::vector<DeployHostRecord> ended;
    std::vector<BegunWave> waves;  ///< in the order of their beginning; a host may be in several
    std::optional<BegunStop> stopped;
};
[[nodiscard]] DeployBegun deploy_begun(const std::vector<JournalRecord>& journal);

/// The run whose results a deploy was made from; "" when its journal does not say.
[[nodiscard]] std::string deploy_proof(const std::vector<JournalRecord>& journal);

/// A deploy that succeeded on a host: what it found there, and what it left.
struct DeployStep {
    std::string from, to;

    bool operator==(const DeployStep&) const = default;
};

/// What earlier deploys left, by host.
struct DeployPast {
    std::map<std::string, std::string> running;    ///< the system that was read last; "" = nobody knows what was left
    std::map<std::string, std::string> next_boot;  ///< where that left another one to the next boot
    std::map<std::string, std::set<std::string>> went_back;       ///< systems that did not hold
    std::set<std::string> failed, unreachable;                    ///< in the last deploy that had the host
    std::map<std::string, std::vector<Millis>> copies, switches;  ///< what they took where they went well, newest first
    std::map<std::string, std::vector<DeployStep>> steps;         ///< newest first; without rollbacks
    std::set<std::string> told;                                   ///< hosts that a deploy has said something about
};
/// Adds what a deployment-status.json says; newer deploys come first. Anything else teaches nothing. True: that deploy
/// was cut off, and only its journal says which hosts it had begun, for learn_begun().
bool learn_deploy(std::string_view status_json, DeployPast& past);
/// Adds hosts whose switch was begun, and of which nobody knows how it ended. Right after the deploy's status.
void learn_begun(const std::vector<OpenSwitch>& open, DeployPast& past);

/// What ran on the host before the newest deploy that brought what runs there now; nothing when none did. It is never
/// what a rollback was made from.
[[nodiscard]] std::optional<DeployStep> step_to(const DeployPast& past, const std::string& host,
                                                const std::string& running);

/// No longer than this, as far as the last five times tell; 0: not known.
[[nodiscard]] Millis longest_lately(const std::map<std::string, std::vector<Millis>>& times, const std::string& host);

}  // namespace lockstep
