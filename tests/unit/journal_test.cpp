// SPDX-License-Identifier: MIT
// Journals as a crash, a full disk or a bad disk leaves them.
#include "lockstep/core/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* k_time = "2026-11-21T02:00:00Z";

/// A journal line by line.
struct Writer {
    std::vector<std::string> lines;

    Writer() { add("fact", "journal", {{"version", 1}, {"run", "20261121T020000Z-abcdef"}}); }
    Writer& add(std::string_view kind, std::string_view step, const JournalData& data = {}) {
        lines.push_back(journal_line(lines.size(), k_time, kind, step, journal_data(data)));
        return *this;
    }
    [[nodiscard]] std::string text() const {
        std::string all;
        for (const auto& line : lines) all += line + "\n";
        return all;
    }
    [[nodiscard]] RunHistory history() const { return fold_journal(read_journal(text()).records).value(); }
};

Writer a_run() {
    Writer writer;
    writer.add("fact", "settings", {{"command", "run"}, {"directory", "/fleet"}, {"pid", 7}, {"host", "cache"}});
    writer.add("fact", "stage-prepare").add("fact", "base", {{"commit", "aaa"}, {"branch", "main"}});
    writer.add("fact", "stage-update");
    return writer.add("fact", "commit", {{"commit", "ccc"}, {"tree", "ttt"}, {"branch", "flake-update/2026-11-21"}});
}

TEST(Journal, LinesComeBackAsTheyWent) {
    Writer writer;
    writer.add("intent", "push-base", {{"from", "a\"b\n"}, {"count", 3}});
    const auto reading = read_journal(writer.text());
    ASSERT_THAT(reading.records, SizeIs(2));
    EXPECT_EQ(reading.records[1].kind, "intent");
    EXPECT_EQ(reading.records[1].step, "push-base");
    EXPECT_EQ(reading.records[1].data_json, R"({"from":"a\"b\n","count":3})");
    EXPECT_FALSE(reading.torn);
    EXPECT_EQ(reading.damaged_line, 0U);
}

TEST(Journal, ATornLastLineIsNoDamageWhereverItIsCut) {
    const auto whole = a_run().text();
    const auto last = whole.rfind('\n', whole.size() - 2) + 1;
    for (auto end = last; end < whole.size(); ++end) {
        const auto reading = read_journal(std::string_view(whole).substr(0, end));
        EXPECT_EQ(reading.records.size() + 1, a_run().lines.size()) << end;
        EXPECT_EQ(reading.damaged_line, 0U) << end;
        EXPECT_EQ(reading.torn, end != last) << end;
    }
}

TEST(Journal, AWriterThatGoesOnAfterATornLineTakesItsNumber) {
    auto writer = a_run();
    const auto cut = writer.lines.back().substr(0, 20);
    auto text = writer.text();
    text.resize(text.size() - writer.lines.back().size() - 1);
    text += cut + "\n" + writer.lines.back() + "\n";
    const auto reading = read_journal(text);
    EXPECT_THAT(reading.records, SizeIs(writer.lines.size()));
    EXPECT_EQ(reading.damaged_line, 0U);
}

TEST(Journal, ALineThatWasNeverSyncedIsReplacedByItsSuccessor) {
    auto writer = a_run();
    auto text = writer.text();
    text += journal_line(writer.lines.size() - 1, k_time, "fact", "instead", "{}") + "\n";
    const auto reading = read_journal(text);
    ASSERT_THAT(reading.records, SizeIs(writer.lines.size()));
    EXPECT_EQ(reading.records.back().step, "instead");
}

TEST(FaultRow48, AFlippedBitAnywhereIsFoundAndNothingAfterItIsBelieved) {
    const auto whole = a_run().text();
    const auto lines = a_run().lines.size();
    for (std::size_t at = 0; at < whole.size(); ++at) {
        auto text = whole;
        text[at] = static_cast<char>(text[at] ^ 0x04);
        const auto reading = read_journal(text);
        const auto line =
            static_cast<std::size_t>(std::count(whole.begin(), whole.begin() + static_cast<long>(at), '\n'));
        EXPECT_LE(reading.records.size(), std::max(line, lines - 1)) << at;
        for (std::size_t i = 0; i < reading.records.size(); ++i)
            EXPECT_EQ(
                journal_line(i, k_time, reading.records[i].kind, reading.records[i].step, reading.records[i].data_json),
                a_run().lines[i])
                << at;
        // In the last line, or in the line feed before it, it cannot be told from a crash.
        if (line + (whole[at] == '\n' ? 2 : 1) < lines) {
            EXPECT_EQ(reading.damaged_line, line + 1) << at;
        }
    }
}

