// SPDX-License-Identifier: MIT
// What earlier runs taught: lines, answers, and what is forgotten.
#include "lockstep/core/memory.hpp"

#include <gtest/gtest.h>

#include <random>

#include "support/utf8.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using Moment = std::chrono::system_clock::time_point;

const Moment k_noon{std::chrono::seconds(1'795'262'400)};

DerivationFailed failure(const std::string& drv, Moment at = k_noon) {
    return {drv, "curl-8.1", CauseClass::builder_failed, "error: no", {"one", "two"}, "run1", "/logs/curl", 90s, at};
}

std::vector<Lesson> one_of_each() {
    return {HostEvaluated{"web1", 5400ms, 575U << 20U}, DerivationBuilt{"linux-6.6.8", 20min},
            DerivationProved{"/nix/store/a.drv", {"/nix/store/a", "/nix/store/a-dev"}, "run1", k_noon + 5ms},
            failure("/nix/store/b.drv"), CommitEvaluated{"x", "3f78", {{"db1", "/d.drv"}, {"web1", "/w.drv"}}}};
}

TEST(LessonLine, IsReadBackExactly) {
    for (const auto& lesson : one_of_each()) {
        const auto line = lesson_line(lesson);
        EXPECT_EQ(line.find('\n'), std::string::npos);
        EXPECT_EQ(parse_lesson(line), lesson) << line;
    }
    auto odd = failure("quote\" slash\\ \x01 ✓");
    odd.tail = {"a\nb", ""};
    EXPECT_EQ(parse_lesson(lesson_line(odd)), Lesson(odd));
}

TEST(LessonLine, KeepsEveryCauseClass) {
    for (int i = 0; i <= static_cast<int>(CauseClass::unknown); ++i) {
        auto lesson = failure("x");
        lesson.cls = static_cast<CauseClass>(i);
        EXPECT_EQ(parse_lesson(lesson_line(lesson)), Lesson(lesson));
    }
}

TEST(LessonLine, ForeignBytesStillMakeALine) {
    auto lesson = failure("/nix/store/b.drv");
    lesson.first_error = "\xff\xfe";
    const auto back = parse_lesson(lesson_line(lesson));
    ASSERT_TRUE(back);
    EXPECT_EQ(std::get<DerivationFailed>(*back).first_error, "\uFFFD\uFFFD");
}

TEST(LessonLine, TornLinesAreNone) {
    for (const auto& lesson : one_of_each()) {
        const auto line = lesson_line(lesson);
        for (std::size_t cut = 0; cut < line.size(); ++cut) {
            EXPECT_FALSE(parse_lesson(line.substr(0, cut))) << line.substr(0, cut);
            EXPECT_FALSE(parse_lesson(line.substr(cut + 1))) << line.substr(cut + 1);
        }
    }
}

TEST(LessonLine, OthersAreNone) {
    for (const auto* line :
         {"", "{}", "[]", "null", "7", "\"built\"", R"({"lesson":7})", R"({"lesson":"dreamt","name":"x","ms":1})",
          R"({"lesson":"built","name":"x"})", R"({"lesson":"built","name":7,"ms":1})",
          R"({"lesson":"built","name":"x","ms":-1})", R"({"lesson":"built","name":"x","ms":1.5})",
          R"({"lesson":"built","name":"x","ms":18446744073709551615})",
          R"({"lesson":"proved","drv":"x","outputs":[1],"run":"","at_ms":1})",
          R"({"lesson":"proved","drv":"x","outputs":[],"run":"","at_ms":9000000000001})",
          R"({"lesson":"commit","context":"","commit":"a","drvs":{"h":1}})",
          R"({"lesson":"commit","context":"","commit":"a","drvs":[]})"})
        EXPECT_FALSE(parse_lesson(line)) << line;
    std::mt19937 random(7);
    for (int i = 0; i < 200; ++i) EXPECT_FALSE(parse_lesson(test::hostile_bytes(random, 40)));
    EXPECT_FALSE(parse_lesson(std::string(100'000, '[')));
}

TEST(LessonLine, KeysOfLaterVersionsAreIgnored) {
    EXPECT_EQ(parse_lesson(R"({"lesson":"built","name":"x","ms":1,"machine":"m","later":{"a":[1]}})"),
              Lesson(DerivationBuilt{"x", 1ms}));
}

TEST(VersionlessName, LeavesWhatVersionsShare) {
    EXPECT_EQ(versionless_name("linux-6.6.8"), "linux");
    EXPECT_EQ(versionless_name("linux-6.6.8-modules"), "linux-modules");
    EXPECT_EQ(versionless_name("python3.11-requests-2.31.0"), "python3.11-requests");
    EXPECT_EQ(versionless_name("nixos-system-web1-26.11.20261121.abcdefa"), "nixos-system-web1");
    EXPECT_EQ(versionless_name("foo-unstable-2026-11-21"), "foo-unstable");
    EXPECT_EQ(versionless_name("firefox-128.0.3.tar.xz"), "firefox-tar.xz");
    EXPECT_EQ(versionless_name("fix-123.patch"), "fix-patch");
    EXPECT_EQ(versionless_name("unit-nginx.service"), "unit-nginx.service");
    EXPECT_EQ(versionless_name("7zip-24.08"), "7zip");
    EXPECT_EQ(versionless_name("9"), "9");
    EXPECT_EQ(versionless_name(""), "");
    EXPECT_EQ(versionless_name("-"), "-");
}

TEST(RecollectionTest, KnowsNothingAtFirst) {
    const Recollection none;
    EXPECT_EQ(none.evaluation_time("web1"), std::nullopt);
    EXPECT_EQ(none.evaluation_memory("web1"), 0U);
    EXPECT_EQ(none.build_time("linux-6.6.8"), std::nullopt);
    EXPECT_EQ(none.proved("x"), nullptr);
    EXPECT_EQ(none.failed("x", k_noon, 24h), nullptr);
    EXPECT_EQ(none.evaluated("", "x"), nullptr);
    EXPECT_FALSE(none.has_proofs());
    EXPECT_TRUE(none.lessons().empty());
}

TEST(RecollectionTest, EvaluationsAreTheMedianAndTheLargestOfTheLastFive) {
    Recollection known;
    known.take(HostEvaluated{"web1", 100s, 9000});
    for (const auto seconds : {3, 1, 2, 50, 4}) known.take(HostEvaluated{"web1", std::chrono::seconds(seconds), 0});
    EXPECT_EQ(known.evaluation_time("web1"), 3s);
    EXPECT_EQ(known.evaluation_memory("web1"), 9000U);  // not known since
    for (const auto peak : {1U, 2U, 7U, 3U, 4U}) known.take(HostEvaluated{"web1", 0s, peak});
    EXPECT_EQ(known.evaluation_memory("web1"), 7U);
    EXPECT_EQ(known.evaluation_time("web1"), 3s);
    EXPECT_EQ(known.evaluation_time("web2"), std::nullopt);
    known.take(HostEvaluated{"web2", 0s, 5});
    EXPECT_EQ(known.evaluation_time("web2"), std::nullopt);
}

TEST(RecollectionTest, BuildsOfThisVersionCountFirst) {
    Recollection known;
    known.take(DerivationBuilt{"linux-6.6.8", 10min});
    EXPECT_EQ(known.build_time("linux-6.6.9"), 10min);
    EXPECT_EQ(known.build_time("linux-6.6.9-modules"), std::nullopt);
    known.take(DerivationBuilt{"linux-6.6.9", 30min});
    known.take(DerivationBuilt{"linux-6.6.9", 20min});
    EXPECT_EQ(known.build_time("linux-6.6.8"), 10min);
    EXPECT_EQ(known.build_time("linux-6.6.9"), 20min);
    EXPECT_EQ(known.build_time("linux-7"), 20min);
    for (int i = 0; i < 5; ++i) known.take(DerivationBuilt{"linux-7", 5min});
    EXPECT_EQ(known.build_time("linux-6.6.8"), 5min);
}

TEST(RecollectionTest, FailuresExpireAndEndWithAProof) {
    Recollection known;
    known.take(failure("/a.drv"));
    ASSERT_NE(known.failed("/a.drv", k_noon + 24h, 24h), nullptr);
    EXPECT_EQ(*known.failed("/a.drv", k_noon + 24h, 24h), failure("/a.drv"));
    EXPECT_EQ(known.failed("/a.drv", k_noon + 24h + 1ms, 24h), nullptr);
    EXPECT_EQ(known.failed("/a.drv", k_noon - 25h, 24h), nullptr);  // the clock was set back
    EXPECT_NE(known.failed("/a.drv", k_noon + 24h * 365, std::chrono::milliseconds::max()), nullptr);
    known.take(DerivationProved{"/a.drv", {"/a"}, "run2", k_noon});
    EXPECT_EQ(known.failed("/a.drv", k_noon, 24h), nullptr);
    EXPECT_NE(known.proved("/a.drv"), nullptr);
}

TEST(RecollectionTest, OnlyTheBuildersOwnFaultIsAFailure) {
    for (int i = 0; i <= static_cast<int>(CauseClass::unknown); ++i) {
        Recollection known;
        auto lesson = failure("/a.drv");
        lesson.cls = static_cast<CauseClass>(i);
        known.take(lesson);
        const bool own = lesson.cls == CauseClass::builder_failed || lesson.cls == CauseClass::hash_mismatch ||
                         lesson.cls == CauseClass::output_missing || lesson.cls == CauseClass::not_deterministic;
        EXPECT_EQ(known.failed("/a.drv", k_noon, 24h) != nullptr, own) << cause_word(lesson.cls);
    }
}

TEST(RecollectionTest, LongFailuresAreCut) {
    Recollection known;
    auto lesson = failure("/a.drv");
    lesson.tail.assign(100, std::string(1000, 'x'));
    lesson.tail.back() = "end";
    lesson.first_error = std::string(399, 'x') + "✓";
    known.take(lesson);
    const auto* kept = known.failed("/a.drv", k_noon, 24h);
    ASSERT_NE(kept, nullptr);
    ASSERT_EQ(kept->tail.size(), Recollection::k_tail_lines);
    EXPECT_EQ(kept->tail.front().size(), Recollection::k_line_bytes);
    EXPECT_EQ(kept->tail.back(), "end");
    EXPECT_EQ(kept->first_error, std::string(399, 'x'));
}

TEST(RecollectionTest, CommitsAreKnownPerContext) {
    Recollection known;
    known.take(CommitEvaluated{"a", "1", {{"web1", "/old.drv"}}});
    known.take(CommitEvaluated{"a", "1", {{"web1", "/new.drv"}}});
    ASSERT_NE(known.evaluated("a", "1"), nullptr);
    EXPECT_EQ(known.evaluated("a", "1")->at("web1"), "/new.drv");
    EXPECT_EQ(known.evaluated("b", "1"), nullptr);
    EXPECT_EQ(known.evaluated("a", "2"), nullptr);
}

TEST(RecollectionTest, UnnamedThingsTeachNothing) {
    Recollection known;
    for (const Lesson& lesson :
         std::vector<Lesson>{HostEvaluated{"", 1s, 1}, HostEvaluated{"h", 0s, 0}, DerivationBuilt{"", 1s},
                             DerivationBuilt{"x", -1s}, DerivationProved{}, failure(""), CommitEvaluated{"x", "", {}}})
        known.take(lesson);
    EXPECT_TRUE(known.lessons().empty());
    EXPECT_FALSE(known.has_proofs());
}

TEST(RecollectionTest, TheOldestGoesFirstAndTouchingRenews) {
    Recollection known;
    const auto commit = [](std::size_t i) { return CommitEvaluated{"", std::to_string(i), {}}; };
    for (std::size_t i = 0; i < Recollection::k_commits; ++i) known.take(commit(i));
    known.take(commit(0));
    known.take(commit(1000));
    EXPECT_NE(known.evaluated("", "0"), nullptr);
    EXPECT_EQ(known.evaluated("", "1"), nullptr);
    EXPECT_NE(known.evaluated("", "2"), nullptr);
    EXPECT_NE(known.evaluated("", "1000"), nullptr);
}

TEST(RecollectionTest, KeepsOnlySoMuchOfEachKind) {
    Recollection known;
    for (std::size_t i = 0; i < Recollection::k_names + 10; ++i) {
        const auto name = "x" + std::to_string(i);
        known.take(HostEvaluated{name, 1s, 1});
        known.take(DerivationBuilt{name, 1s});
        known.take(DerivationProved{name, {}, "", k_noon});
        known.take(failure(name + "f"));
    }
    std::map<std::size_t, std::size_t> counts;
    for (const auto& lesson : known.lessons()) ++counts[lesson.index()];
    EXPECT_EQ(counts[0], Recollection::k_hosts);
    EXPECT_EQ(counts[1], Recollection::k_names);
    EXPECT_EQ(counts[2], Recollection::k_proofs);
    EXPECT_EQ(counts[3], Recollection::k_failures);
    EXPECT_EQ(known.build_time("x9"), std::nullopt);
    EXPECT_EQ(known.build_time("x10"), 1s);
}

Lesson random_lesson(std::mt19937& random) {
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    const auto drv = "/d" + std::to_string(below(40)) + ".drv";
    const Millis duration(below(5) == 0 ? 0 : below(100'000));
    switch (below(5)) {
        case 0:
            return HostEvaluated{"h" + std::to_string(below(30)), duration, static_cast<std::uint64_t>(below(3))};
        case 1:
            return DerivationBuilt{"n" + std::to_string(below(30)) + "-" + std::to_string(below(3)), duration};
        case 2:
            return DerivationProved{drv, {"/o"}, "r", k_noon + Millis(below(1000))};
        case 3: {
            auto lesson = failure(drv, k_noon + Millis(below(1000)));
            lesson.cls = static_cast<CauseClass>(below(18));
            return lesson;
        }
        default:
            return CommitEvaluated{std::to_string(below(2)), std::to_string(below(40)), {{"h", drv}}};
    }
}

TEST(RecollectionProperty, TakingItsLessonsGivesTheSameAnswersNowAndLater) {
    for (std::uint32_t seed = 0; seed < 40; ++seed) {
        std::mt19937 random(seed);
        Recollection known;
        for (int i = 0; i < 400; ++i) known.take(random_lesson(random));
        Recollection again;
        for (const auto& lesson : known.lessons()) {
            const auto line = parse_lesson(lesson_line(lesson));
            ASSERT_TRUE(line);
            again.take(*line);
        }
        EXPECT_EQ(again.lessons(), known.lessons()) << seed;
        for (int i = 0; i < 200; ++i) {  // also what is forgotten next is the same
            const auto lesson = random_lesson(random);
            known.take(lesson);
            again.take(lesson);
        }
        EXPECT_EQ(again.lessons(), known.lessons()) << seed;
        for (int i = 0; i < 40; ++i) {
            const auto name = "n" + std::to_string(i) + "-9", host = "h" + std::to_string(i);
            EXPECT_EQ(again.build_time(name), known.build_time(name));
            EXPECT_EQ(again.evaluation_time(host), known.evaluation_time(host));
            EXPECT_EQ(again.evaluation_memory(host), known.evaluation_memory(host));
        }
    }
}

}  // namespace
}  // namespace lockstep
