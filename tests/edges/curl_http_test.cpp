// SPDX-License-Identifier: MIT
// The HTTP client against real sockets on this machine: a server that answers whatever a test wants.
#include "edges/curl_http.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "support/local_process.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

/// Answers each request with whatever bytes `answer` makes of it, and closes the connection.
class Server {
public:
    using Answer = std::function<std::string(const std::string& request)>;
    enum class Keep { never, until_empty_answer };  ///< how long a connection stays

    explicit Server(Answer answer, Keep keep = Keep::never) : answer_(std::move(answer)), keep_(keep) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t length = sizeof address;
        auto* generic = static_cast<sockaddr*>(static_cast<void*>(&address));
        EXPECT_EQ(::bind(listener_, generic, length), 0);
        EXPECT_EQ(::getsockname(listener_, generic, &length), 0);
        port_ = ntohs(address.sin_port);
        EXPECT_EQ(::listen(listener_, 4), 0);
        thread_ = std::thread([this] { serve(); });
    }
    explicit Server(std::string bytes) : Server([bytes](const std::string&) { return bytes; }) {}
    ~Server() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    [[nodiscard]] std::string url(const std::string& path = "/") const {
        return "http://127.0.0.1:" + std::to_string(port_) + path;
    }

private:
    static std::string read_request(int connection) {
        std::string seen;
        std::string buffer(4096, '\0');
        std::size_t wanted = std::string::npos;
        while (seen.size() < wanted) {
            const auto count = ::read(connection, buffer.data(), buffer.size());
            if (count <= 0) break;
            seen.append(buffer, 0, static_cast<std::size_t>(count));
            if (wanted != std::string::npos) continue;
            const auto end = seen.find("\r\n\r\n");
            if (end == std::string::npos) continue;
            const auto length = seen.find("Content-Length: ");
            wanted = end + 4 + (length < end ? std::stoul(seen.substr(length + 16)) : 0);
        }
        return seen;
    }
    static void send_all(int connection, const std::string& bytes) {
        std::size_t sent = 0;
        while (sent < bytes.size()) {
            const auto count = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
            if (count <= 0) return;
            sent += static_cast<std::size_t>(count);
        }
    }
    /// Answers what comes next on a connection; false when the connection is done with.
    bool serve_one(int connection) {
        const auto got = read_request(connection);
        if (got.empty()) return false;
        const auto bytes = answer_(got);
        send_all(connection, bytes);
        if (keep_ == Keep::until_empty_answer && !bytes.empty()) return true;
        // The other side closes first, so that nothing it still has to read is lost.
        ::shutdown(connection, SHUT_WR);
        std::string rest(4096, '\0');
        while (::read(connection, rest.data(), rest.size()) > 0) {
        }
        return false;
    }
    void serve() {
        std::vector<pollfd> watched = {{listener_, POLLIN, 0}};
        while (::poll(watched.data(), watched.size(), -1) > 0) {
            const auto ready = watched;
            for (const auto& entry : ready) {
                if (entry.revents == 0) continue;
                if (entry.fd == listener_) {
                    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
                    if (connection < 0) {
                        for (std::size_t i = 1; i < watched.size(); ++i) ::close(watched[i].fd);
                        return;
                    }
                    watched.push_back({connection, POLLIN, 0});
                } else if (!serve_one(entry.fd)) {
                    ::close(entry.fd);
                    std::erase_if(watched, [&](const pollfd& other) { return other.fd == entry.fd; });
                }
            }
        }
    }

    Answer answer_;
    Keep keep_;
    int listener_ = -1;
    int port_ = 0;
    std::thread thread_;
};

