// SPDX-License-Identifier: MIT
// What became of a deploy, host by host: the record that status file, report and log lines are made from.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/deploy_approval.hpp"
#include "lockstep/core/deploy_outcome.hpp"
#include "lockstep/core/exit_code.hpp"
#include "lockstep/core/records.hpp"
#include "lockstep/core/result.hpp"

namespace lockstep {

/// One host of a deploy. Texts are cleaned, one line.
struct DeployHostRecord {
    std::string name, address;
    std::optional<HostOutcome> outcome;  ///< none yet
    std::string stage;  ///< what is being done: "probe", "copy", "activate", "prove", …; "" = nothing
    std::string wave;
    std::string from, to;                     ///< store paths: recorded before anything was done, and wanted
    std::string running;                      ///< as it was read last, "" = never
    std::string next_boot;                    ///< what that starts, where the action leaves it as it is; "" = not told
    std::string detail;                       ///< why, for people
    std::string manual;                       ///< what a person is to type, when one is needed
    std::vector<std::string> failed_units;    ///< new ones, against the baseline
    std::vector<std::string> reboot_reasons;  ///< parts whose change a reboot is needed for
    std::vector<std::string> evidence;        ///< what was looked at and what it said
    std::string boot_before, boot_after;      ///< boot ids, when it was rebooted
    bool blameless = false;                   ///< it was proved, and went back because the update did not land
    bool open = false;                        ///< it waits for a word that nobody has yet: `resume` gives it
    std::string approver;
    std::string log;  ///< relative to the run directory
    Millis copy{0}, activation{0}, proof{0};
    Millis took{0};  ///< from the beginning of the activation to its end, hooks included

    bool operator==(const DeployHostRecord&) const = default;
};

/// What somebody wanted of the hosts.
enum class DeployPurpose {
    deploy,   ///< what was proved
    go_back,  ///< the system that an earlier deploy had found, and which the hosts have
    restart,  ///< a reboot, nothing else
};
[[nodiscard]] std::string_view word(DeployPurpose purpose);  ///< "deploy", "rollback", "reboot"

struct DeployRecord {
    std::string run, commit;
    DeployPurpose purpose = DeployPurpose::deploy;
    std::string strategy, reason;   ///< why it stopped before its end, "" = it did not
    std::vector<std::string> plan;  ///< lines for people
    std::string plan_hash;          ///< of the plan file that was carried out; "" = there was none
    std::vector<GivenApproval> approvals;
    std::optional<DeployPlanFile> planned;  ///< by a dry run
    std::vector<DeployHostRecord> hosts;    ///< sorted by name
    std::size_t hooks_run = 0, hooks_failed = 0;
    ExitCode exit = ExitCode::internal;
    bool finished = false;

    bool operator==(const DeployRecord&) const = default;
};

/// deployment-status.json: "lockstep-deployment/1.0". Ends with a newline.
[[nodiscard]] std::string deploy_status_json(const DeployRecord& record, std::chrono::system_clock::time_point now);
/// deployment-report.md.
[[nodiscard]] std::string deploy_markdown(const DeployRecord& record);
/// For a terminal: a line for each host that needs a look, then counts.
[[nodiscard]] std::string deploy_text(const DeployRecord& record);
/// "3 confirmed, 1 rolled back".
[[nodiscard]] std::string deploy_counts(const DeployRecord& record);

}  // namespace lockstep
