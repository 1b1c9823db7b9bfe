// SPDX-License-Identifier: MIT
#include "lockstep/core/pull_text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <random>
#include <regex>
#include <set>

#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "support/render_markdown.hpp"
#include "support/sample_report.hpp"
#include "support/temp_dir.hpp"
#include "support/utf8.hpp"

namespace lockstep {
namespace {

const LogLinks k_links{"https://git.example.org/ada/fleet/actions/runs/7",
                       {{"curl-8.1.log.gz", "https://git.example.org/attachments/1"},
                        {"printer.log.gz", "https://git.example.org/attachments/2"}}};

std::string body_of(const RunReport& report, std::size_t max_bytes = 60'000) {
    std::vector<std::string> limits;
    return pull_body(report, k_links, max_bytes, limits);
}

/// A hidden mark, or the frame of a log tail. By hand: std::regex overflows the stack on long lines.
bool is_own_html(const std::string& line) {
    if (line == "</details>") return true;
    if (line.starts_with("<!-- lockstep:") && line.ends_with(" -->")) {
        const auto inner = line.substr(5, line.size() - 9);
        return std::all_of(inner.begin(), inner.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) || std::strchr("._:/%= ", c);
        });
    }
    static const std::regex summary(
        "<details><summary>[A-Za-z0-9+._-]+: last [0-9]+( of [0-9]+)? lines? of its log</summary>");
    return line.size() < 300 && std::regex_match(line, summary);
}

/// Only our own template may make structure, and no text may mean anything to a forge.
void expect_only_our_markup(const std::string& markdown) {
    static const std::regex own_heading(
        "Root causes|Hosts|Inputs|Logs|Log tails|What to do next|Runs of this update|"
        "lockstep: .*|Notices|Limits|Stages|Where the time went|What changes on hosts");
    static const std::set<std::string> allowed{
        "document", "paragraph",   "text",    "strong",    "emph",         "softbreak",   "list",
        "item",     "block_quote", "table",   "table_row", "table_header", "table_cell",  "thematic_break",
        "code",     "code_block",  "heading", "link",      "html_block",   "html_inline", "linebreak"};
    static const std::regex active("@[A-Za-z0-9]|(^|[^&])#[0-9]|GH-[0-9]|https?://|www[.]|:[a-z_]+:");
    int open_details = 0;
    for (const auto& node : test::parse_markdown(markdown)) {
        EXPECT_TRUE(allowed.count(node.type)) << node.type << " " << node.literal << node.url;
        EXPECT_NE(node.type, "html_inline") << node.literal;
        if (node.type == "html_block") {
            for (const auto& line : lines_of(node.literal)) EXPECT_TRUE(is_own_html(line)) << line;
            if (node.literal.starts_with("<details>")) ++open_details;
            if (node.literal.starts_with("</details>")) --open_details;
            EXPECT_GE(open_details, 0);
        }
        if (node.type == "link") {
            EXPECT_TRUE(node.url.starts_with("https://git.example.org/") || node.url.starts_with("https://github.com/"))
                << node.url;
        }
        if (node.type == "text" && node.parent != "link") {
            EXPECT_FALSE(std::regex_search(node.literal, active)) << node.literal;
            if (node.parent == "heading") {
                EXPECT_TRUE(std::regex_match(node.literal, own_heading)) << node.literal;
            }
        }
        if (node.type == "code") {
            EXPECT_TRUE(std::regex_match(node.literal, std::regex("[A-Za-z0-9._-]+|lockstep deploy --dry-run")))
                << node.literal;
        }
    }
    EXPECT_EQ(open_details, 0);
}

TEST(PullTitle, SaysHowManyHostsFail) {
    EXPECT_EQ(pull_title(test::sample_report()), "flake.lock update 2026-11-21: 12 of 16 hosts fail");
    EXPECT_EQ(pull_title(test::green_report()), "flake.lock update 2026-11-21: all 16 hosts are proved");
    auto report = test::sample_report();
    report.repo.flake = "nixos";
    report.repo.branch = "updates/2026-11-22-2";  // the user's time zone is ahead of UTC
    EXPECT_TRUE(pull_title(report).starts_with("nixos/flake.lock update 2026-11-22: 12 of 16"));
    report.repo.flake = std::string(1000, 'x');
    EXPECT_LE(pull_title(report).size(), 255U);
}

