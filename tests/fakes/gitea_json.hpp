// SPDX-License-Identifier: MIT
// The Gitea family's objects.
#pragma once

#include "fakes/forge_api.hpp"

namespace lockstep::fakes::gitea {

[[nodiscard]] json user(const Exchange& exchange, const std::string& login);
[[nodiscard]] json repository(const Exchange& exchange);
[[nodiscard]] json pull(const Exchange& exchange, const Pull& pull);
[[nodiscard]] json label(const Exchange& exchange, const Label& label);
[[nodiscard]] json comment(const Exchange& exchange, const Comment& comment);
[[nodiscard]] json attachment(const Exchange& exchange, const Attachment& attachment);
/// One status has its state in "status"; the combined object has "state".
[[nodiscard]] json status(const Exchange& exchange, const Status& status);
[[nodiscard]] json combined(const Exchange& exchange, const std::string& sha, const std::vector<Status>& newest);
/// Go writes null for an empty slice that was never made.
[[nodiscard]] json list(const Exchange& exchange, json items);

}  // namespace lockstep::fakes::gitea
