// SPDX-License-Identifier: MIT
// Outboxes: of this run, and of earlier ones.
#include "cli/telling.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/environment.hpp"
#include "cli/outputs.hpp"
#include "edges/dir_run_store.hpp"
#include "edges/disk_files.hpp"
#include "edges/redacting_store.hpp"
#include "edges/run_folder.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/app/notify.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace fs = std::filesystem;

namespace {

constexpr const char* k_told_file = "told.json";
constexpr std::size_t k_most_earlier_runs = 3;

notify::Told told_before(const fs::path& state) {
    if (state.empty()) return {};
    DiskFiles files;
    const auto text = files.read((state / k_told_file).string(), 1U << 20U);
    return text.ok() ? notify::read_told(text.value()) : notify::Told{};
}

void write_told(const fs::path& state, const notify::Told& told, RunStore& store) {
    if (state.empty()) return;
    const auto folder = open_run_folder(state, "");
    const auto done = folder.ok()
                          ? replace_file(folder->get(), k_told_file, secrets().redacted(notify::told_json(told)))
                          : Result<void>(folder.error());
    if (!done.ok()) store.log(std::string(k_told_file) + ": " + done.error().why);
}

/// As it stands in report.json: without secrets, and with clean texts.
RunReport as_recorded(const RunReport& report) {
    auto recorded = report_from_json(secrets().redacted(report_json(report)));
    if (recorded.ok()) return std::move(recorded).value();
    RunReport bare;  // cannot happen; the verdict alone holds nothing foreign
    bare.run.id = report.run.id;
    bare.run.command = report.run.command;
    bare.run.finished = report.run.finished;
    bare.ending = {report.ending.outcome, report.ending.exit, "", ""};
    return bare;
}

void write_outbox(RunStore& store, const notify::Outbox& outbox) {
    if (const auto done = store.write_file(k_outbox_file, notify::outbox_json(outbox)); !done.ok())
        store.log(std::string(k_outbox_file) + ": " + done.error().why);
}

void log_outcome(RunStore& store, const notify::Outbox& outbox) {
    for (const auto& entry : outbox.entries)
        store.log("notification " + entry.sink + ": " + std::string(notification_word(entry.state)) +
                  (entry.error.empty() ? "" : ": " + entry.error));
}

}  // namespace

notify::Places places_of(const Config::Notify& wish) {
    notify::Places places{.wish = wish};
    if (wish.slack_file.empty()) return places;
    const auto address = read_secret_file(wish.slack_file);
    if (!address.ok()) {
        places.slack_trouble = wish.slack_file + ": " + address.error().why;
        return places;
    }
    places.slack = address.value();
    // Its path alone is all that somebody needs who knows the service.
    if (const auto host = places.slack.find("://"); host != std::string::npos)
        if (const auto path = places.slack.find('/', host + 3); path != std::string::npos)
            secrets().add(std::string_view(places.slack).substr(path + 1));
    return places;
}

TellingPlace telling_place(const Machine& machine) {
    return {places_of(machine.known_config().notify), notify::repository_name(machine.remote_url()), machine.state(),
            machine.runs()};
}

std::optional<notify::Outbox> outbox_of(const fs::path& run_directory) {
    DiskFiles files;
    const auto text = files.read((run_directory / k_outbox_file).string(), 1U << 20U);
    if (!text.ok()) return std::nullopt;
    auto outbox = notify::read_outbox(text.value());
    return outbox.ok() ? std::optional<notify::Outbox>(std::move(outbox).value()) : std::nullopt;
}

notify::News Telling::news_of(const RunReport& report) const {
    notify::News news{.id = notify::news_id(report), .repository = place_.repository, .report = as_recorded(report)};
    news.told = told_before(place_.state);
    return news;
}

void Telling::begin(RunStore& store, RunReport& report) {
    const auto& sinks = notify::registry();
    const bool wanted =
        std::any_of(sinks.begin(), sinks.end(), [&](const auto& row) { return row.wanted(place_.places); });
    if (!wanted || !notify::is_told(report)) return;
    const auto news = news_of(report);
    write_told(place_.state, notify::with_run(news.told, news.report), store);
    outbox_ = notify::fresh_outbox(place_.places, news);
    report.notifications = outbox_.entries;
    if (!outbox_.entries.empty()) write_outbox(store, outbox_);
}

void Telling::take_up(notify::Outbox outbox, const RunReport& report, bool later_run) {
    outbox_ = std::move(outbox);
    notify::drop_outdated(outbox_, place_.places, later_run || outbox_.id != notify::news_id(report));
}

bool Telling::send(RunStore& store, RunReport& report, const std::function<void(std::string_view)>& reach) {
    if (outbox_.entries.empty()) return false;
    for (const auto& entry : outbox_.entries)
        if (entry.state == NotificationState::waiting) reach("notify:" + entry.sink);
    auto news = news_of(report);
    news.told = notify::with_run(news.told, news.report);
    send_waiting(outbox_, place_.places, news, courier_, place_.places.wish.timeout);
    for (auto& entry : outbox_.entries) entry.error = secrets().redacted(entry.error);
    write_outbox(store, outbox_);
    log_outcome(store, outbox_);
    report.notifications = outbox_.entries;
    return true;
}

bool Telling::is_hopeful(const Notification& entry) const {
    return entry.state == NotificationState::waiting &&
           std::none_of(outbox_.entries.begin(), outbox_.entries.end(), [&](const Notification& own) {
               return own.sink == entry.sink && own.state != NotificationState::sent;
           });
}

void Telling::send_earlier_run(const FoundRun& run) {
    const SystemClock clock;
    const auto disk = DirRunStore::reopen(run.directory, run.history.run_id, run.journal.records.size(), clock);
    if (!disk.ok()) return;  // somebody else has it
    auto outbox = outbox_of(run.directory);
    auto report = read_report(run, "report.json");
    if (!outbox || !report.ok()) return;
    // A sink that did not take today's message would only take its time once more.
    std::vector<Notification> later;
    for (const auto& entry : outbox->entries)
        if (entry.state == NotificationState::waiting && !is_hopeful(entry)) later.push_back(entry);
    std::erase_if(outbox->entries,
                  [&](const auto& entry) { return std::find(later.begin(), later.end(), entry) != later.end(); });
    RedactingStore store(**disk, secrets());
    Telling earlier(place_, courier_);
    earlier.take_up(std::move(*outbox), report.value(), true);
    if (!earlier.send(store, report.value(), [](std::string_view) {})) return;
    earlier.outbox_.entries.insert(earlier.outbox_.entries.end(), later.begin(), later.end());
    if (!later.empty()) write_outbox(store, earlier.outbox_);
    report->notifications = earlier.outbox_.entries;
    (void)write_reports(store, report.value());
}

void Telling::send_earlier(const std::string& current_run) {
    if (place_.runs.empty()) return;
    std::size_t tried = 0;
    for (const auto& id : run_ids(place_.runs)) {
        if (id == current_run || tried == k_most_earlier_runs) continue;
        const auto outbox = outbox_of(place_.runs / id);
        if (!outbox || std::none_of(outbox->entries.begin(), outbox->entries.end(),
                                    [&](const Notification& entry) { return is_hopeful(entry); }))
            continue;
        const auto run = read_run(place_.runs / id);
        if (!run.ok() || run->alive) continue;
        ++tried;
        send_earlier_run(run.value());
    }
}

}  // namespace lockstep::cli