TEST(Journal, ALineThatNestsTooDeeplyIsNoRecord) {
    for (const auto& [levels, records] : {std::pair{30, 1U}, {31, 0U}}) {
        const auto nested =
            std::string(static_cast<std::size_t>(levels), '[') + std::string(static_cast<std::size_t>(levels), ']');
        const auto line = journal_line(0, k_time, "fact", "journal", R"({"x":)" + nested + "}") + "\n";
        EXPECT_EQ(read_journal(line).records.size(), records) << levels << " levels in data, in a record";
    }
}

TEST(Journal, AMissingLineIsDamage) {
    auto writer = a_run();
    writer.lines.erase(writer.lines.begin() + 2);
    const auto reading = read_journal(writer.text());
    EXPECT_THAT(reading.records, SizeIs(2));
    EXPECT_EQ(reading.damaged_line, 3U);
}

TEST(FaultRow47, TheJournalOfANewerProgramIsRefused) {
    const auto line = journal_line(0, k_time, "fact", "journal", R"({"version":2,"run":"x"})") + "\n";
    const auto history = fold_journal(read_journal(line).records);
    ASSERT_FALSE(history.ok());
    EXPECT_EQ(history.error().kind, ErrorKind::config);
    EXPECT_THAT(history.error().what, HasSubstr("newer lockstep"));
    EXPECT_FALSE(fold_journal({}).ok());
}

TEST(RunHistoryTest, AnIntentIsOpenUntilItsOutcomeIsKnown) {
    auto writer = a_run();
    writer.add("intent", "push-base", {{"from", "aaa"}, {"to", "ccc"}});
    auto history = writer.history();
    ASSERT_THAT(history.open, SizeIs(1));
    EXPECT_EQ(history.open[0].step, "push-base");
    EXPECT_TRUE(history.base_wanted);
    EXPECT_FALSE(history.base_pushed);
    EXPECT_THAT(writer.add("outcome", "push-base", {{"state", "unknown"}}).history().open, SizeIs(1));
    history = writer.add("outcome", "push-base", {{"state", "done"}}).history();
    EXPECT_THAT(history.open, IsEmpty());
    EXPECT_TRUE(history.base_pushed);
}

TEST(RunHistoryTest, ANewCandidateForgetsWhatWasDecidedAboutTheOld) {
    auto writer = a_run();
    writer.add("fact", "proof", {{"commit", "ccc"}, {"crc", 5}}).add("fact", "decided", {{"action", "land"}});
    EXPECT_TRUE(writer.history().decided);
    EXPECT_EQ(writer.history().proof_commit, "ccc");
    const auto history = writer.add("fact", "commit", {{"commit", "ddd"}, {"tree", "t2"}}).history();
    EXPECT_FALSE(history.decided);
    EXPECT_EQ(history.proof_commit, "");
    EXPECT_EQ(history.candidate, "ddd");
}

TEST(RunHistoryTest, WhatTimeMayHealCanBeResumed) {
    EXPECT_TRUE(is_resumable(a_run().history()));
    const auto ended = [](int exit) {
        return is_resumable(a_run().add("outcome", "verdict", {{"outcome", "stopped"}, {"exit", exit}}).history());
    };
    for (const int exit : {21, 30, 40, 41, 75, 130, 143}) EXPECT_TRUE(ended(exit)) << exit;
    for (const int exit : {0, 10, 20, 31, 60, 64, 70, 78}) EXPECT_FALSE(ended(exit)) << exit;
    EXPECT_TRUE(is_resumable(
        a_run().add("outcome", "verdict", {{"outcome", "alarm"}, {"exit", 60}, {"unpublished", 1}}).history()))
        << "nobody has been told";
    auto again = a_run().add("outcome", "verdict", {{"outcome", "landed"}, {"exit", 0}});
    EXPECT_TRUE(is_resumable(again.add("fact", "resumed", {{"pid", 8}}).history()));
    Writer build;
    EXPECT_FALSE(is_resumable(build.add("fact", "settings", {{"command", "build"}}).history()));
}