TEST(PullTitle, CountsInPlainWords) {
    using S = HostState;
    struct Case {
        std::vector<std::pair<S, bool>> hosts;  ///< state, required
        std::string words;
    };
    for (const auto& [hosts, words] : std::vector<Case>{
             {{}, "no hosts"},
             {{{S::built, true}}, "the one host is proved"},
             {{{S::failed, true}}, "1 of 1 host fails"},
             {{{S::cached, true}, {S::built, true}}, "all 2 hosts are proved"},
             {{{S::cached, true}, {S::unchanged, true}}, "all 2 hosts are proved, 1 unchanged"},
             {{{S::unchanged, true}, {S::unchanged, false}}, "all 2 hosts are unchanged"},
             {{{S::built, true}, {S::skipped, true}}, "the one host is proved"},
             {{{S::failed, true}, {S::built, true}}, "1 of 2 hosts fails"},
             {{{S::failed, true}, {S::timeout, true}, {S::infra_error, true}}, "2 of 3 hosts fail, 1 unknown"},
             {{{S::unsupported, true}, {S::built, true}}, "1 of 2 hosts cannot be built here"},
             {{{S::interrupted, true}, {S::not_started, true}, {S::built, true}}, "2 of 3 hosts unknown"},
             {{{S::built, true}, {S::evaluated, true}}, "1 of 2 hosts proved, 1 evaluated only"},
             {{{S::built, true}, {S::failed, false}}, "1 of 2 hosts proved, 1 not required and not proved"},
             {{{S::failed, true}, {S::failed, false}}, "1 of 2 hosts fails"}}) {
        RunReport report;
        for (const auto& [state, required] : hosts) {
            report.hosts.emplace_back().state = state;
            report.hosts.back().required = required;
        }
        report.repo.branch = "u/2026-11-21";
        EXPECT_EQ(pull_title(report), "flake.lock update 2026-11-21: " + words);
    }
}

TEST(PullBody, IsGolden) {
    test::expect_golden("pull/red.md", body_of(test::sample_report()));
}

TEST(PullBody, GreenIsGolden) {
    auto report = test::green_report();
    report.repo.base_after = report.repo.base_before;
    report.ending = {Outcome::proposed_green, ExitCode::base_refused, "main is protected: GH006", ""};
    test::expect_golden("pull/green.md", body_of(report));
}

TEST(PullBody, StartsWithItsMarker) {
    const auto report = test::sample_report();
    const auto marker = find_marker(body_of(report));
    ASSERT_TRUE(marker.has_value());
    EXPECT_EQ(*marker, (PullMarker{"main", "", report.repo.candidate_commit, report.run.id}));
}

