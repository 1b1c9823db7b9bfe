// SPDX-License-Identifier: MIT
// What an approval is good for: this plan, these hosts, until then.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lockstep/adapters/deploy_approval.hpp"
#include "lockstep/core/deploy_approval.hpp"
#include "unit/deploy_plan_sample.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Json = nlohmann::json;

const std::chrono::system_clock::time_point k_now{1'795'226'400s};
const std::string k_signature = "-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\nAA==\n-----END SSH SIGNATURE-----\n";

Approval sample() {
    return approval_of(sample_plan(), "alice@example.org", k_now, 24h);
}

std::string trouble(const Approval& approval, std::chrono::system_clock::time_point now = k_now,
                    std::chrono::milliseconds longest = 0ms) {
    return approval_trouble(approval, sample_plan(), now, longest).value_or("");
}

TEST(DeployApproval, IsOfThePlanAndItsHosts) {
    EXPECT_EQ(sample().plan, plan_hash(sample_plan()));
    EXPECT_THAT(sample().hosts, ElementsAre("web1", "web2"));
    EXPECT_EQ(trouble(sample()), "");
}

TEST(DeployApproval, IsNoWordForAnotherPlan) {
    auto plan = sample_plan();
    plan.hosts[0].to = plan.hosts[0].from;
    const auto other = approval_of(plan, "alice@example.org", k_now, 24h);
    EXPECT_THAT(trouble(other),
                AllOf(HasSubstr("another plan"), HasSubstr(plan_hash(plan)), HasSubstr(plan_hash(sample_plan()))));
    auto commit = sample();
    commit.commit = "f";
    EXPECT_THAT(trouble(commit), HasSubstr("another commit"));
    auto proof = sample();
    proof.proof = "f";
    EXPECT_THAT(trouble(proof), HasSubstr("another run"));
}

TEST(DeployApproval, ExpiresToTheSecond) {
    EXPECT_EQ(trouble(sample(), k_now + 24h - 1s), "");
    EXPECT_THAT(trouble(sample(), k_now + 24h), HasSubstr("expired at 2026-11-22T"));
    // Whoever signs does not decide alone for how long it counts.
    EXPECT_EQ(trouble(sample(), k_now + 1h - 1s, 1h), "");
    EXPECT_THAT(trouble(sample(), k_now + 1h, 1h), HasSubstr("deploy.approval_valid"));
    EXPECT_EQ(trouble(sample(), k_now - 9min), "") << "clocks differ";
    EXPECT_THAT(trouble(sample(), k_now - 11min), HasSubstr("not yet"));
}

TEST(DeployApproval, IsReadAsItWasWritten) {
    const SignedApproval file{sample(), k_signature};
    const auto read = read_approval_file(approval_file_json(file));
    ASSERT_TRUE(read.ok()) << read.error().why;
    EXPECT_EQ(read.value(), file);
    EXPECT_EQ(Json::parse(approval_file_json(file))["approval"].dump() + "\n", approval_text(sample()));
}

TEST(DeployApproval, EveryFieldIsSigned) {
    const auto json = Json::parse(approval_file_json({sample(), k_signature}))["approval"].flatten();
    EXPECT_GE(json.size(), 10U);
    std::set<std::string> texts = {approval_text(sample())};
    for (const auto& [place, value] : json.items()) {
        auto file = Json::parse(approval_file_json({sample(), k_signature}));
        const bool time = place == "/signed" || place == "/expires";
        file["approval"][Json::json_pointer(place)] = time ? "2026-01-01T00:00:00Z" : "other";
        const auto read = read_approval_file(file.dump());
        ASSERT_TRUE(read.ok()) << place << ": " << read.error().why;
        EXPECT_TRUE(texts.insert(approval_text(read->approval)).second) << place;
    }
}

TEST(DeployApproval, WhatIsNoApprovalIsNamed) {
    const auto why = [](const Json& json) {
        const auto read = read_approval_file(json.dump());
        return read.ok() ? "" : read.error().why;
    };
    const auto good = Json::parse(approval_file_json({sample(), k_signature}));
    auto json = good;
    json["schema"] = "lockstep-approval/2.0";
    EXPECT_THAT(why(json), HasSubstr("lockstep-approval/2.0"));
    json = good;
    json["signature"] = "yes";
    EXPECT_THAT(why(json), HasSubstr("no ssh signature"));
    json["signature"] = k_signature + "more\n";
    EXPECT_THAT(why(json), HasSubstr("no ssh signature"));
    json["signature"] = 1;
    EXPECT_THAT(why(json), HasSubstr("no ssh signature"));
    json = good;
    for (const auto* name : {"", "-f", "*", "a b", "alice,bob", "!a", "\"a\""}) {
        json["approval"]["signer"] = name;
        EXPECT_NE(why(json), "") << name;
    }
    json = good;
    json["approval"]["also"] = "everything";
    EXPECT_THAT(why(json), HasSubstr("does not know"));
    json = good;
    json["approval"].erase("expires");
    EXPECT_THAT(why(json), HasSubstr("`approval.expires` is not there"));
    json = good;
    json["approval"]["expires"] = "2026-11-22";
    EXPECT_THAT(why(json), HasSubstr("no time"));
    json = good;
    json["approval"]["hosts"] = "web1";
    EXPECT_THAT(why(json), HasSubstr("no list"));
    EXPECT_THAT(why(Json::array()), HasSubstr("no JSON object"));
}

TEST(DeployApproval, CoversTheHostsThatItNames) {
    const auto plan = sample_plan();
    auto one = sample();
    one.hosts = {"web1"};
    EXPECT_THAT(uncovered_hosts(plan.waves[0], {{one, "SHA256:x"}}), IsEmpty());
    EXPECT_THAT(uncovered_hosts(plan.waves[1], {{one, "SHA256:x"}}), ElementsAre("web2"));
    EXPECT_THAT(uncovered_hosts(plan.waves[1], {}), ElementsAre("web2"));
    auto other = one;
    other.hosts = {"web2"};
    EXPECT_THAT(uncovered_hosts(plan.waves[1], {{one, "SHA256:x"}, {other, "SHA256:y"}}), IsEmpty());
}

TEST(DeployApproval, SshKeygenIsAskedWithoutQuestionsToPeople) {
    const auto sign = deploy::approval_sign_command("/keys/alice", "text\n");
    EXPECT_THAT(sign.argv, ElementsAre("ssh-keygen", "-Y", "sign", "-n", "lockstep-approval", "-f", "/keys/alice"));
    EXPECT_EQ(sign.stdin_text, "text\n");
    EXPECT_THAT(sign.env_set, Contains(Pair("SSH_ASKPASS_REQUIRE", "never")));
    EXPECT_THAT(deploy::signature_verify_command("/a", "alice@example.org", "/s", "text\n").argv,
                ElementsAre("ssh-keygen", "-Y", "verify", "-f", "/a", "-I", "alice@example.org", "-n",
                            "lockstep-approval", "-s", "/s"));
    EXPECT_THAT(deploy::signature_check_command("/s", "text\n").argv,
                ElementsAre("ssh-keygen", "-Y", "check-novalidate", "-n", "lockstep-approval", "-s", "/s"));
}

TEST(DeployApproval, TheKeyIsReadFromWhatSshKeygenSays) {
    EXPECT_EQ(
        deploy::parse_good_signature("Good \"lockstep-approval\" signature for alice@example.org with ED25519 key "
                                     "SHA256:gbair2OJ9t1Ip3warweAGDsVLdKbmJpjD4Dq9kwebR4\n"),
        "SHA256:gbair2OJ9t1Ip3warweAGDsVLdKbmJpjD4Dq9kwebR4");
    EXPECT_EQ(deploy::parse_good_signature("Could not verify signature.\n"), std::nullopt);
    EXPECT_EQ(deploy::parse_good_signature("Good signature with key SHA256:a b\n"), std::nullopt);
}

}  // namespace
}  // namespace lockstep
