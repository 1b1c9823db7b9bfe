// SPDX-License-Identifier: MIT
// What earlier deploys teach, and that files of the wrong shape teach nothing.
#include "lockstep/core/deploy_past.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

JournalRecord line(std::string kind, std::string step, std::string data) {
    return {.seq = 0, .time = {}, .kind = std::move(kind), .step = std::move(step), .data_json = std::move(data)};
}

TEST(DeployPast, ASwitchIsOpenUntilItsHostEnded) {
    const auto begun = deploy_begun(
        {line("intent", "switch",
              R"({"host":"a","run":"r","token":"t","from":"/f","to":"/t","boot":"b","clock":7,"failed_units_known":1,)"
              R"("failed_units":"x.service y.service"})"),
         line("intent", "switch", R"({"host":"b","run":"r","to":"/t"})"),
         line("outcome", "deploy-host", R"({"host":"b","outcome":"confirmed","running":"/t","detail":"well"})")});
    ASSERT_EQ(begun.open.size(), 1U);
    const auto& open = begun.open.front();
    EXPECT_EQ(open.host + open.run + open.token + open.from + open.to + open.boot_id, "art/f/tb");
    EXPECT_EQ(open.clock, 7);
    EXPECT_THAT(open.failed_units.value(), ElementsAre("x.service", "y.service"));
    ASSERT_EQ(begun.ended.size(), 1U);
    EXPECT_EQ(begun.ended.front().outcome, HostOutcome::confirmed);
    EXPECT_EQ(begun.ended.front().running, "/t");
}

TEST(DeployPast, AHostThatCouldNotBeJudgedStillWaits) {
    const auto begun = deploy_begun({line("intent", "switch", R"({"host":"a"})"),
                                     line("outcome", "deploy-host", R"({"host":"a","outcome":"inconclusive"})")});
    EXPECT_EQ(begun.open.size(), 1U);
}

TEST(DeployPast, HowAHostWasSwitchedIsKnownAfterItsEndToo) {
    const auto begun = deploy_begun(
        {line("intent", "switch",
              R"({"host":"a","run":"r","from":"/f","failed_units_known":1,"failed_units":"x.service"})"),
         line("outcome", "deploy-host", R"({"host":"a","outcome":"boot_pending","from":"/f","wave":"canary"})"),
         line("outcome", "deploy-host", R"({"host":"a","outcome":"unchanged","from":"/t"})")});
    EXPECT_THAT(begun.open, IsEmpty());
    ASSERT_EQ(begun.closed.size(), 1U);
    EXPECT_THAT(begun.closed.front().failed_units.value(), ElementsAre("x.service"));
    ASSERT_EQ(begun.ended.size(), 1U);
    EXPECT_EQ(begun.ended.front().outcome, HostOutcome::boot_pending);
    EXPECT_EQ(begun.ended.front().from, "/f");
}

TEST(DeployPast, ASecondIntentReplacesTheFirst) {
    const auto begun = deploy_begun({line("intent", "switch", R"({"host":"a","run":"r"})"),
                                     line("intent", "switch", R"({"host":"a","run":"r-back"})")});
    ASSERT_EQ(begun.open.size(), 1U);
    EXPECT_EQ(begun.open.front().run, "r-back");
    EXPECT_FALSE(begun.open.front().failed_units) << "nobody said which units had failed";
}

TEST(DeployPast, AWaveIsOpenUntilItWasWatched) {
    const auto begun = deploy_begun(
        {line("fact", "deploy-wave", R"({"wave":"canary","hosts":"a b","tolerated":0,"canary":1,"soaks":1})"),
         line("fact", "deploy-wave-ended", R"({"wave":"other"})"),
         line("fact", "deploy-wave-ended", R"({"wave":"canary"})"),
         line("fact", "deploy-wave", R"({"wave":"rest","hosts":"c","tolerated":2,"canary":0,"soaks":0})"),
         line("fact", "deploy-wave", R"({"wave":7,"hosts":[],"tolerated":-1,"canary":"1"})")});
    ASSERT_EQ(begun.waves.size(), 3U);
    EXPECT_THAT(begun.waves[0].hosts, ElementsAre("a", "b"));
    EXPECT_TRUE(begun.waves[0].canary && begun.waves[0].soaks && begun.waves[0].ended);
    EXPECT_FALSE(begun.waves[1].canary || begun.waves[1].soaks || begun.waves[1].ended);
    EXPECT_EQ(begun.waves[1].tolerated, 2U);
    EXPECT_EQ(begun.waves[2].tolerated, 0U);
    EXPECT_FALSE(begun.stopped);
}

TEST(DeployPast, ARunThatWasStoppedStaysSo) {
    const auto begun = deploy_begun({line("fact", "deploy-stopped", R"({"wave":"canary","reason":"why","frozen":0})")});
    ASSERT_TRUE(begun.stopped);
    EXPECT_EQ(begun.stopped->wave + ": " + begun.stopped->reason, "canary: why");
    EXPECT_FALSE(begun.stopped->frozen);
}

