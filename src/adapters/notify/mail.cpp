// SPDX-License-Identifier: MIT
// One mail in plain text: the report as a terminal shows it. Encoded so that any server takes it, whatever a log held.
#include <algorithm>
#include <array>
#include <ctime>

#include <fmt/format.h>

#include "adapters/notify/sinks.hpp"
#include "lockstep/core/base64.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::notify {

namespace {

constexpr std::size_t k_most_bytes = 256U << 10U;

/// "user@host", so plain that nothing in a header or a command of SMTP could take it for more than that.
bool is_address(std::string_view text) {
    const auto at = text.find('@');
    if (at == 0 || at == std::string_view::npos || at + 1 == text.size() || text.size() > 254) return false;
    return text.find('@', at + 1) == std::string_view::npos && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
               const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
               return alnum || std::string_view("@.!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
           });
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

/// The value of a header on one line, or on several when it is not ASCII (RFC 2047: at most 75 characters each).
std::string header_text(std::string_view foreign, std::size_t max_bytes) {
    const auto text = clean_line(foreign, max_bytes);
    if (is_ascii(text)) return text;
    std::string coded;
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto part = cut_utf8(rest, 42);
        coded += fmt::format("{}=?UTF-8?B?{}?=", coded.empty() ? "" : "\r\n ", base64(part));
        rest.remove_prefix(part.size());
    }
    return coded;
}

/// Quoted-printable: lines of at most 76 characters, nothing but ASCII.
std::string quoted_printable(std::string_view text) {
    std::string out;
    for (const auto& line : split(text, '\n')) {
        std::size_t column = 0;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const auto byte = static_cast<unsigned char>(line[i]);
            const bool last = i + 1 == line.size();
            const bool plain = (byte >= 33 && byte <= 126 && byte != '=') || (byte == ' ' && !last);
            const auto piece = plain ? std::string(1, line[i]) : fmt::format("={:02X}", byte);
            if (column + piece.size() > 75) {
                out += "=\r\n";
                column = 0;
            }
            out += piece;
            column += piece.size();
        }
        out += "\r\n";
    }
    return out;
}

/// RFC 5322, in UTC.
std::string date_of(TimePoint time) {
    static constexpr std::array k_days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000", k_days.at(static_cast<std::size_t>(parts.tm_wday)),
                       parts.tm_mday, k_months.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
                       parts.tm_hour, parts.tm_min, parts.tm_sec);
}

std::string body_of(const News& news) {
    if (news.test) return "This is a test of `lockstep notify --test`. Nothing happened.\n";
    auto text = fmt::format("{}: {}\n\n", clean_line(news.repository, 200), headline_of(news)) +
                clean_text(report_text(news.report, false));
    if (text.size() > k_most_bytes)
        text = std::string(cut_utf8(text, k_most_bytes)) + "\n… cut; the report has it all\n";
    if (news.report.pull) text += "\n" + clean_line(news.report.pull->url, 500) + "\n";
    return text + fmt::format("\nrun {}, exit {}\n", clean_line(news.report.run.id, 100),
                              static_cast<int>(news.report.ending.exit));
}

Result<Delivery> compose(const Places& places, const News& news) {
    const auto wrong = [](const std::string& what, const std::string& hint) {
        return Error{ErrorKind::config, what, "", hint};
    };
    if ((scheme_of(places.wish.smtp) != "smtp" && scheme_of(places.wish.smtp) != "smtps") ||
        places.wish.smtp.find('@') != std::string::npos)
        return wrong("notify.smtp is no address of a mail server",
                     "write it as smtp://mail.example.org:25 or smtps://…, without user and password");
    if (!is_address(places.wish.mail_from))
        return wrong("notify.mail_from is no mail address", "write it as lockstep@example.org");
    if (places.wish.mail_to.empty() || !std::all_of(places.wish.mail_to.begin(), places.wish.mail_to.end(), is_address))
        return wrong("notify.mail_to is no list of mail addresses", "write it as [ops@example.org]");
    const auto domain = places.wish.mail_from.substr(places.wish.mail_from.find('@') + 1);
    Mail mail{places.wish.smtp, places.wish.mail_from, places.wish.mail_to, ""};
    mail.text = fmt::format(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {}\r\nMessage-ID: <lockstep.{}@{}>\r\n"
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n",
        places.wish.mail_from, join(places.wish.mail_to, ",\r\n "),
        header_text(fmt::format("[lockstep] {}: {}", clean_line(news.repository, 80), headline_of(news)), 240),
        date_of(news.report.run.finished), file_slug(news.id), domain);
    mail.text += quoted_printable(body_of(news));
    return Delivery(std::move(mail));
}

}  // namespace

const SinkRow k_mail{"mail", SinkKind::message, [](const Places& places) { return !places.wish.smtp.empty(); },
                     &compose};

}  // namespace lockstep::notify