std::string reply(int status, const std::string& body, const std::string& headers = "",
                  const std::string& connection = "close") {
    return "HTTP/1.1 " + std::to_string(status) + " Whatever\r\nConnection: " + connection +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

HttpRequest request(std::string method, std::string url, Headers headers = {}, std::string body = "") {
    HttpRequest result;
    result.method = std::move(method);
    result.url = std::move(url);
    result.headers = std::move(headers);
    result.body = std::move(body);
    return result;
}

std::string all_of(const Error& error) {
    return error.what + "\n" + error.why + "\n" + error.hint;
}

TEST(CurlHttp, ExchangesEveryMethodWithBodyAndHeaders) {
    const Server server([](const std::string& got) { return reply(201, got, "X-Odd-CASE:   Value \r\n"); });
    CurlHttp http;
    const std::string body("nul\0inside", 10);
    for (const std::string method : {"GET", "POST", "PATCH", "PUT", "DELETE", "GET", "POST"}) {
        const bool bare = method == "GET" || method == "DELETE";
        const auto answer =
            http.send(request(method, server.url("/x?y=%20"), {{"Authorization", "token t"}}, bare ? "" : body));
        ASSERT_TRUE(answer.ok()) << method << all_of(answer.error());
        EXPECT_EQ(answer->status, 201);
        EXPECT_EQ(answer->header("x-odd-case"), "Value");
        EXPECT_THAT(answer->body, HasSubstr(method + " /x?y=%20 HTTP/1.1\r\n"));
        EXPECT_THAT(answer->body, HasSubstr("\r\nAuthorization: token t\r\n"));
        EXPECT_THAT(answer->body, Not(HasSubstr("Expect")));
        EXPECT_EQ(answer->body.substr(answer->body.find("\r\n\r\n") + 4), bare ? "" : body);
    }
}

TEST(CurlHttp, LargeBodiesArriveWhole) {
    const Server server([](const std::string& got) { return reply(200, std::to_string(got.size())); });
    CurlHttp http;
    const auto small = http.send(request("POST", server.url(), {}, "x"));
    const auto large = http.send(request("POST", server.url(), {}, std::string(3U << 20U, 'x')));
    ASSERT_TRUE(small.ok() && large.ok());
    const auto digits = std::to_string(3U << 20U).size() - 1;  // of the longer Content-Length
    EXPECT_EQ(std::stoul(large->body) - std::stoul(small->body), (3U << 20U) - 1 + digits);
}

TEST(CurlHttp, ErrorsOfTheServerAreAnswers) {
    const Server server(reply(503, "busy"));
    CurlHttp http;
    const auto answer = http.send(request("GET", server.url()));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(answer->body, "busy");
}

TEST(CurlHttp, DoesNotFollowRedirects) {
    std::atomic<int> asked{0};
    const Server server([&](const std::string&) {
        ++asked;
        return reply(307, "", "Location: /new\r\n");
    });
    CurlHttp http;
    const auto answer = http.send(request("POST", server.url("/old"), {}, "x"));
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, 307);
    EXPECT_EQ(answer->header("location"), "/new");
    EXPECT_EQ(asked, 1);
}

