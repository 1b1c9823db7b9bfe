// SPDX-License-Identifier: MIT
// An event for programs: the verdict of a run as compact JSON on one subject.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapters/notify/sinks.hpp"
#include "core/report_words.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep::notify {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t k_most_names = 100;

Json hosts_value(const RunReport& report) {
    const auto tally = tally_of(report.hosts);
    Json broken = Json::array();
    for (const auto* host : hosts_to_look_at(report))
        if (is_broken(host->state) && broken.size() < k_most_names) broken.push_back(clean_line(host->name, 200));
    return {{"total", tally.total}, {"proved", tally.proved}, {"broken", tally.broken}, {"names", std::move(broken)}};
}

Json value_of(const News& news) {
    const auto& report = news.report;
    const auto line = [](const std::string& text) { return clean_line(text, 400); };
    Json value{{"schema", "lockstep-event/1.0"}, {"id", news.id}, {"repository", news.repository}};
    if (news.test) {
        value["test"] = true;
        return value;
    }
    value["run"] = line(report.run.id);
    value["command"] = line(report.run.command);
    value["outcome"] = std::string(outcome_word(report.ending.outcome));
    value["exit_code"] = static_cast<int>(report.ending.exit);
    value["exit_word"] = std::string(exit_code_word(report.ending.exit));
    value["reason"] = line(report.ending.reason);
    value["finished"] = format_utc(report.run.finished);
    value["duration_s"] = static_cast<double>(report.run.duration.count()) / 1000.0;
    value["base"] = {{"name", line(report.repo.base)},
                     {"before", line(report.repo.base_before)},
                     {"after", line(report.repo.base_after)}};
    value["candidate"] = line(report.repo.candidate_commit);
    value["hosts"] = hosts_value(report);
    value["alarms"] = report.alarms.size();
    value["pull_request"] =
        report.pull ? Json{{"number", report.pull->number}, {"url", line(report.pull->url)}} : Json();
    return value;
}

Result<Delivery> compose(const Places& places, const News& news) {
    const auto scheme = scheme_of(places.wish.nats);
    if ((scheme != "nats" && scheme != "tls") || places.wish.nats.find_first_of("@,") != std::string::npos)
        return Error{ErrorKind::config, "notify.nats is no address of a NATS server", "",
                     "write it as nats://nats.example.org:4222 or tls://…, without user and password"};
    return Delivery(Publication{places.wish.nats, "lockstep.run.finished", news.id,
                                value_of(news).dump(-1, ' ', false, Json::error_handler_t::replace)});
}

}  // namespace

const SinkRow k_nats{"nats", SinkKind::message, [](const Places& places) { return !places.wish.nats.empty(); },
                     &compose};

}  // namespace lockstep::notify
