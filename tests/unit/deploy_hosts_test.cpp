// SPDX-License-Identifier: MIT
// The hosts of a deploy are what its journal names, whatever becomes of selectors.
#include "lockstep/core/deploy_hosts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

JournalRecord fact(std::string data, std::string step = "deploy-hosts") {
    return {.seq = 0, .time = {}, .kind = "fact", .step = std::move(step), .data_json = std::move(data)};
}

std::vector<JournalRecord> facts_of(const Names& names) {
    std::vector<JournalRecord> journal;
    for (auto& data : deploy_hosts_data(names)) journal.push_back(fact(std::move(data)));
    return journal;
}

TEST(DeployHosts, AreReadAsTheyWereWritten) {
    const Names names{"db1", "mac", "web-1.example_org"};
    auto journal = facts_of(names);
    EXPECT_EQ(journal.size(), 1U);
    EXPECT_EQ(deploy_hosts(journal), names);
    journal.push_back(facts_of({"web2"}).front());
    EXPECT_EQ(deploy_hosts(journal), names) << "they are chosen once";
}

TEST(DeployHosts, NoLineIsTooLongForAJournal) {
    Names names;
    for (int n = 0; n < 3000; ++n) names.push_back(std::to_string(n) + std::string(248, 'x'));
    auto journal = facts_of(names);
    for (const auto& record : journal) EXPECT_LT(record.data_json.size(), 1U << 19U);
    EXPECT_EQ(deploy_hosts(journal), names);
    journal.pop_back();
    EXPECT_EQ(deploy_hosts(journal), std::nullopt) << "it was cut off while they were written";
    journal.push_back(facts_of({"web1"}).front());
    EXPECT_EQ(deploy_hosts(journal), Names{"web1"}) << "and chosen again";
}

TEST(DeployHosts, WhatNamesNobodySaysNothing) {
    EXPECT_EQ(deploy_hosts({}), std::nullopt);
    EXPECT_EQ(deploy_hosts({fact(R"({"count":1,"names":"a"})", "deploy-proof")}), std::nullopt);
    EXPECT_EQ(deploy_hosts({fact("[]"), fact("x"), fact(R"({"count":1,"names":7})"), fact(R"({"names":"a"})"),
                            fact(R"({"from":3,"count":4,"names":"b"})")}),
              std::nullopt);
    EXPECT_EQ(deploy_hosts(facts_of({})), std::nullopt);
}

TEST(DeployHosts, WhoWasTouchedAndIsNoTargetAnyMoreIsLost) {
    DeployBegun begun;
    for (const char* host : {"opened", "held", "target"})
        begun.open.push_back({.host = host, .run = "r", .token = "t", .from = "/old", .to = "/new", .boot_id = "b"});
    const auto ended = [&](const std::string& name, HostOutcome outcome) {
        begun.ended.push_back({.name = name, .outcome = outcome, .detail = "so it ended"});
    };
    ended("held", HostOutcome::inconclusive);
    ended("well", HostOutcome::confirmed);
    ended("off", HostOutcome::unreachable);
    ended("had-it", HostOutcome::unchanged);
    ended("later", HostOutcome::not_started);
    ended("busy", HostOutcome::deferred);
    begun.ended.push_back({.name = "foreign"});
    const auto lost = lost_hosts(begun, {"target"});
    Names told;
    for (const auto& host : lost) told.push_back(host.name + " " + std::string(word(host.outcome.value())));
    EXPECT_THAT(told, ElementsAre("held unknown", "off unreachable", "opened unknown", "well confirmed"));
    EXPECT_EQ(lost[2].from + " " + lost[2].to, "/old /new");
    EXPECT_EQ(lost[3].detail, "so it ended");
    EXPECT_THAT(lost_hosts(begun, {"target", "held", "off", "opened", "well"}), IsEmpty());
}

}  // namespace
}  // namespace lockstep
