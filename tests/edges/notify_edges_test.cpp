// SPDX-License-Identifier: MIT
// Messages brought to real servers, and to servers that are down, stall or refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <future>

#include "cli/edge_courier.hpp"
#include "edges/curl_http.hpp"
#include "edges/curl_smtp.hpp"
#include "edges/nats_publish.hpp"
#include "edges/public_file.hpp"
#include "fakes/fault_proxy.hpp"
#include "fakes/http_server.hpp"
#include "support/local_sinks.hpp"
#include "unit/notify_scene.hpp"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr milliseconds k_enough{20'000};
constexpr milliseconds k_little{300};

Mail mail_to(const std::string& url) {
    return {
        url, "lockstep@example.org", {"ops@example.org", "night@example.org"}, "Subject: hello\r\n\r\n.dot\r\nend\r\n"};
}

/// Accepts and never says a word: a server that is listened to through a proxy that passes nothing back.
class Stalled {
public:
    Stalled() : server_([](const fakes::Call&) { return fakes::Reply{}; }), proxy_(server_.port()) {
        proxy_.plan(fakes::Passage::stall(fakes::Way::down, 0));
    }
    [[nodiscard]] std::string place(const std::string& scheme) const {
        return scheme + "://127.0.0.1:" + std::to_string(proxy_.port());
    }

private:
    fakes::HttpServer server_;
    fakes::FaultProxy proxy_;
};

Error error_of(Result<void> result) {
    EXPECT_FALSE(result.ok());
    return result.ok() ? Error{} : std::move(result).error();
}

TEST(SmtpEdge, ARealServerGetsTheMailAsItIs) {
    test::MailServer server;
    ASSERT_TRUE(server.up());
    const auto sent = send_mail(mail_to(server.url()), k_enough);
    ASSERT_TRUE(sent.ok()) << sent.error().why;
    EXPECT_THAT(server.mails(), ElementsAre(HasSubstr("from lockstep@example.org\nto ops@example.org\n"
                                                      "to night@example.org\ntls False\n\nSubject: hello\r\n\r\n"
                                                      ".dot\r\nend\r\n")));
}

TEST(SmtpEdge, TlsIsTakenWhenOfferedAndItsCertificateChecked) {
    test::MailServer server(0, "", true);
    ASSERT_TRUE(server.up());
    const SmtpOptions trusting{.ca_file = server.certificate(), .trust_loopback = false};
    const auto sent = send_mail(mail_to(server.url("localhost")), k_enough, trusting);
    ASSERT_TRUE(sent.ok()) << sent.error().why;
    EXPECT_THAT(server.mails(), ElementsAre(HasSubstr("tls True")));
    const auto unknown = error_of(send_mail(mail_to(server.url("localhost")), k_enough, {.trust_loopback = false}));
    EXPECT_EQ(unknown.kind, ErrorKind::infrastructure);
    EXPECT_THAT(unknown.why, HasSubstr("certificate"));
    EXPECT_THAT(server.mails(), testing::SizeIs(1));
    EXPECT_TRUE(send_mail(mail_to(server.url()), k_enough).ok()) << "a server on this machine need not be signed";
}

TEST(SmtpEdge, WhoeverTheServerDoesNotKnowIsRefusedForGood) {
    test::MailServer server(0, "night@example.org");
    ASSERT_TRUE(server.up());
    const auto error = error_of(send_mail(mail_to(server.url()), k_enough));
    EXPECT_EQ(error.kind, ErrorKind::credentials);
    EXPECT_THAT(error.why, HasSubstr("550"));
    EXPECT_THAT(server.mails(), testing::IsEmpty());
}

TEST(SmtpEdge, AddressesThatSayMoreAreNotSent) {
    for (const char* address : {"a@b> SIZE=1", "a@b\r\nDATA", "", "a b@c"}) {
        auto mail = mail_to("smtp://127.0.0.1:9");
        mail.to = {address};
        EXPECT_EQ(error_of(send_mail(mail, k_little)).kind, ErrorKind::config) << address;
    }
    EXPECT_EQ(error_of(send_mail(mail_to("smtp://user:pass@127.0.0.1:9"), k_little)).kind, ErrorKind::config);
    EXPECT_EQ(error_of(send_mail(mail_to("file:///etc/passwd"), k_little)).kind, ErrorKind::config);
}

