// SPDX-License-Identifier: MIT
// notify --test: every sink gets a message that says that it is a test. And what `resume` does for a run that is over.
#include <chrono>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "cli/command_notify.hpp"
#include "cli/commands.hpp"
#include "cli/edge_courier.hpp"
#include "cli/outputs.hpp"
#include "cli/telling.hpp"
#include "edges/state_paths.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/app/notify.hpp"
#include "lockstep/core/sanitize.hpp"

namespace lockstep::cli {

namespace {

std::string line_of(const Notification& entry) {
    const auto what = entry.state == NotificationState::sent ? std::string("sent") : "not sent: " + entry.error;
    return fmt::format("{:<12} {}\n", clean_line(entry.sink, 40), what);
}

/// Whether a later run of this repository has told how things stand.
bool told_later(const TellingPlace& place, const std::string& run) {
    for (const auto& id : run_ids(place.runs)) {
        if (id <= run) return false;
        if (outbox_of(place.runs / id)) return true;
    }
    return false;
}

}  // namespace

int command_notify(const Options& options, Environment environment) {
    if (!options.test)
        return tell_error(
            {ErrorKind::usage, "`lockstep notify` only tests the sinks", "", "say so: lockstep notify --test"});
    Machine machine(options, std::move(environment));
    if (const auto opened = machine.open_reading(); !opened.ok()) return tell_error(opened.error());
    const auto place = telling_place(machine);
    notify::News news{.repository = place.repository, .test = true};
    news.report.run.finished = SystemClock().now();
    news.id = "test-" + new_run_id(news.report.run.finished);
    auto outbox = notify::fresh_outbox(place.places, news);
    if (outbox.entries.empty())
        return tell_error(
            {ErrorKind::config, "there is nobody to tell", "no sink is configured",
             "set notify.pushgateway, textfile, slack_file, smtp or nats in the machine's configuration"});
    EdgeCourier courier;
    send_waiting(outbox, place.places, news, courier, place.places.wish.timeout);
    bool all = true;
    std::string text;
    for (const auto& entry : outbox.entries) {
        text += line_of(entry);
        all = all && entry.state == NotificationState::sent;
    }
    tell_result(text);
    return static_cast<int>(all ? ExitCode::ok : ExitCode::infrastructure);
}

void tell_once_more(const Options& options, const Environment& environment, const FoundRun& run, RunReport& report) {
    if (!notify::is_told(report)) return;
    std::error_code failed;
    const auto here = std::filesystem::current_path(failed);
    std::filesystem::current_path(run.history.directory, failed);  // paths of its command line begin there
    Machine machine(options, environment);
    const auto opened =
        failed ? Result<void>(Error{ErrorKind::config, "", failed.message(), ""}) : machine.open_reading();
    std::filesystem::current_path(here, failed);
    if (!opened.ok()) {
        std::cerr << "lockstep: nobody was told: " << secrets().redacted(clean_line(opened.error().why, 300)) << '\n';
        return;
    }
    const auto place = telling_place(machine);
    const bool later = told_later(place, run.history.run_id);
    auto outbox = outbox_of(run.directory);
    if (outbox ? !outbox->waits() : later) return;
    const SystemClock clock;
    const auto disk = DirRunStore::reopen(run.directory, run.history.run_id, run.journal.records.size(), clock);
    if (!disk.ok()) return;
    RedactingStore store(**disk, secrets());
    EdgeCourier courier;
    Telling telling(place, courier);
    // Without an outbox the run ended between its verdict and that.
    if (outbox)
        telling.take_up(std::move(*outbox), report, later);
    else
        telling.begin(store, report);
    if (telling.send(store, report, [](std::string_view) {})) (void)write_reports(store, report);
}

}  // namespace lockstep::cli
