// SPDX-License-Identifier: MIT
// Every sink of the registry: its messages as recorded, and what must hold for any of them. A new row is tested by its
// recorded cases alone (LOCKSTEP_UPDATE_GOLDEN=1 writes them; then read them).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"
#include "support/utf8.hpp"
#include "unit/notify_scene.hpp"

namespace lockstep::notify {
namespace {

using testing::HasSubstr;
using testing::Not;

std::vector<std::string> names() {
    std::vector<std::string> all;
    for (const auto& row : registry()) all.emplace_back(row.name);
    return all;
}

class EverySink : public testing::TestWithParam<std::string> {
protected:
    const SinkRow& row = *find_sink(GetParam());
    Places places = all_places();

    std::string message(const News& news) const {
        const auto made = row.compose(places, news);
        EXPECT_TRUE(made.ok()) << made.error().what;
        return made.ok() ? shown(made.value()) : "";
    }
};

INSTANTIATE_TEST_SUITE_P(Registry, EverySink, testing::ValuesIn(names()), [](const auto& sink) { return sink.param; });

TEST_P(EverySink, SaysWhatWasRecorded) {
    for (const auto& [name, news] :
         {std::pair{"green", news_of(test::green_report())}, std::pair{"red", news_of(test::sample_report())},
          std::pair{"alarm", news_of(test::alarm_report())}, std::pair{"test", test_news()}})
        test::expect_golden("notify/" + GetParam() + "-" + name + ".txt", message(news));
}

TEST_P(EverySink, SaysTheSameTwice) {
    const auto news = news_of(test::sample_report());
    EXPECT_EQ(message(news), message(news));
}

TEST_P(EverySink, IsOnlyThereWhenWanted) {
    EXPECT_FALSE(row.wanted(Places{}));
    EXPECT_TRUE(row.wanted(places));
}

TEST_P(EverySink, SaysThatATestIsATest) {
    EXPECT_THAT(message(test_news()), HasSubstr("test"));
    const auto made = row.compose(places, test_news()), real = row.compose(places, news_of(test::green_report()));
    ASSERT_TRUE(made.ok() && real.ok());
    // A test must not replace what was told.
    const bool same_place = lines_of(shown(made.value())).front() == lines_of(shown(real.value())).front();
    EXPECT_FALSE(row.kind == SinkKind::state && same_place);
}

TEST_P(EverySink, StaysTextAndBoundedWhateverTheReportHolds) {
    auto report = test::hostile_report(300, 60);
    report.ending.reason = report.ending.next_action =
        "a\r\nBcc: eve@example.net\r\n\r\n<!channel> @here \x1b[31m \xff";
    report.pull = RunReport::Pull{7, "https://x/?a=<!channel>|b", "created"};
    auto news = news_of(report);
    news.repository = "x\"\\\n<!channel>\r\nBcc: eve@example.net";
    const auto text = message(news);
    EXPECT_LE(text.size(), 1U << 20U);
    EXPECT_TRUE(test::is_valid_utf8(text));
    EXPECT_TRUE(std::none_of(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
    }));
    EXPECT_TRUE(row.name != "slack" || text.find("<!channel>") == std::string::npos);
    EXPECT_EQ(text.find("\nBcc:"), std::string::npos);
}

TEST_P(EverySink, SendsNoCommitOfTheLogOrSecretOfItsOwnInTheBody) {
    const auto made = row.compose(places, news_of(test::sample_report()));
    ASSERT_TRUE(made.ok());
    auto delivery = made.value();
    if (auto* request = std::get_if<HttpRequest>(&delivery)) request->url.clear();
    EXPECT_THAT(shown(delivery), Not(HasSubstr("s3cr3t")));
}

TEST(SinkRegistry, NamesAreUniqueWords) {
    std::set<std::string_view> seen;
    for (const auto& row : registry()) {
        EXPECT_TRUE(seen.insert(row.name).second) << row.name;
        EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), std::string_view::npos) << row.name;
        EXPECT_EQ(find_sink(row.name), &row);
    }
    EXPECT_EQ(find_sink("pigeon"), nullptr);
}

