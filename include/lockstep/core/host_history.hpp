// SPDX-License-Identifier: MIT
// What earlier deploys did to one host, read from their deployment-status.json.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lockstep/core/records.hpp"

namespace lockstep {

/// Texts are cleaned, one line.
struct HostDeploy {
    std::string run, time, state, from, to, running, detail, approver;
    std::vector<std::string> evidence;
    Millis took{0};

    bool operator==(const HostDeploy&) const = default;
};

/// What the file has about the host; what is of the wrong shape is left out.
[[nodiscard]] std::vector<HostDeploy> host_deploys(std::string_view status_json, const std::string& host);

/// Newest first, as they were given.
[[nodiscard]] std::string host_history_text(const std::vector<HostDeploy>& deploys);
/// {"host": …, "deploys": […]}. Ends with a newline.
[[nodiscard]] std::string host_history_json(const std::string& host, const std::vector<HostDeploy>& deploys);

}  // namespace lockstep
