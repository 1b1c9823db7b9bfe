// SPDX-License-Identifier: MIT
// Replies to pings and commands: what counts, and how it is told.
#include "lockstep/core/fleet_replies.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using ::testing::HasSubstr;

FleetPing ping(PingEnd end, bool required = true) {
    return {
        .name = "web1", .address = "10.0.0.1", .required = required, .end = end, .took = Millis(310), .trouble = "no"};
}

TEST(FleetPings, OnlyRequiredHostsDecideTheExitCode) {
    EXPECT_EQ(ping_exit({}), ExitCode::ok);
    EXPECT_EQ(ping_exit({ping(PingEnd::answered)}), ExitCode::ok);
    EXPECT_EQ(ping_exit({ping(PingEnd::answered), ping(PingEnd::unreachable, false)}), ExitCode::ok);
    EXPECT_EQ(ping_exit({ping(PingEnd::not_let_in, false)}), ExitCode::ok);
    EXPECT_EQ(ping_exit({ping(PingEnd::not_let_in)}), ExitCode::credentials);
    EXPECT_EQ(ping_exit({ping(PingEnd::not_let_in), ping(PingEnd::unreachable)}), ExitCode::infrastructure);
}

TEST(FleetPings, AreALineEach) {
    EXPECT_EQ(fleet_ping_text({ping(PingEnd::answered), ping(PingEnd::unreachable, false)}),
              "web1  answered     310 ms  10.0.0.1\n"
              "web1  unreachable  -       may be off; no\n");
    const auto json = nlohmann::json::parse(fleet_ping_json({ping(PingEnd::not_let_in)}));
    EXPECT_EQ(json["hosts"][0]["result"], "not_let_in");
    EXPECT_EQ(json["hosts"][0]["milliseconds"], 310);
}

FleetExec ended(ExecEnd end, bool required = true) {
    return {.name = "web1", .required = required, .end = end, .code = end == ExecEnd::failed ? 3 : -1};
}

TEST(FleetExecs, AnyFailureIsTold) {
    EXPECT_EQ(exec_exit({ended(ExecEnd::done)}), ExitCode::ok);
    EXPECT_EQ(exec_exit({ended(ExecEnd::done), ended(ExecEnd::failed)}), ExitCode::hosts_failed);
    EXPECT_EQ(exec_exit({ended(ExecEnd::failed, false)}), ExitCode::hosts_failed);
    EXPECT_EQ(exec_exit({ended(ExecEnd::lost, false)}), ExitCode::hosts_failed);
    EXPECT_EQ(exec_exit({ended(ExecEnd::unreachable, false)}), ExitCode::ok);
    EXPECT_EQ(exec_exit({ended(ExecEnd::unreachable)}), ExitCode::infrastructure);
    EXPECT_EQ(exec_exit({ended(ExecEnd::unreachable), ended(ExecEnd::failed)}), ExitCode::hosts_failed);
    EXPECT_EQ(fleet_exec_text({ended(ExecEnd::done), ended(ExecEnd::failed), ended(ExecEnd::not_started)}),
              "web1: exit code 3\nweb1: not started\n1 done, 1 failed, 1 not started\n");
    auto host = ended(ExecEnd::done);
    host.code = 0;
    host.out = "a\x1b[31mb\n";
    const auto json = nlohmann::json::parse(fleet_exec_json({host}));
    EXPECT_EQ(json["hosts"][0]["out"], "ab\n");
    EXPECT_EQ(json["hosts"][0]["exit_code"], 0);
}

TEST(PrefixedLines, ComeWholeAndClean) {
    PrefixedLines lines("web1 | ");
    EXPECT_EQ(lines.take("one\n  tw"), "web1 | one\n");
    EXPECT_EQ(lines.take("o\n\nlast"), "web1 |   two\nweb1 | \n");
    EXPECT_EQ(lines.rest(), "web1 | last\n");
    EXPECT_EQ(lines.rest(), "");
    EXPECT_EQ(lines.take("\x1b]0;title\x07red\x1b[31m\n"), "web1 | red\n");
    const auto long_one = lines.take(std::string(100'000, 'x'));
    EXPECT_THAT(long_one, HasSubstr(std::string(16'384, 'x') + "\nweb1 | x"));
    EXPECT_LE(lines.rest().size(), 16'384u + 8u);
}

}  // namespace
}  // namespace lockstep
