// SPDX-License-Identifier: MIT
// What `plan` says of hosts without asking them: known, and not known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/core/config.hpp"
#include "lockstep/core/deploy_outlook.hpp"
#include "lockstep/core/deploy_plan_policy.hpp"

namespace lockstep {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

const std::string k_v1 = "/nix/store/00000000000000000000000000000000-nixos-24.05";
const std::string k_v2 = "/nix/store/11111111111111111111111111111111-nixos-24.11";

TEST(DeployOutlook, SaysWhatIsKnownOfEachHost) {
    const auto text = deploy_outlook_text({{.name = "web1", .running = k_v1, .proved = k_v2, .packages = "2 change"},
                                           {.name = "web2", .running = k_v2, .proved = k_v2},
                                           {.name = "web3", .proved = k_v2},
                                           {.name = "web4", .running = k_v1},
                                           {.name = "web5", .running = k_v1, .proved = k_v2, .went_back = true}},
                                          "20261121-020000-abcd");
    EXPECT_THAT(text,
                AllOf(HasSubstr("run 20261121-020000-abcd"), HasSubstr("no host was asked"),
                      HasSubstr("web1  was left with 0000000…-nixos-24.05; would get 1111111…-nixos-24.11 (2 change)"),
                      HasSubstr("web2  was left with what is proved"), HasSubstr("web3  was never deployed to"),
                      HasSubstr("web4  nothing is proved for it"), HasSubstr("packages: not known here"),
                      HasSubstr("it went back from that before"), HasSubstr("not known: what this update brings")));
}

TEST(DeployOutlook, WhatAnEndThatNobodyKnowsLeftIsNotCalledNothing) {
    EXPECT_THAT(deploy_outlook_text({{.name = "web1", .proved = k_v2, .unsure = true}}, "r"),
                HasSubstr("web1  what was left there is not known; would get 1111111…-nixos-24.11"));
}

TEST(DeployOutlook, IsBoundedAndSaysWhenNothingIsKnown) {
    EXPECT_THAT(deploy_outlook_text({{.name = "web1", .proved = k_v2}}, "r"), HasSubstr("no host was deployed to"));
    EXPECT_THAT(deploy_outlook_text({{.name = "web1", .running = k_v1}}, ""), HasSubstr("nothing was proved"));
    std::vector<HostOutlook> many(60, {.name = "web", .running = k_v1, .proved = k_v2});
    EXPECT_THAT(deploy_outlook_text(many, "r"), HasSubstr("and 10 hosts more"));
}

TEST(DeployPlanPolicy, IsWhatTheConfigurationSaysAboutDeploying) {
    Config config;
    EXPECT_THAT(plan_policy(config), ElementsAre(Pair("deploy.strategy", "smart")));
    config.deploy.copies = 3;
    config.deploy.health = {"unit nginx.service"};
    config.deploy.approvers = "approvers";
    config.deploy.approval_valid = std::chrono::hours(1);
    config.prove.slots = 3;
    EXPECT_THAT(plan_policy(config), ElementsAre(Pair("deploy.copies", "3"), Pair("deploy.health", HasSubstr("nginx")),
                                                 Pair("deploy.strategy", "smart")));
}

}  // namespace
}  // namespace lockstep
