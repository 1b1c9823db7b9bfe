// SPDX-License-Identifier: MIT
// An incoming webhook of Slack, or of what speaks like it (Mattermost, Rocket.Chat, Discord's /slack).
#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "adapters/notify/sinks.hpp"
#include "core/report_parts.hpp"
#include "core/report_words.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::notify {

namespace {

constexpr std::size_t k_most_causes = 5, k_most_bytes = 6'000;

/// Foreign text in mrkdwn. & < > are the only characters with a meaning of their own in Slack; what others act upon
/// (@all, ~all, [text](address)) is taken apart by a character without width.
std::string plain(std::string_view foreign, std::size_t max_bytes) {
    static constexpr std::string_view k_nothing = "\xE2\x80\x8B";
    std::string text;
    for (const char c : clean_line(foreign, max_bytes)) {
        if (c == '&')
            text += "&amp;";
        else if (c == '<')
            text += "&lt;";
        else if (c == '>')
            text += "&gt;";
        else
            text += c;
        if (c == '@' || c == ']' || c == '!') text += k_nothing;
    }
    return text;
}

std::string cause_lines(const RunReport& report) {
    std::string text;
    const auto tally = tally_of(report.hosts);
    std::size_t shown = 0;
    for (const auto* cause : causes_by_weight(report)) {
        if (shown == k_most_causes) return text + fmt::format("… and {} more\n", report.causes.size() - shown);
        ++shown;
        text += fmt::format("• {}: {}\n", plain(blast_radius(*cause, tally), 160), cause_phrase(cause->cls));
        if (!cause->first_error.empty()) text += fmt::format("    {}\n", plain(cause->first_error, 240));
    }
    return text;
}

/// Hosts without a cause of their own: vanished, unsupported, unknown.
std::string host_lines(const RunReport& report) {
    std::vector<std::string> names;
    for (const auto* host : hosts_to_look_at(report))
        if (host->cause.empty())
            names.push_back(fmt::format("{} ({})", plain(host->name, 80), state_phrase(host->state)));
    if (names.empty()) return {};
    const auto more = names.size() > 8 ? names.size() - 8 : 0;
    names.resize(names.size() - more);
    return "• " + join(names, ", ") + (more > 0 ? fmt::format(" and {} more", more) : "") + "\n";
}

std::string message(const News& news) {
    const auto& report = news.report;
    auto text = fmt::format("*lockstep* {}: {}", plain(news.repository, 120), plain(headline_of(news), 300));
    if (news.test) return text;
    text += fmt::format(" (exit {})\n", static_cast<int>(report.ending.exit));
    if (!is_good(report.ending.outcome) && !report.ending.reason.empty())
        text += plain(report.ending.reason, 400) + "\n";
    text += cause_lines(report) + host_lines(report);
    if (report.pull) {
        const auto label = fmt::format("pull request {}", report.pull->number);
        const auto url = parts::link_target(report.pull->url);
        text += url.empty() ? label + "\n" : fmt::format("<{}|{}>\n", replace_all(url, "&", "&amp;"), label);
    }
    if (!report.ending.next_action.empty()) text += "Next: " + plain(report.ending.next_action, 300) + "\n";
    return text + "run " + plain(report.run.id, 60);
}

Result<Delivery> compose(const Places& places, const News& news) {
    if (!places.slack_trouble.empty())
        return Error{ErrorKind::config, "the address of the webhook cannot be read", places.slack_trouble,
                     "correct notify.slack_file"};
    const bool safe = scheme_of(places.slack) == "https" ||
                      (scheme_of(places.slack) == "http" && is_this_machine(host_of(places.slack)));
    if (!safe)
        return Error{ErrorKind::config, "the file of notify.slack_file holds no https address", "",
                     "put the address of the incoming webhook into it, and nothing else"};
    HttpRequest request;
    request.method = "POST";
    request.url = places.slack;
    request.headers = {{"Content-Type", "application/json"}};
    const nlohmann::ordered_json body{{"text", cut_utf8(message(news), k_most_bytes)},
                                      {"mrkdwn", true},
                                      {"link_names", false},
                                      {"unfurl_links", false}};
    request.body = body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    request.max_body = 64U << 10U;
    return Delivery(std::move(request));
}

}  // namespace

const SinkRow k_slack{"slack", SinkKind::message, [](const Places& places) { return !places.wish.slack_file.empty(); },
                      &compose};

}  // namespace lockstep::notify
