// SPDX-License-Identifier: MIT
// Alarms in every rendering of a report: first, whole, and harmless whatever the inputs are called.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/config.hpp"
#include "lockstep/core/pull_text.hpp"
#include "lockstep/core/report.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "support/render_markdown.hpp"
#include "support/sample_report.hpp"
#include "support/temp_dir.hpp"
#include "support/utf8.hpp"

namespace lockstep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string body_of(const RunReport& report, std::size_t budget = 60'000) {
    std::vector<std::string> limits;
    return pull_body(report, {}, budget, limits);
}

/// Everything foreign in its alarms is hostile.
RunReport hostile() {
    auto report = test::hostile_report(6, 3);
    report.ending.outcome = Outcome::alarm;
    report.ending.exit = ExitCode::alarm;
    for (const auto& text : test::hostile_texts())
        report.alarms.push_back({AlarmSeverity::critical, "moved", text, text, report.alarms.size() % 2 == 0});
    return report;
}

TEST(AlarmReport, IsGolden) {
    const auto report = test::alarm_report();
    test::expect_golden("report/alarm.txt", report_text(report, false));
    test::expect_golden("report/alarm.md", report_markdown(report));
    test::expect_golden("report/alarm.xml", report_junit(report));
    test::expect_golden("summary/alarm.md", step_summary(report, 900'000));
    test::expect_golden("pull/alarm.md", body_of(report));
}

TEST(AlarmReport, ComesFirstEverywhere) {
    const auto report = test::alarm_report();
    for (const auto& text : {report_text(report, false), report_markdown(report), step_summary(report, 900'000),
                             body_of(report), report_junit(report), report_json(report)}) {
        const auto alarm = text.find("N1xOS");
        ASSERT_NE(alarm, std::string::npos) << text;
        for (const auto* later : {"home-manager: ", "| home-manager", "### Hosts", "\"web1\"", "\"home-manager\""})
            EXPECT_LT(alarm, std::min(text.find(later), text.size())) << later;
    }
    EXPECT_THAT(report_text(report, false), StartsWith("lock alarm: moved · all 16 hosts are proved"));
    EXPECT_EQ(pull_title(report), "flake.lock update 2026-11-21: lock alarm: moved; all 16 hosts are proved");
    EXPECT_THAT(status_texts(report, 5).front().description, StartsWith("lock alarm: moved"));
    EXPECT_EQ(status_texts(report, 5).front().state, "failure");
    EXPECT_THAT(runner::annotations(report).front(), StartsWith("::error file=flake.lock"));
    EXPECT_THAT(runner::annotations(report).front(), HasSubstr("N1xOS"));
}

TEST(AlarmReport, ARedRunShowsBoth) {
    auto report = test::sample_report();
    report.alarms = test::alarm_report().alarms;
    report.ending = test::alarm_report().ending;
    const auto body = body_of(report);
    EXPECT_LT(body.find("N1xOS"), body.find("curl-8.1"));
    EXPECT_THAT(body, HasSubstr("--ignore-alarm moved"));
    EXPECT_THAT(body, HasSubstr("lockstep build"));
    EXPECT_THAT(pull_title(report), HasSubstr("lock alarm: moved; 12 of 16 hosts fail"));
}

TEST(AlarmReport, AWarningStopsNothingAndIsSaid) {
    auto report = test::green_report();
    report.alarms = {test::alarm_report().alarms[1]};
    EXPECT_THAT(report_text(report, false), StartsWith("all 16 hosts are proved · landed"));
    EXPECT_THAT(report_text(report, false), HasSubstr("new-transitive-input: home-manager/systems"));
    EXPECT_THAT(pull_title(report), Not(HasSubstr("alarm")));
    EXPECT_EQ(status_texts(report, 5).front().state, "success");
    EXPECT_THAT(report_junit(report), HasSubstr("failures=\"0\""));
    EXPECT_THAT(runner::annotations(report).front(), StartsWith("::warning"));
}

TEST(AlarmReport, HostileInputsStayText) {
    const auto report = hostile();
    const auto text = report_text(report, false);
    EXPECT_EQ(text, clean_text(text));
    EXPECT_TRUE(test::is_valid_utf8(text));
    for (const auto& line : lines_of(text)) EXPECT_LE(line.size(), 1'200U);
    for (const std::size_t budget : {900'000U, 60'000U, 3'000U})
        for (const auto& markdown : {report_markdown(report), step_summary(report, budget), body_of(report, budget)})
            for (const auto& node : test::parse_markdown(markdown)) {
                EXPECT_NE(node.type, "html_inline") << node.literal;
                EXPECT_NE(node.type, "image") << node.url;
                EXPECT_TRUE(node.type != "link" || node.url.starts_with("https://git.example.org/")) << node.url;
            }
    EXPECT_LE(body_of(report, 3'000).size(), 3'000U);
    for (const auto& line : runner::annotations(report)) EXPECT_EQ(line.find('\n'), std::string::npos);
    EXPECT_EQ(find_marker(body_of(report))->run, report.run.id);
    EXPECT_TRUE(report_from_json(report_json(report)).ok());
}

TEST(AlarmReport, IsReadBackAndReportsWithoutAlarmsStillAre) {
    const auto report = test::alarm_report();
    const auto json = report_json(report);
    const auto read = report_from_json(json);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(read->alarms, report.alarms);
    EXPECT_EQ(read->ending.outcome, Outcome::alarm);
    auto older = replace_all(json, "lockstep-report/1.4", "lockstep-report/1.1");
    const auto begin = older.find("\"alarms\": ["), end = older.find("\"inputs\": [");
    older.erase(begin, end - begin);
    const auto old_one = report_from_json(older);
    ASSERT_TRUE(old_one.ok()) << old_one.error().why;
    EXPECT_TRUE(old_one->alarms.empty());
}

TEST(AlarmPolicy, DefaultsStopWhatIsCriticalAndRare) {
    const Config config;
    std::vector<LockAlarm> alarms;
    for (const auto code : alarm_codes()) alarms.push_back({AlarmSeverity::critical, std::string(code), "x", "y"});
    const auto judged = judge_alarms(alarms, {config.alarms.stop, config.alarms.ignore});
    EXPECT_THAT(stopping_codes(judged.alarms),
                ::testing::ElementsAre("same-rev-other-hash", "moved", "hash-missing", "backwards", "plain-http"));
    EXPECT_EQ(judged.alarms.size(), 8U);
}

}  // namespace
}  // namespace lockstep
