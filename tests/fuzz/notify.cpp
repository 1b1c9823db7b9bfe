// SPDX-License-Identifier: MIT
// What leaves for chat, mail, NATS and Prometheus, from records with foreign texts in every place: the envelope is
// whole, and foreign text stays text in it. The outbox and the memory of what was told, from any bytes.
#include "lockstep/adapters/notify.hpp"

#include <algorithm>
#include <array>
#include <variant>

#include <nlohmann/json.hpp>

#include "fuzz/support/foreign_report.hpp"
#include "fuzz/support/fuzz_input.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "support/utf8.hpp"
#include "unit/notify_scene.hpp"

using namespace lockstep;

namespace {

/// What stands between a quote and the next one that is not escaped; `text` goes on behind it.
void skip_quoted(std::string_view& text) {
    LOCKSTEP_CHECK(text.starts_with('"'));
    text.remove_prefix(1);
    while (!text.starts_with('"')) {
        LOCKSTEP_CHECK(!text.empty());
        const bool escape = text.front() == '\\';
        LOCKSTEP_CHECK(!escape || (text.size() > 1 && std::string_view("\\\"n").find(text[1]) != std::string::npos));
        text.remove_prefix(escape ? 2 : 1);
    }
    text.remove_prefix(1);
}

std::string_view take_word(std::string_view& text) {
    const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_");
    const auto word = text.substr(0, end);
    text.remove_prefix(word.size());
    return word;
}

/// Prometheus' text format 0.0.4, as far as lockstep needs it.
void check_metrics(const std::string& text) {
    LOCKSTEP_CHECK(test::is_valid_utf8(text) && (text.empty() || text.back() == '\n'));
    for (const auto& line : split(text, '\n')) {
        if (line.empty() || line.starts_with("# HELP lockstep_") || line.starts_with("# TYPE lockstep_")) continue;
        std::string_view rest = line;
        LOCKSTEP_CHECK(take_word(rest).starts_with("lockstep_"));
        char before = '{';
        while (rest.starts_with(before)) {
            rest.remove_prefix(1);
            LOCKSTEP_CHECK(!take_word(rest).empty() && rest.starts_with('='));
            rest.remove_prefix(1);
            skip_quoted(rest);
            before = ',';
        }
        LOCKSTEP_CHECK(rest.starts_with("} ") && rest.size() > 2);
        LOCKSTEP_CHECK(rest.find_first_not_of("-0123456789.", 2) == std::string_view::npos);
    }
}

/// Nothing but our own link stands in angle brackets, and nobody is called.
void check_slack(const std::string& body) {
    const auto root = nlohmann::json::parse(body);
    const auto text = root.at("text").get<std::string>();
    LOCKSTEP_CHECK(test::is_valid_utf8(text) && text.size() <= 6'000);
    std::size_t links = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto rest = std::string_view(text).substr(at);
        if (rest.front() == '<') {
            const auto end = rest.find('>');
            const bool cut = end == std::string_view::npos;  // by the bound of the message
            LOCKSTEP_CHECK(++links == 1);
            LOCKSTEP_CHECK(cut || (rest.starts_with("<http") && rest.substr(0, end).find('|') != std::string::npos));
            if (cut) break;
            at += end;
            continue;
        }
        LOCKSTEP_CHECK(rest.front() != '>');
        if (rest.front() == '&')
            LOCKSTEP_CHECK(rest.starts_with("&amp;") || rest.starts_with("&lt;") || rest.starts_with("&gt;") ||
                           rest.size() < 5);
        if (rest.front() == '@' || rest.front() == '!')
            LOCKSTEP_CHECK(rest.substr(1).starts_with("\xE2\x80\x8B") || rest.size() < 4);
    }
}

void check_publication(const Publication& message) {
    LOCKSTEP_CHECK(message.subject == "lockstep.run.finished");
    LOCKSTEP_CHECK(message.id.find_first_of("\r\n") == std::string::npos);
    fuzz::check_clean_line(message.body);
    const auto root = nlohmann::json::parse(message.body);
    LOCKSTEP_CHECK(root.at("schema") == "lockstep-event/1.0" && root.at("hosts").at("names").size() <= 100);
    LOCKSTEP_CHECK(message.body.size() <= 64U << 10U);
}

/// RFC 5322: ASCII, lines of at most 998 characters that end with CR LF, our own headers in our own order.
void check_mail(const std::string& text) {
    static constexpr std::array k_headers = {"From: ",         "To: ",           "Subject: ",
                                             "Date: ",         "Message-ID: <",  "Auto-Submitted",
                                             "MIME-Version: ", "Content-Type: ", "Content-Transfer-Encoding: "};
    LOCKSTEP_CHECK(text.ends_with("\r\n"));
    std::size_t header = 0;
    bool body = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto end = text.find('\n', at);
        LOCKSTEP_CHECK(end != std::string::npos && end > at && text[end - 1] == '\r');
        const auto line = std::string_view(text).substr(at, end - 1 - at);
        LOCKSTEP_CHECK(std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; }));
        LOCKSTEP_CHECK(line.size() <= (body ? 76 : 998));
        if (!body && line.empty())
            body = true;
        else if (!body && !line.starts_with(' '))
            LOCKSTEP_CHECK(header < k_headers.size() && line.starts_with(k_headers.at(header++)));
        at = end + 1;
    }
    LOCKSTEP_CHECK(body && header == k_headers.size());
}

void check_delivery(std::string_view sink, const Delivery& delivery) {
    if (const auto* request = std::get_if<HttpRequest>(&delivery)) {
        LOCKSTEP_CHECK(request->url.find_first_of(" \r\n\"<>") == std::string::npos);
        LOCKSTEP_CHECK(request->url.starts_with("https://push.example.org/gate/metrics/job/lockstep/instance") ||
                       request->url == notify::all_places().slack);
        if (sink == "slack")
            check_slack(request->body);
        else
            check_metrics(request->body);
    } else if (const auto* mail = std::get_if<Mail>(&delivery)) {
        check_mail(mail->text);
    } else if (const auto* message = std::get_if<Publication>(&delivery)) {
        check_publication(*message);
    } else {
        check_metrics(std::get<PublicFile>(delivery).text);
    }
}

/// What is read is written, and read as the same.
void check_memory(std::string_view text) {
    if (const auto outbox = notify::read_outbox(text); outbox.ok()) {
        const auto again = notify::read_outbox(notify::outbox_json(*outbox));
        LOCKSTEP_CHECK(again.ok() && *again == *outbox);
        for (const auto& entry : outbox->entries) fuzz::check_clean_line(entry.sink + entry.error);
    }
    const auto told = notify::read_told(text);
    LOCKSTEP_CHECK(notify::read_told(notify::told_json(told)) == told);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = fuzz::input_text(data, size);
    check_memory(text);
    notify::News news;
    // Sinks see what report.json says.
    auto recorded = report_from_json(report_json(fuzz::foreign_report(text)));
    LOCKSTEP_CHECK(recorded.ok());
    news.report = std::move(recorded).value();
    news.id = notify::news_id(news.report);
    news.repository = notify::repository_name(news.report.repo.remote);
    news.told = notify::with_run(notify::read_told(text), news.report);
    for (const auto& row : notify::registry()) {
        const auto delivery = row.compose(notify::all_places(), news);
        LOCKSTEP_CHECK(delivery.ok());
        check_delivery(row.name, *delivery);
    }
    return 0;
}
