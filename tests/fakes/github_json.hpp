// SPDX-License-Identifier: MIT
// GitHub's objects, with every member that its document requires.
#pragma once

#include "fakes/forge_api.hpp"

namespace lockstep::fakes::github {

[[nodiscard]] json user(const Exchange& exchange, const std::string& login);
[[nodiscard]] json public_user(const Exchange& exchange, const std::string& login);
[[nodiscard]] json repository(const Exchange& exchange);
[[nodiscard]] json pull(const Exchange& exchange, const Pull& pull, bool full);
[[nodiscard]] json label(const Exchange& exchange, const Label& label);
[[nodiscard]] json comment(const Exchange& exchange, const Comment& comment);
[[nodiscard]] json status(const Exchange& exchange, const Status& status);
/// GitHub's own state of several statuses: failure, pending or success; the newest of each context counts.
[[nodiscard]] json combined(const Exchange& exchange, const std::string& sha, const std::vector<Status>& newest);

}  // namespace lockstep::fakes::github
