// SPDX-License-Identifier: MIT
// The fault proxy does what it is told: a proxy that quietly passes would make every test behind it worthless.
#include "fakes/fault_proxy.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "fakes/http_server.hpp"
#include "support/local_process.hpp"

namespace lockstep::test {
namespace {

using fakes::FaultProxy;
using fakes::HttpServer;
using fakes::Passage;
using fakes::Way;

/// curl as the client; 28 is its exit code when time is up.
class ProxyTest : public ::testing::Test {
protected:
    ProxyTest()
        : server_([](const fakes::Call& call) {
              return fakes::Reply{200, {{"Content-Type", "text/plain"}}, "you said " + call.body, {}};
          }),
          proxy_(server_.port()) {}

    RunResult ask(const std::string& body, const std::string& limit = "30") const {
        return run(
            {"curl", "--silent", "--noproxy", "*", "--max-time", limit, "--data-binary", body, proxy_.url() + "/"});
    }
    HttpServer server_;
    FaultProxy proxy_;
};

TEST_F(ProxyTest, PassesAndCounts) {
    const auto said = ask("hello");
    EXPECT_EQ(said.status, 0);
    EXPECT_EQ(said.out, "you said hello");
    ASSERT_TRUE(proxy_.await([](const auto& all) { return all.size() == 1 && all[0].over; }));
    const auto first = proxy_.connections().front();
    EXPECT_GT(first.up, 100U);
    EXPECT_GT(first.down, 50U);
    EXPECT_FALSE(first.struck);
    ASSERT_EQ(ask(std::string(100'000, 'x')).status, 0);
    EXPECT_GT(proxy_.connections().at(1).up, 100'000U);
}

TEST_F(ProxyTest, CutsAtTheByte) {
    for (const bool reset : {false, true})
        for (const Way way : {Way::up, Way::down})
            for (const std::uint64_t bytes : {0U, 1U, 40U}) {
                proxy_.plan(Passage::cut_at(way, bytes, reset));
                const auto count = proxy_.connections().size();
                EXPECT_NE(ask("hello").status, 0);
                ASSERT_TRUE(proxy_.await([&](const auto& all) { return all.size() > count && all[count].over; }));
                const auto traffic = proxy_.connections().at(count);
                EXPECT_TRUE(traffic.struck);
                EXPECT_EQ(way == Way::up ? traffic.up : traffic.down, bytes);
            }
}

TEST_F(ProxyTest, CutsTheAnswerOnlyWhenThereIsOne) {
    proxy_.plan(Passage::cut_beyond(Way::down, 0));
    EXPECT_NE(ask("hello").status, 0);
    EXPECT_GT(proxy_.connections().at(0).up, 100U) << "the whole request passed";
    EXPECT_EQ(proxy_.connections().at(0).down, 0U);
    proxy_.plan(Passage::cut_beyond(Way::down, 1'000'000));
    EXPECT_EQ(ask("hello").out, "you said hello");
}

TEST_F(ProxyTest, StallsUntilReleased) {
    proxy_.plan_next(Passage::stall(Way::down, 20));
    EXPECT_EQ(ask("hello", "0.3").status, 28) << "curl gives up, the proxy does not";
    ASSERT_TRUE(proxy_.await([](const auto& all) { return all.size() == 1 && all[0].over; }));
    EXPECT_EQ(proxy_.connections().at(0).down, 20U);

    proxy_.plan_next(Passage::stall(Way::down, 20));
    std::thread releases([this] {
        EXPECT_TRUE(proxy_.await([](const auto& all) { return all.size() == 2 && all[1].struck; }));
        proxy_.release();
    });
    EXPECT_EQ(ask("hello").out, "you said hello");
    releases.join();
}

TEST_F(ProxyTest, TricklesRefusesAndReplies) {
    proxy_.plan_next(Passage::trickle(Way::down));
    EXPECT_EQ(ask("hello").out, "you said hello");
    EXPECT_TRUE(proxy_.connections().at(0).struck);
    proxy_.plan_next(Passage::refuse());
    EXPECT_NE(ask("hello").status, 0);
    proxy_.plan_next(Passage::reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno!"));
    EXPECT_EQ(ask("hello").out, "no!");
    EXPECT_EQ(ask("hello").out, "you said hello") << "plans for the next connection are for that one only";
}

TEST(ProxyAlone, IsResetWhenThereIsNoServer) {
    int port = 0;
    {
        const HttpServer server([](const fakes::Call&) { return fakes::Reply{}; });
        port = server.port();
    }
    const FaultProxy proxy(port);
    EXPECT_NE(run({"curl", "--silent", "--noproxy", "*", proxy.url() + "/"}).status, 0);
}

}  // namespace
}  // namespace lockstep::test
