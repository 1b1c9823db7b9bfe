// SPDX-License-Identifier: MIT
// Which ends are told, what is remembered of them, and what waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/notify_scene.hpp"

namespace lockstep::notify {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using State = NotificationState;

RunReport ended(Outcome outcome, ExitCode exit, const std::string& id, const std::string& command = "run") {
    RunReport report;
    report.run.id = id;
    report.run.command = command;
    report.run.finished = TimePoint(std::chrono::seconds(1'795'226'400));
    report.ending = {outcome, exit, "", ""};
    return report;
}

const auto k_landed = [](const char* id) { return ended(Outcome::landed, ExitCode::ok, id); };
const auto k_red = [](const char* id) { return ended(Outcome::proposed, ExitCode::hosts_failed, id); };

std::vector<std::string> sinks(const Outbox& outbox) {
    std::vector<std::string> names;
    for (const auto& entry : outbox.entries) names.push_back(entry.sink);
    return names;
}

TEST(WorthTelling, ChangeMeansAnotherVerdictThanLastTime) {
    const auto told = [](const RunReport& before) { return with_run({}, before); };
    EXPECT_TRUE(worth_telling(NotifyWhen::change, k_landed("1"), {})) << "the first one";
    EXPECT_FALSE(worth_telling(NotifyWhen::change, k_landed("2"), told(k_landed("1"))));
    EXPECT_FALSE(
        worth_telling(NotifyWhen::change, ended(Outcome::unchanged, ExitCode::nothing_to_do, "2"), told(k_landed("1"))))
        << "success is success";
    EXPECT_TRUE(worth_telling(NotifyWhen::change, k_red("2"), told(k_landed("1"))));
    EXPECT_FALSE(worth_telling(NotifyWhen::change, k_red("2"), told(k_red("1"))));
    EXPECT_TRUE(worth_telling(NotifyWhen::change, k_landed("2"), told(k_red("1"))));
    EXPECT_TRUE(
        worth_telling(NotifyWhen::change, ended(Outcome::stopped, ExitCode::infrastructure, "2"), told(k_red("1"))));
    EXPECT_TRUE(worth_telling(NotifyWhen::change,
                              ended(Outcome::deploy_failed, ExitCode::deploy_rolled_back, "2", "deploy"),
                              told(ended(Outcome::deploy_failed, ExitCode::deploy_rolled_back, "1"))))
        << "commands are compared with themselves";
}

TEST(WorthTelling, AnotherBaseOrFlakeHasVerdictsOfItsOwn) {
    const auto on = [](RunReport report, const char* base, const char* flake = "") {
        report.repo.base = base;
        report.repo.flake = flake;
        return report;
    };
    const auto told = with_run(with_run({}, on(k_red("1"), "main")), on(k_red("2"), "staging"));
    EXPECT_FALSE(worth_telling(NotifyWhen::change, on(k_red("3"), "main"), told));
    EXPECT_TRUE(worth_telling(NotifyWhen::change, on(k_red("3"), "main", "hosts/eu"), told));
    const auto mixed = with_run(told, on(k_landed("3"), "main"));
    EXPECT_TRUE(worth_telling(NotifyWhen::change, on(k_landed("4"), "staging"), mixed));
    EXPECT_FALSE(worth_telling(NotifyWhen::change, on(k_red("4"), "staging"), mixed));
    EXPECT_TRUE(worth_telling(NotifyWhen::change, on(k_red("4"), "main"), mixed));
}

TEST(WorthTelling, TroubleBeforeBaseIsKnownConcernsEveryBase) {
    auto well = k_landed("1");
    well.repo.base = "main";
    const auto down = ended(Outcome::stopped, ExitCode::infrastructure, "2");
    auto told = with_run(with_run({}, well), down);
    EXPECT_FALSE(worth_telling(NotifyWhen::change, ended(Outcome::stopped, ExitCode::infrastructure, "3"), told));
    well.run.id = "3";
    EXPECT_TRUE(worth_telling(NotifyWhen::change, well, told)) << "it is well again";
    told = with_run(told, well);
    EXPECT_TRUE(worth_telling(NotifyWhen::change, ended(Outcome::stopped, ExitCode::infrastructure, "4"), told));
}

TEST(WorthTelling, ItsOwnTraceIsNoEarlierRun) {
    const auto told = with_run(with_run({}, k_landed("1")), k_red("2"));
    EXPECT_TRUE(worth_telling(NotifyWhen::change, k_red("2"), told));
    EXPECT_EQ(with_run(told, k_red("2")), told);
}

TEST(WorthTelling, AResumedRunIsComparedWithItsFirstEnd) {
    auto resumed = k_landed("1");
    resumed.run.resumed = 1;
    EXPECT_TRUE(worth_telling(NotifyWhen::change, resumed,
                              with_run({}, ended(Outcome::stopped, ExitCode::infrastructure, "1"))));
}

TEST(WorthTelling, TroubleAndAlways) {
    EXPECT_FALSE(worth_telling(NotifyWhen::trouble, k_landed("1"), {}));
    EXPECT_TRUE(worth_telling(NotifyWhen::trouble, k_red("2"), with_run({}, k_red("1"))));
    EXPECT_TRUE(worth_telling(NotifyWhen::always, k_landed("2"), with_run({}, k_landed("1"))));
}

TEST(IsTold, EndsThatSaySomethingAboutTheRepository) {
    EXPECT_TRUE(is_told(k_landed("1")));
    EXPECT_TRUE(is_told(ended(Outcome::deployed, ExitCode::ok, "1", "deploy")));
    EXPECT_TRUE(is_told(ended(Outcome::stopped, ExitCode::config, "1")));
    for (const auto exit : {ExitCode::interrupted, ExitCode::terminated, ExitCode::locked})
        EXPECT_FALSE(is_told(ended(Outcome::stopped, exit, "1"))) << static_cast<int>(exit);
    for (const auto* command : {"plan", "build", "doctor"})
        EXPECT_FALSE(is_told(ended(Outcome::proved, ExitCode::ok, "1", command))) << command;
    auto dry = k_landed("1");
    dry.run.dry_run = true;
    EXPECT_FALSE(is_told(dry));
}

TEST(RepositoryName, HoldsNoCredentials) {
    EXPECT_EQ(repository_name("https://user:s3cret@git.example.org/acme/fleet.git"), "git.example.org/acme/fleet");
    EXPECT_EQ(repository_name("git@git.example.org:acme/fleet.git"), "git.example.org/acme/fleet");
    EXPECT_EQ(repository_name("/srv/git/fleet.git/"), "fleet");
    EXPECT_EQ(repository_name("file:///srv/git/fleet.git"), "fleet");
    EXPECT_EQ(repository_name(""), "unknown");
}

TEST(ToldFile, ReadsWhatItWrote) {
    auto told = with_run(with_run({}, test::sample_report()), ended(Outcome::deployed, ExitCode::ok, "2", "deploy"));
    told = with_run(told, test::green_report());
    EXPECT_EQ(read_told(told_json(told)), told);
    EXPECT_GT(told.commands.at("run").landing, 0);
}

TEST(ToldFile, WhatCouldNotBeDeployedLandedOnlyIfBaseMoved) {
    auto report = ended(Outcome::deploy_failed, ExitCode::deploy_unknown, "1");
    report.repo.base_before = report.repo.base_after = "aaaa";
    report.repo.candidate_commit = "bbbb";
    EXPECT_EQ(with_run({}, report).commands.at("run").landing, 0) << "a canary kept it from landing";
    report.repo.base_after = "bbbb";
    EXPECT_GT(with_run({}, report).commands.at("run").landing, 0);
}

TEST(ToldFile, NonsenseIsNothing) {
    const auto good = told_json(with_run({}, test::sample_report()));
    for (std::size_t cut = 0; cut + 1 < good.size(); ++cut) (void)read_told(good.substr(0, cut));
    for (const char* text : {"", "[]", "{\"schema\":7}", "{\"schema\":\"lockstep-told/2.0\"}",
                             R"({"schema":"lockstep-told/1.0","commands":[1]})"})
        EXPECT_EQ(read_told(text), Told{}) << text;
    const auto odd = read_told(
        R"({"schema":"lockstep-told/1.0","version":3,"commands":{"run":{"id":[],"verdict":"x","hosts":{"built":"many","failed":99999999999}}}})");
    EXPECT_EQ(odd.commands.at("run").hosts.at("failed"), 0);
    EXPECT_EQ(read_told(std::string(100'000, '[')), Told{});
}

TEST(OutboxFile, ReadsWhatItWrote) {
    auto outbox = fresh_outbox(all_places(), news_of(test::sample_report()));
    outbox.entries[0] = {"pushgateway", State::sent, 1, ""};
    outbox.entries[1] = {"textfile", State::given_up, 6, "no \"room\"\n"};
    auto read = read_outbox(outbox_json(outbox));
    ASSERT_TRUE(read.ok());
    outbox.entries[1].error = "no \"room\"";
    EXPECT_EQ(read.value(), outbox);
    EXPECT_TRUE(read->waits());
}

TEST(OutboxFile, WhatIsNoneIsAnError) {
    for (const char* text :
         {"", "{}", "[]", R"({"schema":"lockstep-outbox/1.0","id":"x","entries":[{"sink":"slack"}]})",
          R"({"schema":"lockstep-outbox/1.0","id":"x","entries":[{"sink":"slack","state":"new","attempts":0}]})",
          R"({"schema":"lockstep-outbox/1.0","id":"x","entries":[{"sink":"slack","state":"sent","attempts":-1}]})",
          R"({"schema":"lockstep-outbox/1.0","id":1,"entries":[]})"})
        EXPECT_FALSE(read_outbox(text).ok()) << text;
    EXPECT_FALSE(read_outbox(std::string(100'000, '[')).ok());
}

TEST(FreshOutbox, MetricsAlwaysMessagesByThePolicy) {
    auto places = all_places();
    auto news = news_of(k_landed("2"));
    news.told = with_run(with_run({}, k_landed("1")), k_landed("2"));
    places.wish.on = NotifyWhen::change;
    EXPECT_THAT(sinks(fresh_outbox(places, news)), ElementsAre("pushgateway", "textfile"));
    places.wish.on = NotifyWhen::always;
    EXPECT_THAT(sinks(fresh_outbox(places, news)), ElementsAre("pushgateway", "textfile", "slack", "mail", "nats"));
    EXPECT_TRUE(fresh_outbox(Places{}, news).entries.empty());
}

TEST(Settle, WaitsForTheServerButNotForever) {
    Notification entry{"slack", State::waiting, 0, ""};
    const Result<void> down = Error{ErrorKind::infrastructure, "no answer", "refused\nby all", ""};
    for (int i = 1; i < k_most_attempts; ++i) {
        settle(entry, down);
        EXPECT_EQ(entry, (Notification{"slack", State::waiting, i, "no answer: refused by all"}));
    }
    settle(entry, down);
    EXPECT_EQ(entry.state, State::given_up);
}

TEST(Settle, SentIsSentAndRefusedIsRefused) {
    Notification entry{"slack", State::waiting, 1, "no answer"};
    settle(entry, {});
    EXPECT_EQ(entry, (Notification{"slack", State::sent, 2, ""}));
    entry = {"slack", State::waiting, 0, ""};
    settle(entry, Error{ErrorKind::credentials, "the message was not taken", "it answered 404", ""});
    EXPECT_EQ(entry.state, State::given_up);
    EXPECT_THAT(entry.error, HasSubstr("404"));
}

TEST(DropOutdated, StatesOfEarlierRunsAndSinksThatAreGone) {
    auto outbox = fresh_outbox(all_places(), news_of(test::sample_report()));
    auto places = all_places();
    places.wish.nats.clear();
    auto later = outbox;
    drop_outdated(later, places, true);
    for (const auto& entry : later.entries)
        EXPECT_EQ(entry.state == State::waiting, entry.sink == "slack" || entry.sink == "mail") << entry.sink;
    drop_outdated(outbox, places, false);
    for (const auto& entry : outbox.entries)
        EXPECT_EQ(entry.state == State::waiting, entry.sink != "nats") << entry.sink;
    outbox.entries = {{"pigeon", State::waiting, 1, "lost"}, {"slack", State::sent, 1, ""}};
    drop_outdated(outbox, Places{}, true);
    EXPECT_EQ(outbox.entries[0].state, State::given_up);
    EXPECT_EQ(outbox.entries[1].state, State::sent);
}

TEST(Accepted, TellsLaterFromNever) {
    EXPECT_TRUE(accepted({200, {}, "ok"}).ok());
    EXPECT_TRUE(accepted({202, {}, ""}).ok());
    for (const int status : {408, 429, 500, 502, 503})
        EXPECT_EQ(accepted({status, {}, ""}).error().kind, ErrorKind::infrastructure) << status;
    for (const int status : {301, 302, 400, 401, 403, 404, 410})
        EXPECT_EQ(accepted({status, {}, ""}).error().kind, ErrorKind::credentials) << status;
    EXPECT_EQ(accepted({400, {}, "text \x1b[31mformat\nparsing error"}).error().why,
              "it answered 400: text format parsing error");
}

}  // namespace
}  // namespace lockstep::notify