TEST(PullBody, HoldsOnlyOurMarkup) {
    expect_only_our_markup(body_of(test::sample_report()));
    expect_only_our_markup(body_of(test::hostile_report(60, 27), 400'000));
    expect_only_our_markup(body_of(test::hostile_report(500, 100)));
}

TEST(PullBody, HostileRowsStayRows) {
    const auto nodes = test::parse_markdown(body_of(test::hostile_report(60, 27), 1'000'000));
    int rows = 0, items = 0, code_blocks = 0;
    for (const auto& node : nodes) {
        if (node.type == "table_row") ++rows;
        if (node.type == "item") ++items;
        if (node.type == "code_block") ++code_blocks;
    }
    EXPECT_EQ(rows, 60 + 2 + 6 + 10);  // hosts, changed inputs, changes on hosts, slowest builds
    EXPECT_EQ(items, 27 + 3);          // causes and logs
    EXPECT_EQ(code_blocks, 27 + 1);    // tails and the commands to try
}

TEST(PullBody, SaysWhereTheTimeWentOnlyWhenThereIsRoom) {
    const std::string title = "### Where the time went";
    const auto report = test::sample_report();
    const auto whole = body_of(report);
    ASSERT_NE(whole.find(title), std::string::npos);
    std::vector<std::string> limits;
    const auto tight = pull_body(report, k_links, whole.size() - 1, limits);
    EXPECT_EQ(tight.find(title), std::string::npos);
    EXPECT_TRUE(limits.empty()) << limits.front();
}

TEST(PullBody, EveryHostileTextAloneStaysInItsPlace) {
    for (const auto& text : test::hostile_texts()) {
        auto report = test::sample_report();
        report.hosts.front().name = text;
        report.hosts.front().chain = {text};
        report.hosts.front().detail = text;
        report.causes.front().name = text;
        report.causes.front().first_error = text;
        report.causes.front().machine = text;
        report.causes.front().tail = {text, text};
        report.causes.front().hosts = {text};
        report.ending.next_action = text;
        report.ending.reason = text;
        report.run.id = report.run.tool_version = report.run.nix_version = text;
        report.repo.base = report.repo.branch = report.repo.flake = report.repo.web = text;
        report.repo.candidate_commit = report.repo.base_before = text;
        report.hosts.front().change = {text, text, {text}, text, {text}, 1};
        SCOPED_TRACE(text.substr(0, 60));
        std::vector<std::string> limits;
        const auto body = pull_body(report, {text, {{text, text}}}, 60'000, limits);
        expect_only_our_markup(body);
        if (text.size() < 1'000) {
            const auto marker = find_marker(body);
            ASSERT_TRUE(marker.has_value());
            EXPECT_EQ(marker->base, text);
        }
        expect_only_our_markup(history_comment(report, "", 60'000));
    }
}

TEST(PullBody, FiveHundredHostsFitTheBudget) {
    const auto report = test::hostile_report(500, 500);
    for (const std::size_t budget : {60'000U, 20'000U, 5'000U, 1'000U, 10U}) {
        std::vector<std::string> limits;
        const auto body = pull_body(report, k_links, budget, limits);
        EXPECT_LE(body.size(), budget);
        EXPECT_TRUE(test::is_valid_utf8(body));
        EXPECT_FALSE(limits.empty());
        if (budget >= 5'000) {
            EXPECT_TRUE(find_marker(body).has_value());
            EXPECT_NE(body.find("left out here"), std::string::npos);
            EXPECT_NE(body.find("What to do next"), std::string::npos);
        }
    }
}

TEST(PullBody, TailsAreCutFirst) {
    auto report = test::sample_report();
    report.causes.front().tail = std::vector<std::string>(50, std::string(100, 'x'));
    std::vector<std::string> limits;
    const auto all = pull_body(report, k_links, 60'000, limits);
    EXPECT_TRUE(limits.empty());
    const auto cut = pull_body(report, k_links, all.size() - 1'000, limits);
    EXPECT_FALSE(limits.empty());
    for (const auto& limit : limits) EXPECT_NE(limit.find("log tail"), std::string::npos) << limit;
    for (const char* name : {"cache", "web3", "printer", "nixpkgs", "curl-8.1.log.gz", "CURLOPT"})
        EXPECT_NE(cut.find(name), std::string::npos) << name;
}

TEST(PullBody, ShellWordsAreQuoted) {
    auto report = test::sample_report();
    report.hosts.front().name = "a'$(touch x)";
    report.hosts.front().state = HostState::failed;
    EXPECT_NE(body_of(report).find("lockstep build 'a'\\''$(touch x)'\n"), std::string::npos);
}

TEST(Marker, RoundTrips) {
    for (const auto& text : test::hostile_texts()) {
        if (text.size() > 1000) continue;
        const PullMarker marker{text, "sub/" + text, "abc", "run--" + text};
        const auto comment = marker_comment(marker);
        EXPECT_EQ(comment.find("--", 4), comment.size() - 3) << comment;
        EXPECT_EQ(comment.find('>'), comment.size() - 1);
        EXPECT_EQ(comment.find('\n'), std::string::npos);
        EXPECT_EQ(find_marker("before\r\n" + comment + "\r\nafter"), marker);
    }
}

TEST(Marker, AcceptsNothingElse) {
    const auto good = marker_comment({"main", "", "abc", "r1"});
    ASSERT_TRUE(find_marker(good).has_value());
    for (std::size_t cut = 0; cut < good.size(); ++cut) {
        EXPECT_FALSE(find_marker(good.substr(0, cut))) << cut;
        EXPECT_FALSE(find_marker(good.substr(0, cut) + good.substr(cut + 1)) == find_marker(good)) << cut;
    }
    for (const std::string& bad :
         {"> " + good, "`" + good + "`", good + " ", " " + good, replace_all(good, "base=", "base=%"),
          replace_all(good, "main", "m%61in"), replace_all(good, "main", "m%2fin"), replace_all(good, "main", "a-b"),
          replace_all(good, "head=abc ", ""), replace_all(good, "/1", "/2"), replace_all(good, " -->", " x=y -->"),
          replace_all(good, "base=main flake=", "flake= base=main"), std::string("<!--  -->"), std::string("<!-- -->")})
        EXPECT_FALSE(find_marker(bad)) << bad;
    std::mt19937 random(7);
    for (int i = 0; i < 2'000; ++i) EXPECT_FALSE(find_marker(test::hostile_bytes(random, 40)));
}

TEST(History, GrowsNewestFirst) {
    std::string comment;
    auto report = test::sample_report();
    for (int day = 1; day <= 3; ++day) {
        report.run.id = "run" + std::to_string(day);
        report.run.started += std::chrono::hours(24);
        comment = history_comment(report, comment, 60'000);
    }
    EXPECT_TRUE(comment.starts_with(comment_tag()));
    test::expect_golden("pull/history.md", comment);
}

TEST(History, ARunHasOneRow) {
    auto report = test::sample_report();
    const auto once = history_comment(report, "", 60'000);
    EXPECT_EQ(history_comment(report, once, 60'000), once);
}

TEST(History, KeepsThirtyRowsWithinTheBudget) {
    std::string comment;
    auto report = test::sample_report();
    for (int i = 0; i < 40; ++i) {
        report.run.id = "run" + std::to_string(i);
        comment = history_comment(report, comment, 60'000);
    }
    const auto rows = [](const std::string& text) {
        int count = 0;
        for (const auto& node : test::parse_markdown(text)) count += node.type == "table_row" ? 1 : 0;
        return count;
    };
    EXPECT_EQ(rows(comment), 30);
    EXPECT_NE(comment.find("run39"), std::string::npos);
    EXPECT_EQ(comment.find("run9 "), std::string::npos);
    const auto small = history_comment(report, comment, 3'000);
    EXPECT_LE(small.size(), 3'000U);
    EXPECT_GE(rows(small), 3);
    EXPECT_NE(small.find("run39"), std::string::npos);
}

TEST(History, TrustsOnlyItsOwnData) {
    auto report = test::sample_report();
    const auto fresh = history_comment(report, "", 60'000);
    report.run.id = "other";
    const auto other = history_comment(report, "", 60'000);
    report.run.id = test::sample_report().run.id;
    const auto hidden = lines_of(other)[1];
    EXPECT_NE(history_comment(report, other, 60'000), fresh);
    for (const std::string& previous :
         {hidden, "text\n" + other, std::string(comment_tag()) + "\nfree text\n" + hidden,
          std::string(comment_tag()) + "\n| a | b | c | d | e |\n",
          std::string(comment_tag()) + "\n" + hidden.substr(0, 40),
          std::string(comment_tag()) + "\n" + replace_all(hidden, "when=", "when=%0A"), std::string(100'000, '<')})
        EXPECT_EQ(history_comment(report, previous, 60'000), fresh) << previous.substr(0, 200);
    // What people wrote below is not carried along, and the visible table is not read.
    EXPECT_EQ(history_comment(report, replace_all(other, "pull request opened", "landed"), 60'000),
              history_comment(report, other, 60'000));
}

TEST(History, HostileNamesStayInTheirCells) {
    std::string comment;
    auto report = test::hostile_report(10, 27);
    for (const auto& text : test::hostile_texts()) {
        report.run.id = text;
        std::rotate(report.causes.begin(), report.causes.begin() + 1, report.causes.end());
        comment = history_comment(report, comment, 60'000);
    }
    expect_only_our_markup(comment);
}

TEST(StatusTexts, RunFirstThenTheWorstHosts) {
    const auto texts = status_texts(test::sample_report(), 100);
    ASSERT_EQ(texts.size(), 1U + 12U + 1U);
    EXPECT_EQ(texts[0].context, "lockstep");
    EXPECT_EQ(texts[0].state, "failure");
    EXPECT_EQ(texts[0].description, "12 of 16 hosts fail: curl-8.1 breaks 11 of 16 hosts");
    EXPECT_EQ(texts[1].context, "lockstep/cache");
    EXPECT_EQ(texts[1].state, "failure");
    EXPECT_EQ(texts[12].context, "lockstep/printer");
    EXPECT_EQ(texts[13].context, "lockstep/pi");
    EXPECT_EQ(texts[13].state, "error");
    EXPECT_EQ(status_texts(test::sample_report(), 3).size(), 4U);
    EXPECT_EQ(status_texts(test::sample_report(), -1).size(), 1U);
    const auto green = status_texts(test::green_report(), 100);
    ASSERT_EQ(green.size(), 1U);
    EXPECT_EQ(green[0].state, "success");
}

TEST(StatusTexts, AreShortWhateverTheNames) {
    for (const auto& text : status_texts(test::hostile_report(60, 30), 100)) {
        EXPECT_LE(text.description.size(), 140U);
        EXPECT_LE(text.context.size(), 100U);
        EXPECT_TRUE(test::is_valid_utf8(text.description));
        EXPECT_EQ(text.description, clean_line(text.description));
        EXPECT_TRUE(std::set<std::string>({"success", "failure", "error"}).count(text.state));
    }
}

}  // namespace
}  // namespace lockstep