TEST(CurlHttp, ReadsBodiesUpToTheBoundAndNoFurther) {
    const Server server(reply(200, std::string(1000, 'x')));
    CurlHttp http;
    auto exact = request("GET", server.url());
    exact.max_body = 1000;
    EXPECT_EQ(http.send(exact)->body.size(), 1000U);
    exact.max_body = 999;
    const auto larger = http.send(exact);
    ASSERT_FALSE(larger.ok());
    EXPECT_EQ(larger.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(larger.error().why, HasSubstr("larger than 999 bytes"));
}

TEST(CurlHttp, EndlessHeadersAreCutOff) {
    std::string headers;
    for (int i = 0; i < 5000; ++i) headers += "X-Filler: " + std::string(90, 'x') + "\r\n";
    const Server server(reply(200, "", headers));
    CurlHttp http;
    const auto answer = http.send(request("GET", server.url()));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(answer.error().why, HasSubstr("the answer is larger than")) << "by our own bound: old libcurl has none";
}

TEST(CurlHttp, ACutAnswerIsNoAnswer) {
    const Server server("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    CurlHttp http;
    const auto answer = http.send(request("GET", server.url()));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(answer.error().what, HasSubstr(server.url().substr(0, server.url().size() - 1)));
}

TEST(CurlHttp, NonsenseIsNoAnswer) {
    const Server server("this is not HTTP\r\n\r\n");
    CurlHttp http;
    EXPECT_FALSE(http.send(request("GET", server.url())).ok());
}

TEST(CurlHttp, OnlyTheLastOfSeveralHeaderBlocksCounts) {
    const Server server("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    CurlHttp http;
    const auto answer = http.send(request("GET", server.url()));
    ASSERT_TRUE(answer.ok()) << all_of(answer.error());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "ok");
    EXPECT_EQ(answer->header("x-early"), "");
}

TEST(CurlHttp, AServerThatNeverAnswersTimesOut) {
    std::promise<void> client_is_done;
    auto done = client_is_done.get_future().share();
    const Server server([done](const std::string&) {
        done.wait();
        return std::string();
    });
    CurlHttp http;
    auto slow = request("GET", server.url());
    slow.timeout = milliseconds(200);
    const auto late = http.send(slow);
    client_is_done.set_value();
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(late.error().why, HasSubstr("timed out"));
}

TEST(CurlHttp, WhatCreatesIsSentOnceAlthoughAKeptConnectionBreaks) {
    std::atomic<int> posts{0};
    const Server server(
        [&](const std::string& got) {
            posts += got.rfind("POST", 0) == 0 ? 1 : 0;
            return got.rfind("POST", 0) == 0 ? std::string() : reply(200, "ok", "", "keep-alive");
        },
        Server::Keep::until_empty_answer);
    CurlHttp http;
    ASSERT_TRUE(http.send(request("GET", server.url())).ok());
    EXPECT_FALSE(http.send(request("POST", server.url(), {}, "x")).ok());
    EXPECT_EQ(posts, 1);
}

TEST(CurlHttp, AClosedPortIsNamed) {
    std::string url;
    {
        const Server gone("");
        url = gone.url();
    }
    CurlHttp http;
    const auto answer = http.send(request("GET", url, {{"Authorization", "token s3cret"}}));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(answer.error().what, HasSubstr("127.0.0.1"));
    EXPECT_THAT(all_of(answer.error()), Not(HasSubstr("s3cret")));
}

void expect_unsent(const HttpRequest& bad, const std::string& why) {
    CurlHttp http;
    const auto answer = http.send(bad);
    ASSERT_FALSE(answer.ok()) << bad.url;
    EXPECT_EQ(answer.error().kind, ErrorKind::config) << all_of(answer.error());
    EXPECT_THAT(answer.error().why, HasSubstr(why));
    EXPECT_THAT(all_of(answer.error()), Not(HasSubstr("s3cret")));
}

TEST(CurlHttp, SecretsDoNotCrossTheNetworkInPlain) {
    const Headers token = {{"authorization", "token s3cret"}};
    expect_unsent(request("GET", "http://forge.invalid/x", token), "unencrypted");
    expect_unsent(request("GET", "http://127.0.0.1.forge.invalid/x", token), "unencrypted");
    expect_unsent(request("GET", "http://localhost@forge.invalid/x", token), "user name");
    expect_unsent(request("GET", "https://bob:s3cret@forge.invalid/x"), "user name");
    expect_unsent(request("GET", "ftp://forge.invalid/x"), "https and http");
    expect_unsent(request("GET", "file:///etc/passwd"), "https and http");
    expect_unsent(request("GET", "no address"), "not a web address");
    expect_unsent(request("GET", "https://forge.invalid/x", {{"Authorization", "token s3cret\r\nX: y"}}), "control");
}

TEST(CurlHttp, PlainHttpWithATokenIsAMatterOfChoice) {
    CurlHttp::Options options;
    options.allow_plain_http = true;
    CurlHttp http(options);
    const auto answer = http.send(request("GET", "http://forge.invalid/x", {{"Authorization", "token s3cret"}}));
    ASSERT_FALSE(answer.ok());  // sent, that is: the name does not resolve
    EXPECT_EQ(answer.error().kind, ErrorKind::infrastructure);
}

TEST(CurlHttp, VerifiesCertificates) {
    const test::TempDir temp;
    const auto certificate = (temp / "server.pem").string();
    const auto key = (temp / "key.pem").string();
    const auto made = test::run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                                 "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=test",
                                 "-addext", "subjectAltName=IP:127.0.0.1"});
    ASSERT_TRUE(made.ok()) << made.err;
    const int port = test::free_port();
    const test::LocalServer server({"openssl", "s_server", "-accept", "127.0.0.1:" + std::to_string(port), "-cert",
                                    certificate, "-key", key, "-www", "-quiet"},
                                   {}, temp / "log");
    ASSERT_TRUE(test::wait_for_port(port)) << test::read_file(temp / "log");
    const auto address = ":" + std::to_string(port) + "/";

    CurlHttp strict;
    const auto refused = strict.send(request("GET", "https://127.0.0.1" + address));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(refused.error().hint, HasSubstr("certificate authority"));

    CurlHttp::Options options;
    options.ca_file = certificate;
    CurlHttp trusting(options);
    const auto answer = trusting.send(request("GET", "https://127.0.0.1" + address));
    ASSERT_TRUE(answer.ok()) << all_of(answer.error());
    EXPECT_EQ(answer->status, 200);
    EXPECT_FALSE(trusting.send(request("GET", "https://localhost" + address)).ok()) << "a name that is not certified";
}

TEST(CurlHttp, AMissingCaFileIsAnError) {
    CurlHttp::Options options;
    options.ca_file = "/nonexistent/ca.pem";
    CurlHttp http(options);
    const Server server("x");
    const auto answer = http.send(request("GET", "https" + server.url().substr(4)));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().kind, ErrorKind::infrastructure);
}

}  // namespace
}  // namespace lockstep
