// SPDX-License-Identifier: MIT
// report.md, the step summary, junit.xml and the text for terminals.
#include <gtest/gtest.h>

#include <map>
#include <regex>

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

TEST(ReportText, IsGolden) {
    test::expect_golden("report/red.txt", report_text(test::sample_report(), false));
}

TEST(ReportText, GreenIsGolden) {
    test::expect_golden("report/green.txt", report_text(test::green_report(), false));
}

TEST(ReportText, ColourOnlyAddsCodes) {
    const auto coloured = report_text(test::sample_report(), true);
    EXPECT_NE(coloured.find("\x1b[1;31m12 of 16 hosts fail\x1b[0m"), std::string::npos);
    EXPECT_EQ(std::regex_replace(coloured, std::regex("\x1b\\[[0-9;]*m"), ""),
              report_text(test::sample_report(), false));
}

TEST(ReportText, HoldsNoForeignControls) {
    const auto text = report_text(test::hostile_report(60, 30), false);
    EXPECT_EQ(text, clean_text(text));
    EXPECT_TRUE(test::is_valid_utf8(text));
    for (const auto& line : lines_of(text)) EXPECT_LE(line.size(), 1'200U);
    EXPECT_NE(text.find("… and 20 more\n"), std::string::npos);  // hosts
    EXPECT_NE(text.find("… and 10 more\n"), std::string::npos);  // causes
}

TEST(ReportText, SaysWhyItStopped) {
    RunReport report;
    report.ending = {Outcome::stopped, ExitCode::infrastructure, "the Nix daemon is gone", "lockstep resume r1"};
    EXPECT_EQ(report_text(report, false),
              "stopped (infrastructure)\nthe Nix daemon is gone\n\nnext: lockstep resume r1\n");
}

TEST(ReportMarkdown, SaysWhereBaseIsWhenTheRunStopped) {
    RunReport report;
    report.run.command = "run";
    report.repo.base = "main";
    report.repo.base_before = report.repo.base_after = std::string(40, 'a');
    report.ending = {Outcome::stopped, ExitCode::terminated, "", ""};
    EXPECT_NE(report_markdown(report).find("main stays at"), std::string::npos);
    report.repo.base_after = std::string(40, 'b');
    EXPECT_NE(report_markdown(report).find("after main had moved to `bbbb"), std::string::npos);
    EXPECT_EQ(report_markdown(report).find("main stays"), std::string::npos);
    report.repo.base_after.clear();
    EXPECT_NE(report_markdown(report).find("nobody knows whether main moved"), std::string::npos);
    EXPECT_EQ(report_markdown(report).find("main stays"), std::string::npos);
}

TEST(ReportMarkdown, AnUpdateThatACanaryRefusedIsNotPraised) {
    auto report = test::green_report();
    report.ending = {Outcome::proposed, ExitCode::hosts_failed, "a canary is not well: 1 rolled back", ""};
    report.stages.push_back({.name = "canary"});
    report.reasons = {{"canary1", "canary rolled back: unhealthy"}};
    for (const auto& text : {report_markdown(report), report_text(report, false), pull_title(report)})
        EXPECT_NE(text.find("canary is not well"), std::string::npos) << text;
    EXPECT_NE(report_markdown(report).find("Why it did not land"), std::string::npos);
    EXPECT_EQ(status_texts(report, 5).front().state, "failure");
    EXPECT_NE(status_texts(report, 5).front().description.find("canary is not well"), std::string::npos);
    report.ending = {Outcome::landed, ExitCode::ok, "", ""};
    EXPECT_EQ(report_markdown(report).find("canary is not well"), std::string::npos);
}

TEST(LastLine, VerdictExitReportNext) {
    EXPECT_EQ(last_line(test::sample_report(), "/runs/r1/report.json"),
              "lockstep: pull request opened · exit 20 · /runs/r1/report.json · next: look at "
              "https://git.example.org/ada/fleet/pulls/42");
    EXPECT_EQ(last_line(test::green_report(), "/runs/r1/report.json"),
              "lockstep: landed · exit 0 · /runs/r1/report.json");
    EXPECT_EQ(last_line(RunReport{}, ""), "lockstep: stopped (internal) · exit 70 · no report");
    auto report = test::hostile_report(3, 1);
    for (const auto& text : test::hostile_texts()) {
        report.ending.next_action = text;
        EXPECT_EQ(last_line(report, text).find_first_of("\n\r\x1b"), std::string::npos);
    }
}

TEST(ReportMarkdown, IsGolden) {
    test::expect_golden("report/red.md", report_markdown(test::sample_report()));
}

TEST(ReportMarkdown, CutsNothing) {
    auto report = test::hostile_report(500, 100);
    int rows = 0, items = 0;
    for (const auto& node : test::parse_markdown(report_markdown(report))) {
        rows += node.type == "table_row" ? 1 : 0;
        items += node.type == "item" ? 1 : 0;
        EXPECT_NE(node.type, "html_inline") << node.literal;
        EXPECT_NE(node.type, "image") << node.url;
        EXPECT_TRUE(node.type != "link" || node.url.starts_with("https://git.example.org/ada/fleet/")) << node.url;
    }
    EXPECT_EQ(rows,
              500 + 2 + 6 + 4 + 10 + 1 + 50);  // hosts, inputs, facts, stages, slowest builds, notifications, changes
    EXPECT_EQ(items, 100 + 2);                 // causes, notices
}

TEST(StepSummary, IsGolden) {
    test::expect_golden("summary/red.md", step_summary(test::sample_report(), 900'000));
}

TEST(StepSummary, GreenIsGolden) {
    test::expect_golden("summary/green.md", step_summary(test::green_report(), 900'000));
}

TEST(StepSummary, KeepsTheBudgetAndSaysWhatIsCut) {
    const auto report = test::hostile_report(500, 200);
    for (const std::size_t budget : {900'000U, 100'000U, 10'000U, 3'000U, 20U}) {
        const auto text = step_summary(report, budget);
        EXPECT_LE(text.size(), budget);
        EXPECT_TRUE(test::is_valid_utf8(text));
        if (budget >= 3'000) {
            EXPECT_TRUE(text.starts_with("**500 of 500 hosts fail.**")) << text.substr(0, 200);
        }
        if (budget <= 100'000 && budget >= 3'000) {
            EXPECT_NE(text.find("left out here"), std::string::npos);
        }
        for (const auto& node : test::parse_markdown(text)) EXPECT_NE(node.type, "html_inline") << node.literal;
    }
}

TEST(StepSummary, SaysWhereTheTimeWentOnlyWhenAllOfItFits) {
    const std::string title = "### Where the time went";
    const auto report = test::sample_report();
    const auto whole = step_summary(report, 900'000);
    ASSERT_NE(whole.find(title), std::string::npos);
    const auto tight = step_summary(report, whole.size() - 1);
    EXPECT_EQ(tight.find(title), std::string::npos);
    EXPECT_EQ(tight.find("left out here"), std::string::npos);
}

/// All hosts of the green report; the first `unchanged` of them as on the base commit.
RunReport green_report(std::size_t unchanged) {
    auto report = test::green_report();
    for (std::size_t i = 0; i < unchanged; ++i) report.hosts[i].state = HostState::unchanged;
    return report;
}

TEST(UnchangedHosts, AreCountedInEveryHeadline) {
    EXPECT_TRUE(report_text(green_report(5), false).starts_with("all 16 hosts are proved, 5 unchanged · landed"));
    EXPECT_TRUE(report_text(green_report(16), false).starts_with("all 16 hosts are unchanged · landed"));
    EXPECT_TRUE(step_summary(green_report(16), 10'000).starts_with("**All 16 hosts are unchanged.** main is now"));
    EXPECT_TRUE(report_markdown(green_report(5)).starts_with("# lockstep run: all 16 hosts are proved, 5 unchanged\n"));
    auto report = green_report(5);
    report.hosts.back().state = HostState::evaluated;
    EXPECT_TRUE(report_text(report, false).starts_with("15 of 16 hosts proved, 5 unchanged, 1 evaluated only"));
    report.hosts.resize(1);
    EXPECT_TRUE(report_text(report, false).starts_with("the one host is unchanged"));
    report.hosts.front().state = HostState::built;
    EXPECT_TRUE(report_text(report, false).starts_with("the one host is proved"));
}

TEST(UnchangedHosts, AreCountedBesideTroubledOnes) {
    for (const auto& [unchanged, wanted] :
         std::map<std::size_t, std::string>{{0, "\n15 are proved: "},
                                            {3, "\n15 are proved, 3 of them unchanged: "},
                                            {15, "\n15 are proved, all of them unchanged: "}}) {
        auto report = green_report(unchanged);
        report.hosts.back().state = HostState::failed;
        EXPECT_NE(step_summary(report, 100'000).find(wanted), std::string::npos) << wanted;
    }
}

TEST(WhereTheTimeWent, IsSilentWhenNothingTookLong) {
    auto report = test::green_report();
    BuildRecord quick;
    quick.name = "quick";
    quick.duration = Millis(999);
    report.timing = {{quick, quick}, {quick, quick}, 2, 1000};
    for (const auto& text : {report_text(report, false), report_markdown(report), step_summary(report, 100'000)}) {
        EXPECT_EQ(text.find("quick"), std::string::npos);
        EXPECT_EQ(text.find("Where the time went"), std::string::npos);
    }
    report.timing.slowest.front().duration = Millis(1000);
    for (const auto& text : {report_text(report, false), report_markdown(report), step_summary(report, 100'000)}) {
        EXPECT_NE(text.find("Where the time went"), std::string::npos);
        EXPECT_EQ(text.find("ritical path"), std::string::npos);
    }
}

TEST(WhereTheTimeWent, LongPathsKeepTheirLongestSteps) {
    auto report = test::green_report();
    for (int i = 0; i < 30; ++i) {
        BuildRecord step;
        step.name = "s" + std::to_string(i);
        step.started = std::chrono::seconds(100 * i);
        step.duration = std::chrono::seconds(i % 3 == 0 ? 90 : 5);
        report.timing.critical_path.push_back(step);
    }
    report.timing.slowest = {report.timing.critical_path.front()};
    const auto text = report_text(report, false);
    EXPECT_NE(text.find("  critical path, 48 min 25 s: s0 (1 min 30 s) → s3 (1 min 30 s) → s6 (1 min 30 s) → "
                        "s9 (1 min 30 s) → s12 (1 min 30 s) → s15 (1 min 30 s) → s18 (1 min 30 s) → "
                        "s21 (1 min 30 s), and 22 shorter builds\n"),
              std::string::npos)
        << text;
}

TEST(Junit, UnchangedHostsPassAndSaySo) {
    const auto text = report_junit(green_report(1));
    EXPECT_NE(text.find("<system-out>the same as on the base commit</system-out></testcase>"), std::string::npos);
    EXPECT_NE(text.find("tests=\"16\" failures=\"0\" errors=\"0\" skipped=\"0\""), std::string::npos);
}

TEST(Junit, IsGolden) {
    test::expect_golden("report/junit.xml", report_junit(test::sample_report()));
}

TEST(Junit, MapsEveryState) {
    const std::map<HostState, std::string> wanted = {{HostState::built, ""},
                                                     {HostState::cached, ""},
                                                     {HostState::unchanged, ""},
                                                     {HostState::failed, "failure"},
                                                     {HostState::dependency_failed, "failure"},
                                                     {HostState::eval_failed, "failure"},
                                                     {HostState::vanished, "failure"},
                                                     {HostState::log_limit, "failure"},
                                                     {HostState::timeout, "error"},
                                                     {HostState::infra_error, "error"},
                                                     {HostState::interrupted, "error"},
                                                     {HostState::not_started, "error"},
                                                     {HostState::unsupported, "error"},
                                                     {HostState::skipped, "skipped"},
                                                     {HostState::evaluated, "skipped"}};
    for (const auto& [state, tag] : wanted) {
        auto report = test::green_report();
        report.hosts.resize(1);
        report.hosts.front().state = state;
        const auto text = report_junit(report);
        for (const std::string each : {"failure", "error", "skipped"})
            EXPECT_EQ(text.find("<" + each + " ") != std::string::npos, each == tag) << state_word(state) << "\n"
                                                                                     << text;
        for (const std::string each : {"failure", "error", "skipped"}) {
            const auto count = each + (each == "skipped" ? "" : "s") + "=\"" + (each == tag ? "1" : "0") + "\"";
            EXPECT_NE(text.find(count), std::string::npos) << count << "\n" << text;
        }
    }
}

/// Well-formed enough for XML 1.0: balanced tags, quoted attributes, known entities, no forbidden characters.
void expect_xml(const std::string& text) {
    EXPECT_TRUE(test::is_valid_utf8(text));
    std::vector<std::string> open;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        ASSERT_TRUE(c >= 0x20 || c == '\n' || c == '\t') << static_cast<int>(c);
        EXPECT_NE(text.compare(at, 3, "\xEF\xBF\xBF"), 0);
        if (c == '&') {
            const auto entity = text.substr(at, text.find(';', at) - at + 1);
            ASSERT_TRUE(std::regex_match(entity.substr(0, 12), std::regex("&(amp|lt|gt|quot|apos|#[0-9]{1,6});")))
                << entity.substr(0, 20);
        }
        ASSERT_NE(c, '>') << "outside of a tag: " << text.substr(at > 40 ? at - 40 : 0, 80);
        if (c != '<') continue;
        bool quoted = false;
        auto end = at + 1;
        for (; end < text.size() && (quoted || text[end] != '>'); ++end) {
            ASSERT_NE(text[end], '<');
            if (text[end] == '"') quoted = !quoted;
        }
        ASSERT_LT(end, text.size());
        const auto tag = text.substr(at + 1, end - at - 1);
        const auto name = tag.substr(0, tag.find_first_of(" \n"));
        if (tag.front() == '/') {
            ASSERT_FALSE(open.empty());
            ASSERT_EQ(open.back(), tag.substr(1));
            open.pop_back();
        } else if (tag.front() != '?' && tag.back() != '/') {
            open.push_back(name);
        }
        at = end;
    }
    EXPECT_TRUE(open.empty());
}

TEST(Junit, IsXmlWhateverLogsHold) {
    expect_xml(report_junit(test::sample_report()));
    expect_xml(report_junit(test::hostile_report(80, 26)));
}

TEST(Junit, ShowsATailOnce) {
    const auto text = report_junit(test::sample_report());
    const std::string line = "make[2]: *** [Makefile:2713";
    const auto first = text.find(line);
    ASSERT_NE(first, std::string::npos);
    EXPECT_EQ(text.find(line, first + 1), std::string::npos);
    EXPECT_NE(text.find("its log tail is shown with cache"), std::string::npos);
}

}  // namespace
}  // namespace lockstep
