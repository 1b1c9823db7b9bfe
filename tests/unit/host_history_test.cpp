// SPDX-License-Identifier: MIT
#include "lockstep/core/host_history.hpp"

#include <gmock/gmock.h>

#include "lockstep/core/deploy_record.hpp"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string k_hash(32, 'a');

std::string status() {
    DeployRecord record;
    record.run = "run-7";
    DeployHostRecord host;
    host.name = "web1";
    host.outcome = HostOutcome::rolled_back;
    host.from = "/nix/store/" + k_hash + "-nixos-1";
    host.to = "/nix/store/" + k_hash + "-nixos-2";
    host.running = host.from;
    host.detail = "nginx.service is failed";
    host.evidence = {"unit nginx.service: failed"};
    host.approver = "ada@example.org";
    host.took = Millis(4'000);
    record.hosts.push_back(host);
    host.name = "web2";
    record.hosts.push_back(host);
    return deploy_status_json(record, {});
}

TEST(HostHistory, ReadsWhatAStatusFileSaysAboutTheHost) {
    const auto deploys = host_deploys(status(), "web1");
    ASSERT_THAT(deploys, SizeIs(1));
    EXPECT_EQ(host_history_text(deploys),
              "run-7  1970-01-01T00:00:00Z  rolled back, 4.0 s\n"
              "  aaaaaaa…-nixos-1 → aaaaaaa…-nixos-2\n"
              "  runs aaaaaaa…-nixos-1\n"
              "  nginx.service is failed\n"
              "  proof: unit nginx.service: failed\n"
              "  agreed to by ada@example.org\n");
    const auto json = host_history_json("web1", deploys);
    for (const std::string text :
         {R"("host": "web1")", R"("state": "rolled_back")", R"("approver": "ada@example.org")", R"("took_ms": 4000)"})
        EXPECT_THAT(json, HasSubstr(text));
    EXPECT_THAT(host_deploys(status(), "web"), IsEmpty());
}

TEST(HostHistory, WrongShapesAreLeftOut) {
    for (const char* text : {"", "[]", "{", R"({"hosts":{}})", R"({"hosts":[7,{"name":8}]})",
                             R"({"hosts":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]})"})
        EXPECT_THAT(host_deploys(text, "web1"), IsEmpty()) << text;
    const auto odd = host_deploys(R"({"run":5,"hosts":[{"name":"a","evidence":[1,"x"],"took_ms":"7","to":[]}]})", "a");
    ASSERT_THAT(odd, SizeIs(1));
    EXPECT_THAT(odd.front().evidence, ElementsAre("x"));
    EXPECT_EQ(odd.front().took, Millis(0));
}

TEST(HostHistory, ShowsNoControlCharacters) {
    const auto deploys = host_deploys(R"({"hosts":[{"name":"a","detail":"x\u001b[2Jy\nz"}]})", "a");
    EXPECT_THAT(host_history_text(deploys), Not(HasSubstr("\x1b")));
    EXPECT_EQ(deploys.front().detail.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace lockstep