/// The message of one sink as JSON or text.
template <class T>
T made_by(const char* sink, const Places& places, const News& news) {
    const auto made = find_sink(sink)->compose(places, news);
    EXPECT_TRUE(made.ok()) << made.error().what;
    return made.ok() && std::holds_alternative<T>(made.value()) ? std::get<T>(made.value()) : T{};
}

std::string refusal(const char* sink, const Places& places) {
    const auto made = find_sink(sink)->compose(places, news_of(test::green_report()));
    return made.ok() ? "" : made.error().what;
}

TEST(Slack, EscapesWhatHasAMeaning) {
    auto report = test::sample_report();
    report.causes.front().name = "a&b<!channel>@here [x](https://evil.example)";
    const auto body = made_by<HttpRequest>("slack", all_places(), news_of(report)).body;
    EXPECT_THAT(body, HasSubstr("a&amp;b&lt;!\u200bchannel&gt;@\u200bhere [x]\u200b(https://evil.example)"));
    EXPECT_THAT(body, HasSubstr("\"link_names\":false"));
}

TEST(Slack, LinksThePullRequestOnlyWhenItsAddressIsPlain) {
    auto report = test::sample_report();
    report.pull = RunReport::Pull{7, "https://git.example.org/acme/fleet/pulls/7", "created"};
    EXPECT_THAT(made_by<HttpRequest>("slack", all_places(), news_of(report)).body,
                HasSubstr("<https://git.example.org/acme/fleet/pulls/7|pull request 7>"));
    report.pull->url = "https://git.example.org/7|all is well>";
    EXPECT_THAT(
        made_by<HttpRequest>("slack", all_places(), news_of(report)).body,
        testing::AllOf(Not(HasSubstr("git.example.org/7|")), Not(HasSubstr("<|")), HasSubstr("pull request 7")));
}

TEST(Slack, SendsItsAddressOverTlsOrNotAtAll) {
    auto places = all_places();
    places.slack = "http://hooks.example.org/services/x";
    EXPECT_EQ(refusal("slack", places), "the file of notify.slack_file holds no https address");
    places.slack = "http://127.0.0.1:9/services/x";
    EXPECT_EQ(refusal("slack", places), "");
    places.slack_trouble = "others can read it";
    EXPECT_EQ(refusal("slack", places), "the address of the webhook cannot be read");
}

TEST(Pushgateway, PutsTheRepositoryIntoThePath) {
    auto news = news_of(test::green_report());
    EXPECT_EQ(
        made_by<HttpRequest>("pushgateway", all_places(), news).url,
        "https://push.example.org/gate/metrics/job/lockstep/instance@base64/Z2l0LmV4YW1wbGUub3JnL2FjbWUvZmxlZXQ=");
    news.repository = "fleet-1.x";
    EXPECT_THAT(made_by<HttpRequest>("pushgateway", all_places(), news).url,
                testing::EndsWith("/metrics/job/lockstep/instance/fleet-1.x"));
    for (const std::string name : {"", ".", "..", "a b", "\xff\xfe?>"}) {
        news.repository = name;
        EXPECT_THAT(made_by<HttpRequest>("pushgateway", all_places(), news).url, HasSubstr("/instance@base64/"))
            << name;
    }
}

TEST(Metrics, EscapeLabels) {
    auto news = news_of(test::green_report());
    news.repository = "a\"b\\c\nd";
    EXPECT_THAT(made_by<PublicFile>("textfile", all_places(), news).text, HasSubstr("repository=\"a\\\"b\\\\c\\nd\""));
}