TEST(NatsEdge, ARealServerGetsTheEvent) {
    test::NatsServer server;
    ASSERT_TRUE(server.up());
    const auto sent = publish({server.url(), "lockstep.run.finished", "id-1", "{\"a\":1}"}, k_enough);
    ASSERT_TRUE(sent.ok()) << sent.error().why;
    EXPECT_THAT(server.messages(), Contains(HasSubstr("PUB lockstep.run.finished")));
    EXPECT_THAT(server.messages(), Contains(HasSubstr("{\\\"a\\\":1}")));
    EXPECT_THAT(server.messages(), Contains(HasSubstr("Nats-Msg-Id: id-1")));
}

TEST(NatsEdge, APublicationThatIsDeniedWasNotSent) {
    test::NatsServer server(0, "lockstep.run.finished");
    ASSERT_TRUE(server.up());
    const auto error = error_of(publish({server.url(), "lockstep.run.finished", "id-1", "{}"}, k_enough));
    EXPECT_EQ(error.kind, ErrorKind::credentials) << error.why;
    EXPECT_TRUE(publish({server.url(), "other", "id-2", "{}"}, k_enough).ok());
}

TEST(PushgatewayEdge, ARealGatewayTakesTheMetricsAndReplacesThem) {
    test::Pushgateway gateway;
    ASSERT_TRUE(gateway.up());
    auto places = notify::all_places();
    places.wish.pushgateway = gateway.url();
    cli::EdgeCourier courier;
    auto news = notify::news_of(test::sample_report());
    news.repository = "a/\"b\"\\c";
    for (int i = 0; i < 2; ++i) {
        const auto message = notify::find_sink("pushgateway")->compose(places, news);
        ASSERT_TRUE(message.ok());
        const auto sent = courier.deliver(message.value(), k_enough);
        ASSERT_TRUE(sent.ok()) << sent.error().why;
    }
    CurlHttp http;
    HttpRequest ask;
    ask.url = gateway.url() + "/metrics";
    const auto answer = http.send(ask);
    ASSERT_TRUE(answer.ok());
    EXPECT_THAT(answer->body,
                HasSubstr("lockstep_run_verdict{command=\"run\",instance=\"a/\\\"b\\\"\\\\c\",job=\"lockstep\","
                          "outcome=\"proposed\",repository=\"a/\\\"b\\\"\\\\c\"} 1"));
}

TEST(PublicFile, IsReplacedAsAWholeAndReadableByOthers) {
    test::TempDir dir;
    const auto path = (dir / "lockstep.prom").string();
    const auto old = umask(077);
    ASSERT_TRUE(replace_public_file(path, "one\n").ok());
    ASSERT_TRUE(replace_public_file(path, "two\n").ok());
    umask(old);
    EXPECT_EQ(test::read_file(path), "two\n");
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777U, 0644U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(dir.path()), std::filesystem::directory_iterator()), 1);
    EXPECT_EQ(error_of(replace_public_file((dir / "missing/x.prom").string(), "x")).kind, ErrorKind::infrastructure);
    EXPECT_EQ(error_of(replace_public_file(dir.path().string() + "/", "x")).kind, ErrorKind::config);
}

/// Row 44 of the fault table, at the edges: each kind of message against a server that is closed or stalls.
class FaultRow44Edges : public testing::Test {
protected:
    std::vector<Delivery> to(const std::function<std::string(const std::string&)>& place) {
        HttpRequest request;
        request.method = "POST";
        request.url = place("http") + "/services/T0/s3cr3t-path";
        request.body = "{}";
        return {request, mail_to(place("smtp")), Publication{place("nats"), "lockstep.run.finished", "1", "{}"}};
    }
    cli::EdgeCourier courier_;
};

