// SPDX-License-Identifier: MIT
// The sinks, and the few words that several of them use. Private to src/adapters/notify.
#pragma once

#include <string>
#include <string_view>

#include "lockstep/adapters/notify.hpp"

namespace lockstep::notify {

extern const SinkRow k_pushgateway, k_textfile, k_slack, k_mail, k_nats;

/// The metrics of everything told so far, in Prometheus' text format; of a test only that there was one.
[[nodiscard]] std::string metrics_text(const News& news);

/// "3 of 16 hosts fail · pull request opened": one line, cleaned.
[[nodiscard]] std::string headline_of(const News& news);

/// "https" of "https://…"; "" when there is none.
[[nodiscard]] std::string_view scheme_of(std::string_view url);
/// "host" of "scheme://host:port/path".
[[nodiscard]] std::string_view host_of(std::string_view url);
[[nodiscard]] bool is_this_machine(std::string_view host);

}  // namespace lockstep::notify