TEST(DeployPast, JournalsOfOtherTypesAreReadAsEmpty) {
    const auto begun =
        deploy_begun({line("intent", "switch", R"({"host":7})"), line("intent", "switch", "[]"),
                      line("intent", "switch", R"({"host":"a","token":[],"clock":"x","failed_units_known":"1"})"),
                      line("outcome", "deploy-host", R"({"host":"b","outcome":5,"running":{}})"),
                      line("fact", "deploy-proof", "x")});
    ASSERT_EQ(begun.open.size(), 1U);
    EXPECT_EQ(begun.open.front().token, "");
    EXPECT_EQ(begun.open.front().clock, 0);
    ASSERT_EQ(begun.ended.size(), 1U);
    EXPECT_EQ(begun.ended.front().outcome, std::nullopt);
}

TEST(DeployPast, TheProofIsNamedByTheJournal) {
    EXPECT_EQ(deploy_proof({line("fact", "deploy-proof", R"({"run":"20261121T0200"})")}), "20261121T0200");
    EXPECT_EQ(deploy_proof({line("fact", "deploy-proof", R"({"run":7})")}), "");
    EXPECT_EQ(deploy_proof({line("fact", "base", R"({"run":"x"})")}), "");
}

TEST(DeployPast, TheNewestDeployOfAHostSaysHowItEnded) {
    DeployPast past;
    learn_deploy(
        R"({"hosts":[{"name":"a","state":"confirmed","to":"/2","running":"/2"},{"name":"c","state":"not_started"}]})",
        past);
    learn_deploy(
        R"({"hosts":[{"name":"a","state":"rolled_back","to":"/1","running":"/0"},{"name":"b","state":"unreachable"},)"
        R"({"name":"c","state":"failed"}]})",
        past);
    EXPECT_THAT(past.running, ElementsAre(std::pair<const std::string, std::string>("a", "/2")));
    EXPECT_THAT(past.went_back["a"], ElementsAre("/1"));
    EXPECT_THAT(past.failed, ElementsAre("b", "c")) << "that a did not hold once is over";
    EXPECT_THAT(past.unreachable, ElementsAre("b"));
}

TEST(DeployPast, WhatWaitsForABootIsExpectedAsWellAsWhatRuns) {
    DeployPast past;
    learn_deploy(R"({"hosts":[{"name":"a","state":"boot_pending","to":"/2","running":"/1"},)"
                 R"({"name":"b","state":"confirmed","to":"/2","running":"/2"}]})",
                 past);
    learn_deploy(R"({"hosts":[{"name":"b","state":"boot_pending","to":"/1","running":"/0"}]})", past);
    EXPECT_EQ(past.running["a"], "/1");
    EXPECT_THAT(past.next_boot, ElementsAre(std::pair<const std::string, std::string>("a", "/2")))
        << "of b a newer deploy said more";
}

TEST(DeployPast, WhatRunsOnAHostThatNeededAPersonIsNotKnown) {
    DeployPast past;
    learn_deploy(R"({"hosts":[{"name":"a","state":"unknown","to":"/2","running":"/1"},)"
                 R"({"name":"b","state":"rollback_failed","to":"/2"},{"name":"c","state":"unhealthy","to":"/2"},)"
                 R"({"name":"d","state":"drifted","to":"/2","running":"/3"}]})",
                 past);
    for (const char* name : {"a", "b", "c", "d"})
        learn_deploy(
            R"({"hosts":[{"name":")" + std::string(name) + R"(","state":"confirmed","to":"/0","running":"/0"}]})",
            past);
    for (const char* name : {"a", "b", "c"}) EXPECT_EQ(past.running[name], "") << name;
    EXPECT_EQ(past.running["d"], "/0") << "nothing was left there by us since";
}

TEST(DeployPast, WhatACutOffDeployHadBegunIsNotKnown) {
    DeployPast past;
    EXPECT_TRUE(learn_deploy(R"({"finished":false,"hosts":[{"name":"a","state":"running"},)"
                             R"({"name":"b","state":"confirmed","to":"/2","running":"/2"},)"
                             R"({"name":"c","state":"waiting"}]})",
                             past));
    learn_begun({{.host = "a"}}, past);
    EXPECT_FALSE(learn_deploy(R"({"finished":true,"hosts":[{"name":"a","state":"confirmed","running":"/1"},)"
                              R"({"name":"c","state":"confirmed","running":"/1"}]})",
                              past));
    EXPECT_EQ(past.running["a"], "");
    EXPECT_EQ(past.running["b"], "/2");
    EXPECT_EQ(past.running["c"], "/1") << "it had not been begun";
}

TEST(DeployPast, AfterATestWhatWasPermanentIsExpectedFromTheNextBoot) {
    DeployPast past;
    learn_deploy(R"({"hosts":[{"name":"a","state":"confirmed","from":"/1","to":"/2","running":"/2","next_boot":"/0"},)"
                 R"({"name":"b","state":"drifted","to":"/2","running":"/9","next_boot":"/9"},)"
                 R"({"name":"c","state":"rolled_back","to":"/2","running":"/1","next_boot":"/0"}]})",
                 past);
    EXPECT_EQ(past.running["a"], "/2");
    EXPECT_THAT(past.next_boot, ElementsAre(std::pair<const std::string, std::string>("a", "/0"),
                                            std::pair<const std::string, std::string>("c", "/0")));
}