TEST(Metrics, KeepWhatThisRunDoesNotKnow) {
    auto deploy = test::green_report();
    deploy.run.command = "deploy";
    deploy.ending = {Outcome::deploy_failed, ExitCode::deploy_rolled_back, "", ""};
    deploy.hosts.clear();
    auto news = news_of(deploy);
    news.told = with_run(with_run({}, test::green_report()), deploy);
    const auto text = made_by<PublicFile>("textfile", all_places(), news).text;
    const auto labels = [](const std::string& rest) {
        return "{repository=\"git.example.org/acme/fleet\"," + rest + "} ";
    };
    EXPECT_THAT(text, HasSubstr("lockstep_run_verdict" + labels("command=\"run\",outcome=\"landed\"") + "1\n"));
    EXPECT_THAT(text,
                HasSubstr("lockstep_run_verdict" + labels("command=\"deploy\",outcome=\"deploy_failed\"") + "1\n"));
    EXPECT_THAT(text, HasSubstr("lockstep_run_exit_code" + labels("command=\"deploy\"") + "50\n"));
    EXPECT_THAT(text, HasSubstr("lockstep_last_success_timestamp_seconds" + labels("command=\"run\"")));
    EXPECT_THAT(text, Not(HasSubstr("lockstep_last_success_timestamp_seconds" + labels("command=\"deploy\""))));
    EXPECT_THAT(text, HasSubstr("lockstep_hosts" + labels("state=\"built\"")));
}

TEST(Textfile, IsAPathThatNodeExporterReads) {
    for (const char* path : {"lockstep.prom", "/var/lib/lockstep.txt", "/x.prom/"}) {
        auto places = all_places();
        places.wish.textfile = path;
        EXPECT_NE(refusal("textfile", places), "") << path;
    }
}

TEST(MailSink, RefusesAddressesThatSayMore) {
    for (const char* address : {"", "ops", "@example.org", "ops@", "a@b@c", "ops@example.org\r\nBcc: x@y",
                                "ops@example.org, x@y", "<ops@example.org>", "-ops@example.org", "ops @example.org"}) {
        auto places = all_places();
        places.wish.mail_to = {"ops@example.org", address};
        EXPECT_EQ(refusal("mail", places), "notify.mail_to is no list of mail addresses") << address;
        places = all_places();
        places.wish.mail_from = address;
        EXPECT_EQ(refusal("mail", places), "notify.mail_from is no mail address") << address;
    }
    auto places = all_places();
    places.wish.mail_to.clear();
    EXPECT_NE(refusal("mail", places), "");
    places = all_places();
    places.wish.smtp = "smtp://user:pass@mail.example.org";
    EXPECT_NE(refusal("mail", places), "");
}

TEST(MailSink, HasHeadersThenTextInShortLines) {
    auto news = news_of(test::sample_report());
    news.repository = "fl\u00e4che\r\nBcc: eve@example.net";
    const auto mail = made_by<Mail>("mail", all_places(), news);
    const auto end = mail.text.find("\r\n\r\n");
    ASSERT_NE(end, std::string::npos);
    const auto head = mail.text.substr(0, end);
    EXPECT_THAT(head, HasSubstr("Auto-Submitted: auto-generated"));
    EXPECT_THAT(head, HasSubstr("To: ops@example.org,\r\n night@example.org\r\n"));
    EXPECT_THAT(head, HasSubstr("Subject: =?UTF-8?B?"));
    EXPECT_THAT(head, Not(HasSubstr("Bcc")));
    std::size_t longest = 0;
    for (const auto& line : split(mail.text, '\n')) longest = std::max(longest, line.size());
    EXPECT_LE(longest, 78U);
    EXPECT_TRUE(
        std::all_of(mail.text.begin(), mail.text.end(), [](char c) { return static_cast<signed char>(c) > 0; }));
}

TEST(NatsSink, SpeaksOfOneServerWithoutCredentials) {
    for (const char* address : {"nats://user:pass@nats.example.org", "http://nats.example.org", "nats.example.org",
                                "nats://a:4222,nats://b:4222"}) {
        auto places = all_places();
        places.wish.nats = address;
        EXPECT_NE(refusal("nats", places), "") << address;
    }
}

}  // namespace
}  // namespace lockstep::notify
