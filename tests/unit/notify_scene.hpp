// SPDX-License-Identifier: MIT
// Everything that a sink may be given in a test.
#pragma once

#include <string>

#include "lockstep/adapters/notify.hpp"
#include "support/sample_report.hpp"

namespace lockstep::notify {

/// Every sink is wanted.
inline Places all_places() {
    Places places;
    places.wish.on = NotifyWhen::always;
    places.wish.pushgateway = "https://push.example.org/gate/";
    places.wish.textfile = "/var/lib/node-exporter/lockstep.prom";
    places.wish.slack_file = "/etc/lockstep/slack";
    places.slack = "https://hooks.example.org/services/T0/B0/s3cr3t";
    places.wish.smtp = "smtp://mail.example.org:25";
    places.wish.mail_from = "lockstep@example.org";
    places.wish.mail_to = {"ops@example.org", "night@example.org"};
    places.wish.nats = "nats://nats.example.org:4222";
    return places;
}

inline News news_of(const RunReport& report) {
    News news{.id = news_id(report), .repository = "git.example.org/acme/fleet", .report = report};
    news.told = with_run({}, report);
    return news;
}

inline News test_news() {
    News news{.id = "test-1", .repository = "git.example.org/acme/fleet", .test = true};
    news.report.run.finished = test::sample_report().run.finished;
    return news;
}

/// A message as text: where it goes, what is on the envelope, what is in it.
inline std::string shown(const Delivery& delivery) {
    if (const auto* request = std::get_if<HttpRequest>(&delivery)) {
        std::string text = request->method + " " + request->url + "\n";
        for (const auto& [name, value] : request->headers) text += name + ": " + value + "\n";
        return text + "\n" + request->body;
    }
    if (const auto* mail = std::get_if<Mail>(&delivery)) {
        std::string text = mail->url + "\nfrom " + mail->from + "\n";
        for (const auto& address : mail->to) text += "to " + address + "\n";
        return text + "\n" + mail->text;
    }
    if (const auto* message = std::get_if<Publication>(&delivery))
        return message->url + "\n" + message->subject + "\n" + message->id + "\n\n" + message->body;
    const auto& file = std::get<PublicFile>(delivery);
    return file.path + "\n\n" + file.text;
}

}  // namespace lockstep::notify
