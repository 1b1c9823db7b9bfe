// SPDX-License-Identifier: MIT
// Sinks of notifications as translators: the record of a run → one message. One file per sink and one row in the
// registry; sending, retries and the outbox (app/notify, edges) are shared by all.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "lockstep/adapters/notify_told.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/notification.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/ports/courier.hpp"

namespace lockstep::notify {

/// Where notifications go.
struct Places {
    Config::Notify wish;
    std::string slack;          ///< address of an incoming webhook: a secret; "" = none, or it could not be read
    std::string slack_trouble;  ///< why it could not be read
    bool operator==(const Places&) const = default;
};

/// What there is to tell.
struct News {
    std::string id;          ///< the same whenever this is told again
    std::string repository;  ///< "git.example.org/acme/fleet"
    RunReport report;        ///< redacted already
    Told told;               ///< with this run
    bool test = false;       ///< nothing happened: the message says that it is a test, and replaces nothing real
};

/// "git.example.org/acme/fleet", or the last part of a path; never credentials.
[[nodiscard]] std::string repository_name(std::string_view remote_url);
/// Of the record as it stands: a resumed run has something new to tell.
[[nodiscard]] std::string news_id(const RunReport& report);

/// `message`: one of many, sent when notify.on says so. `state`: how things stand, always sent; a later one makes an
/// earlier one worthless.
enum class SinkKind { message, state };

struct SinkRow {
    std::string_view name;
    SinkKind kind;
    bool (*wanted)(const Places& places);
    /// Error (config): a place is not what it has to be.
    Result<Delivery> (*compose)(const Places& places, const News& news);
};
/// The only list of sinks.
[[nodiscard]] const std::vector<SinkRow>& registry();
[[nodiscard]] const SinkRow* find_sink(std::string_view name);

/// What an HTTP answer means. Errors: credentials when asking again is useless (4xx but for 408 and 429, redirects),
/// else infrastructure.
[[nodiscard]] Result<void> accepted(const HttpResponse& response);

/// Whether this end is worth a message: always; when the verdict is another one than last time (success is success,
/// landed or not); when somebody has to look.
[[nodiscard]] bool worth_telling(NotifyWhen when, const RunReport& report, const Told& told);

/// Whether this end is told to anybody: neither dry runs, nor runs that were interrupted (`resume` goes on) or kept out
/// by another run, which tells.
[[nodiscard]] bool is_told(const RunReport& report);

/// The notifications of a run, each with what became of it.
struct Outbox {
    std::string id;  ///< of the news
    std::vector<Notification> entries;
    [[nodiscard]] bool waits() const;
    bool operator==(const Outbox&) const = default;
};
/// One waiting entry for each sink that is wanted.
[[nodiscard]] Outbox fresh_outbox(const Places& places, const News& news);
/// outbox.json: "lockstep-outbox/1.0". Ends with a newline.
[[nodiscard]] std::string outbox_json(const Outbox& outbox);
[[nodiscard]] Result<Outbox> read_outbox(std::string_view text);

/// So often is one message tried at most.
inline constexpr int k_most_attempts = 6;
/// Puts the result of an attempt into its entry.
void settle(Notification& entry, const Result<void>& attempt);
/// Gives up waiting entries whose news is old: states when a later run has told a later one, and sinks that are not
/// wanted any more.
void drop_outdated(Outbox& outbox, const Places& places, bool later_run);

}  // namespace lockstep::notify