TEST(RunHistoryTest, ARunThatLandedEndsLikeItsDeploy) {
    const JournalData landed{{"outcome", "landed"}, {"exit", 0}, {"reason", "main moved"}};
    auto run = a_run().add("outcome", "push-base", {{"state", "done"}}).add("outcome", "verdict", landed);
    EXPECT_FALSE(is_resumable(run.history()));
    run.add("fact", "deploy-proof", {{"run", "20261121T020000Z-abcdef"}});
    for (int resumed = 0; resumed < 2; ++resumed) {
        const auto open = run.history();
        EXPECT_EQ(open.deploy, RunHistory::Deploy::begun);
        EXPECT_TRUE(is_resumable(open));
        ASSERT_TRUE(open.verdict) << "it has landed, whatever becomes of its hosts";
        EXPECT_EQ(open.verdict->outcome, "landed");
        EXPECT_THAT(why_sentence(open, false, open.last), HasSubstr("waits for `lockstep resume"));
        run.add("fact", "resumed", {{"pid", 8}});
    }
    for (const int exit : {0, 40, 50, 51, 52, 78}) {
        auto ended = run;
        ended.add("outcome", "deploy",
                  {{"outcome", exit == 0 ? "deployed" : "deploy_failed"},
                   {"exit", exit},
                   {"reason", "1 host"},
                   {"next", "look"}});
        const auto history = ended.history();
        EXPECT_FALSE(is_resumable(history)) << exit;
        EXPECT_TRUE(history.base_pushed);
        ASSERT_TRUE(history.verdict);
        EXPECT_EQ(history.verdict->exit, exit);
        EXPECT_EQ(history.verdict->outcome, exit == 0 ? "landed" : "deploy_failed");
        EXPECT_EQ(history.verdict->reason, "main moved; 1 host");
    }
}

TEST(Why, SaysWhatIsAwaitedSinceWhenAndWhatComesThen) {
    const auto now = std::chrono::system_clock::from_time_t(1795226400) + std::chrono::minutes(12);
    auto writer = a_run();
    EXPECT_THAT(why_sentence(writer.history(), true, now), HasSubstr("`nix flake update`, since 2026-11-21T02:00:00Z"));
    writer.add("fact", "stage-prove").add("fact", "hosts", {{"count", 16}});
    EXPECT_THAT(why_sentence(writer.history(), true, now), HasSubstr("16 hosts"));
    writer.add("fact", "stage-land").add("intent", "push-base", {{"to", "ccc"}});
    EXPECT_THAT(why_sentence(writer.history(), true, now), HasSubstr("the remote to answer the push of ccc onto main"));
    EXPECT_THAT(why_sentence(writer.history(), false, now),
                HasSubstr("waits for `lockstep resume 20261121T020000Z-abcdef`: its process is gone"));
    writer.add("outcome", "verdict", {{"outcome", "stopped"}, {"exit", 40}, {"reason", "the forge is away"}});
    const auto ended = why_sentence(writer.history(), false, now);
    EXPECT_THAT(ended, HasSubstr("(exit 40): the forge is away"));
    EXPECT_THAT(ended, HasSubstr("goes on with it"));
    for (const auto& text : {ended, why_sentence(a_run().history(), true, now)})
        EXPECT_THAT(text, Not(HasSubstr("\n")));
}

TEST(Why, ShowsNothingThatATerminalActsOn) {
    Writer writer;
    writer.lines = {journal_line(0, k_time, "fact", "journal", R"({"version":1,"run":"a\n\u001b]0;x\u0007b"})")};
    writer.add("fact", "commit", {{"commit", "\x1b[2Jccc"}}).add("intent", "push-base");
    for (const bool alive : {false, true}) {
        const auto text = why_sentence(writer.history(), alive, writer.history().last);
        EXPECT_EQ(text.find_first_of("\n\x1b\a"), std::string::npos) << text;
        EXPECT_THAT(text, HasSubstr("run a b waits"));
    }
}

TEST(RunHistoryTest, AMomentThatNoClockHoldsIsBounded) {
    for (const auto now : {INT64_MIN, INT64_MAX}) {
        auto writer = a_run();
        const auto history = writer.add("fact", "settings", {{"now", now}}).history();
        EXPECT_GE(history.now, std::chrono::system_clock::time_point());
        EXPECT_EQ(history.now == std::chrono::system_clock::time_point(), now < 0);
    }
}

}  // namespace
}  // namespace lockstep::test
