// SPDX-License-Identifier: MIT
// outbox.json: what a run has to tell to whom, and how far that got. It holds no message: those are made from
// report.json again, so nothing is kept twice.
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/json_members.hpp"
#include "lockstep/adapters/notify.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::notify {

namespace {

using Json = nlohmann::ordered_json;  // as it is written
using Read = nlohmann::json;
using State = NotificationState;

constexpr const char* k_schema = "lockstep-outbox/1.0";
constexpr std::size_t k_most_bytes = 1U << 20U, k_most_entries = 64;

void give_up(Notification& entry, const std::string& why) {
    entry.state = State::given_up;
    entry.error = entry.error.empty() ? why : why + "; before: " + entry.error;
}

std::optional<Notification> entry_of(const Read& value) {
    if (!value.is_object()) return std::nullopt;
    const auto line = [&](const char* key) { return clean_line(text_of(value, key), 600); };
    Notification entry{line("sink"), State::waiting, 0, line("error")};
    const auto word = line("state");
    const auto attempts = value.find("attempts");
    if (entry.sink.empty() || attempts == value.end() || !attempts->is_number_unsigned()) return std::nullopt;
    entry.attempts = static_cast<int>(std::min<std::uint64_t>(attempts->get<std::uint64_t>(), 1'000));
    for (const auto state : {State::waiting, State::sent, State::given_up})
        if (word == notification_word(state)) {
            entry.state = state;
            return entry;
        }
    return std::nullopt;
}

}  // namespace

bool Outbox::waits() const {
    return std::any_of(entries.begin(), entries.end(),
                       [](const Notification& entry) { return entry.state == State::waiting; });
}

Outbox fresh_outbox(const Places& places, const News& news) {
    Outbox outbox{news.id, {}};
    const bool tell = news.test || worth_telling(places.wish.on, news.report, news.told);
    for (const auto& row : registry())
        if (row.wanted(places) && (tell || row.kind == SinkKind::state))
            outbox.entries.push_back({std::string(row.name), State::waiting, 0, ""});
    return outbox;
}

std::string outbox_json(const Outbox& outbox) {
    Json entries = Json::array();
    for (const auto& entry : outbox.entries)
        entries.push_back({{"sink", entry.sink},
                           {"state", std::string(notification_word(entry.state))},
                           {"attempts", entry.attempts},
                           {"error", entry.error}});
    const Json root{{"schema", k_schema}, {"id", outbox.id}, {"entries", std::move(entries)}};
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Outbox> read_outbox(std::string_view text) {
    const Error damaged{ErrorKind::config, "outbox.json cannot be read", "it is not what lockstep writes",
                        "look at it; removing it means that nothing of this run is told any more"};
    if (text.size() > k_most_bytes || json_depth(text) > 8) return damaged;
    const auto root = Read::parse(text, nullptr, false);
    if (!root.is_object() || text_of(root, "schema") != k_schema) return damaged;
    const auto id = root.find("id"), entries = root.find("entries");
    if (id == root.end() || !id->is_string() || entries == root.end() || !entries->is_array() ||
        entries->size() > k_most_entries)
        return damaged;
    Outbox outbox{clean_line(id->get<std::string>(), 200), {}};
    for (const auto& value : *entries) {
        auto entry = entry_of(value);
        if (!entry) return damaged;
        outbox.entries.push_back(std::move(*entry));
    }
    return outbox;
}

void settle(Notification& entry, const Result<void>& attempt) {
    ++entry.attempts;
    if (attempt.ok()) {
        entry.state = State::sent;
        entry.error.clear();
        return;
    }
    const auto& error = attempt.error();
    entry.error = clean_line(error.what + (error.why.empty() ? "" : ": " + error.why), 400);
    if (error.kind == ErrorKind::credentials)
        entry.state = State::given_up;
    else if (entry.attempts >= k_most_attempts)
        give_up(entry, fmt::format("tried {} times", entry.attempts));
}

void drop_outdated(Outbox& outbox, const Places& places, bool later_run) {
    for (auto& entry : outbox.entries) {
        if (entry.state != State::waiting) continue;
        const auto* row = find_sink(entry.sink);
        if (row == nullptr || !row->wanted(places))
            give_up(entry, "the configuration has no such sink any more");
        else if (later_run && row->kind == SinkKind::state)
            give_up(entry, "a later run has told how things stand");
    }
}

}  // namespace lockstep::notify