TEST(DeployPast, TheLongestOfTheLastFiveTimesIsExpected) {
    DeployPast past;
    for (const int took : {30, 50, 20, 40, 10, 900})
        learn_deploy(R"({"hosts":[{"name":"a","state":"confirmed","copy_ms":7,"took_ms":)" + std::to_string(took) +
                         R"(},{"name":"b","state":"rolled_back","copy_ms":7,"took_ms":9},)" +
                         R"({"name":"c","state":"unchanged","copy_ms":0,"took_ms":0},)" +
                         R"({"name":"d","state":"confirmed","copy_ms":"7","took_ms":-3}]})",
                     past);
    EXPECT_EQ(longest_lately(past.switches, "a"), Millis(50)) << "the sixth is forgotten";
    EXPECT_EQ(longest_lately(past.copies, "a"), Millis(7));
    for (const char* name : {"b", "c", "d", "nobody"}) {
        EXPECT_EQ(longest_lately(past.switches, name), Millis(0)) << name;
        EXPECT_EQ(longest_lately(past.copies, name), Millis(0)) << name;
    }
}

TEST(DeployPast, AHostThatWentBackBecauseNothingLandedIsNotHeldAgainstItsSystem) {
    DeployPast past;
    learn_deploy(R"({"hosts":[{"name":"a","state":"rolled_back","to":"/1","running":"/0","blameless":true},)"
                 R"({"name":"b","state":"rolled_back","to":"/1","running":"/0","blameless":"yes"}]})",
                 past);
    EXPECT_EQ(past.went_back.count("a"), 0U);
    EXPECT_THAT(past.went_back["b"], ElementsAre("/1"));
}

std::string one_host(const std::string& purpose, const std::string& from, const std::string& to) {
    return R"({"purpose":")" + purpose + R"(","hosts":[{"name":"a","state":"confirmed","from":")" + from +
           R"(","to":")" + to + R"(","running":")" + to + R"("}]})";
}

TEST(DeployPast, ARollbackGoesToWhatRanBeforeAndNeverToAndFro) {
    // Newest first: good → bad, back to good, good → fixed.
    DeployPast past;
    learn_deploy(one_host("deploy", "/good", "/fixed"), past);
    learn_deploy(one_host("rollback", "/bad", "/good"), past);
    learn_deploy(one_host("deploy", "/good", "/bad"), past);
    learn_deploy(one_host("deploy", "/first", "/good"), past);
    EXPECT_EQ(step_to(past, "a", "/fixed")->from, "/good") << "not what was in the list before it";
    EXPECT_EQ(step_to(past, "a", "/good")->from, "/first") << "and not the one that it was rolled back from";
    EXPECT_EQ(step_to(past, "a", "/other"), std::nullopt) << "no deploy brought it";
    EXPECT_EQ(step_to(past, "b", "/good"), std::nullopt);
    EXPECT_EQ(step_to(past, "a", ""), std::nullopt);
    EXPECT_EQ(past.running["a"], "/fixed");
    EXPECT_THAT(past.went_back["a"], ElementsAre("/bad")) << "a deploy leaves it alone until somebody says otherwise";
}

TEST(DeployPast, WhatWasBroughtAgainAfterARollbackIsWanted) {
    DeployPast past;
    learn_deploy(one_host("deploy", "/good", "/new"), past);
    learn_deploy(one_host("rollback", "/new", "/good"), past);
    EXPECT_THAT(past.went_back["a"], IsEmpty());
}

TEST(DeployPast, AnUnchangedDeployIsNoStep) {
    DeployPast past;
    learn_deploy(one_host("deploy", "/good", "/good"), past);
    learn_deploy(one_host("deploy", "/old", "/good"), past);
    EXPECT_EQ(step_to(past, "a", "/good")->from, "/old");
}

TEST(DeployPast, WrongTypesTeachNothing) {
    for (const char* text :
         {"", "[]", "{", "{}", R"({"hosts":{}})", R"({"hosts":[7,[],"x",null]})", R"({"hosts":[{"name":["a"]}]})",
          R"({"hosts":[{"name":"a","state":7}]})", R"({"hosts":[{"name":"a","state":"confirmed "}]})",
          R"({"hosts":[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]})"}) {
        DeployPast past;
        EXPECT_FALSE(learn_deploy(text, past));
        EXPECT_THAT(past.running, IsEmpty()) << text;
        EXPECT_THAT(past.told, IsEmpty()) << text;
    }
    DeployPast past;
    learn_deploy(R"({"hosts":[{"name":"a","state":"confirmed","running":7}]})", past);
    EXPECT_EQ(past.running["a"], "");
}

}  // namespace
}  // namespace lockstep