TEST_F(FaultRow44Edges, ClosedPortsAreToldAtOnce) {
    const auto port = test::free_port();
    for (const auto& delivery :
         to([&](const auto& scheme) { return scheme + "://127.0.0.1:" + std::to_string(port); })) {
        const auto error = error_of(courier_.deliver(delivery, k_enough));
        EXPECT_EQ(error.kind, ErrorKind::infrastructure) << error.what;
        EXPECT_THAT(error.what + error.why, Not(HasSubstr("s3cr3t"))) << delivery.index();
        EXPECT_THAT(error.why, Not(HasSubstr("longer than"))) << error.what;
    }
}

/// Without the limit these would not end at all: the server never answers.
TEST_F(FaultRow44Edges, StalledServersEndByTheLimit) {
    const Stalled server;
    for (const auto& delivery : to([&](const auto& scheme) { return server.place(scheme); })) {
        const auto error = error_of(courier_.deliver(delivery, k_little));
        EXPECT_EQ(error.kind, ErrorKind::infrastructure) << error.what;
        EXPECT_THAT(error.why, testing::AnyOf(HasSubstr("longer than 300ms"), HasSubstr("timed out after")))
            << error.what;
        EXPECT_THAT(error.what + error.why, Not(HasSubstr("s3cr3t")));
    }
}

/// A NATS server that says hello and then nothing more, which a connect alone does not see.
TEST_F(FaultRow44Edges, ANatsServerThatStallsAfterItsGreetingEndsByTheLimit) {
    test::NatsServer server;
    ASSERT_TRUE(server.up());
    fakes::FaultProxy proxy(server.port());
    const Publication message{"nats://127.0.0.1:" + std::to_string(proxy.port()), "lockstep.run.finished", "1", "{}"};
    ASSERT_TRUE(publish(message, k_enough).ok());
    ASSERT_TRUE(proxy.await([](const auto& all) { return all.size() == 1 && all[0].over; }));
    // All that the server says but its last word, the answer to the ping behind the message.
    const auto said = proxy.connections().front().down;
    proxy.plan(fakes::Passage::stall(fakes::Way::down, said - 1));
    const auto error = error_of(publish(message, k_little));
    EXPECT_EQ(error.why, "it took longer than 300ms");
}

/// The same of a mail server.
TEST_F(FaultRow44Edges, AMailServerThatStallsAfterItsGreetingEndsByTheLimit) {
    test::MailServer server;
    ASSERT_TRUE(server.up());
    const auto port = static_cast<std::uint16_t>(std::stoi(server.url().substr(server.url().rfind(':') + 1)));
    fakes::FaultProxy proxy(port);
    const auto mail = mail_to("smtp://127.0.0.1:" + std::to_string(proxy.port()));
    ASSERT_TRUE(send_mail(mail, k_enough).ok());
    ASSERT_TRUE(proxy.await([](const auto& all) { return all.size() == 1 && all[0].over; }));
    const auto said = proxy.connections().front().down;
    // Behind its greeting, which belongs to the connect: what it says to the mail itself does not come.
    proxy.plan(fakes::Passage::stall(fakes::Way::down, said - 30));
    const auto error = error_of(send_mail(mail, k_little));
    EXPECT_EQ(error.kind, ErrorKind::infrastructure) << error.what;
    EXPECT_THAT(error.why, testing::AnyOf(HasSubstr("longer than 300ms"), HasSubstr("timed out after"))) << error.why;
}

TEST_F(FaultRow44Edges, AnswersThatSayNo) {
    for (const auto& [status, kind] :
         {std::pair{500, ErrorKind::infrastructure}, std::pair{503, ErrorKind::infrastructure},
          std::pair{404, ErrorKind::credentials}, std::pair{302, ErrorKind::credentials}}) {
        const fakes::HttpServer server([status = status](const fakes::Call&) {
            fakes::Reply reply{.status = status, .headers = {}, .body = "no"};
            reply.set_header("Location", "http://127.0.0.1:1/elsewhere");
            return reply;
        });
        HttpRequest request;
        request.method = "POST";
        request.url = server.url() + "/services/s3cr3t-path";
        const auto error = error_of(courier_.deliver(request, k_enough));
        EXPECT_EQ(error.kind, kind) << status;
        EXPECT_THAT(error.what + error.why + error.hint, Not(HasSubstr("s3cr3t"))) << status;
    }
}

}  // namespace
}  // namespace lockstep
