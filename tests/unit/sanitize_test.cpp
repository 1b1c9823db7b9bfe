// SPDX-License-Identifier: MIT
#include "lockstep/core/sanitize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/utf8.hpp"

namespace lockstep {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::hostile_bytes;
using test::is_valid_utf8;

struct CleanCase {
    const char* name;
    std::string_view raw;
    std::string_view clean;
};

class CleanText : public ::testing::TestWithParam<CleanCase> {};

TEST_P(CleanText, GivesTheVisibleText) {
    EXPECT_EQ(clean_text(GetParam().raw), GetParam().clean);
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, CleanText,
    ::testing::Values(
        CleanCase{"plain", "a b\n\tc\n", "a b\n\tc\n"}, CleanCase{"empty", "", ""},
        CleanCase{"csi_colour", "\x1b[1;31mred\x1b[0m", "red"},
        CleanCase{"csi_colon_and_private", "\x1b[38:2::1:2:3mx\x1b[?25ly", "xy"},
        CleanCase{"csi_cursor_and_erase", "a\x1b[2Ab\x1b[Kc\x1b[2Jd", "abcd"},
        CleanCase{"csi_unterminated", "a\x1b[12", "a"}, CleanCase{"csi_broken_by_newline", "a\x1b[12\nb", "a\nb"},
        CleanCase{"osc_title_bel", "a\x1b]0;title\ab", "ab"},
        CleanCase{"osc_clipboard_st", "a\x1b]52;c;aGk=\x1b\\b", "ab"},
        CleanCase{"osc_c1_st",
                  "a\x1b]52;c;aGk=\xC2\x9C"
                  "b",
                  "ab"},
        CleanCase{"osc_hyperlink", "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\", "text"},
        CleanCase{"osc_unterminated_hides_its_line_only", "a\x1b]0;hidden\nshown", "a\nshown"},
        CleanCase{"osc_unterminated_at_end", "a\x1b]0;hidden", "a"},
        CleanCase{"osc_ended_by_new_escape", "\x1b]0;t\x1b[31mx", "x"},
        CleanCase{"dcs_and_apc", "\x1bPq#1\x1b\\a\x1b_x\x1b\\b", "ab"},
        CleanCase{"charset_and_keypad",
                  "\x1b(Ba\x1b=b\x1b"
                  "7c",
                  "abc"},
        CleanCase{"double_escape", "\x1b\x1b[31mx", "x"}, CleanCase{"escape_at_end", "x\x1b", "x"},
        CleanCase{"c1_csi",
                  "\xC2\x9B"
                  "31mred",
                  "red"},
        CleanCase{"c1_osc",
                  "\xC2\x9D"
                  "0;title\aa",
                  "a"},
        CleanCase{"c1_others", "a\xC2\x80\xC2\x85\xC2\x9F", "a"}, CleanCase{"c0", "a\x01\b\v\f\x0e\x7F\ab", "ab"},
        CleanCase{"bidi", "a\xE2\x80\xAA\xE2\x80\xAE\xE2\x81\xA6\xE2\x81\xA9\xE2\x80\x8E\xE2\x80\x8F\xD8\x9C\x62",
                  "ab"},
        CleanCase{"zero_width", "a\xE2\x80\x8B\xE2\x80\x8C\xE2\x80\x8D\xE2\x81\xA0\xEF\xBB\xBF\x62", "ab"},
        CleanCase{"tag_characters", "a\xF3\xA0\x81\x81\x62", "ab"},
        CleanCase{"line_separator", "a\xE2\x80\xA8\x62", "a b"}, CleanCase{"nul", "a\0b"sv, "a\xEF\xBF\xBD\x62"},
        CleanCase{"overlong", "\xC0\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        CleanCase{"overlong_three", "\xE0\x80\xAF", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        CleanCase{"surrogate", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        CleanCase{"above_unicode", "\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
        CleanCase{"truncated_at_end", "a\xE2\x82", "a\xEF\xBF\xBD"},
        CleanCase{"truncated_then_text", "\xF0\x9F\x92z", "\xEF\xBF\xBDz"},
        CleanCase{"halves_do_not_join", "\xC3\x1b[0m\xA9", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        CleanCase{"real_characters_stay", "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x92\xA9",
                  "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x92\xA9"},
        CleanCase{"crlf", "a\r\nb\r\n", "a\nb\n"}, CleanCase{"progress", "x\n10%\r50%\r100%\ny", "x\n100%\ny"},
        CleanCase{"progress_unfinished", "10%\r50%\r", "50%"},
        CleanCase{"progress_crcrlf", "10%\r50%\r\r\nz", "50%\nz"},
        CleanCase{"progress_shorter", "downloading\rok\n", "ok\n"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Sanitize, RandomBytesBecomeValidStableText) {
    std::mt19937 random(20261121);
    for (int round = 0; round < 4000; ++round) {
        const auto raw = hostile_bytes(random, 60);
        const auto once = clean_text(raw);
        ASSERT_TRUE(is_valid_utf8(once));
        ASSERT_EQ(clean_text(once), once);
        ASSERT_EQ(once.find_first_of("\x1b\r\a\x7F\0"sv), std::string::npos);
        ASSERT_LE(once.size(), 3 * raw.size());
        const auto line = clean_line(raw, 50);
        ASSERT_TRUE(is_valid_utf8(line));
        ASSERT_LE(line.size(), 50U);
        ASSERT_EQ(line.find_first_of("\n\t"), std::string::npos);
        ASSERT_EQ(clean_line(line, 50), line);
        ASSERT_TRUE(is_valid_utf8(markdown_inline(raw)));
        ASSERT_TRUE(is_valid_utf8(markdown_fence(raw)));
        ASSERT_TRUE(is_valid_utf8(xml_text(raw)));
        ASSERT_EQ(xml_text(raw).find_first_of("<>\"'"), std::string::npos);
    }
}

TEST(Sanitize, CleaningLineByLineIsCleaningTheWhole) {
    std::mt19937 random(7);
    for (int round = 0; round < 1000; ++round) {
        const auto a = hostile_bytes(random, 30), b = hostile_bytes(random, 30);
        ASSERT_EQ(clean_text(a + "\n" + b), clean_text(a + "\n") + clean_text(b));
    }
}

TEST(Sanitize, AMegabyteOfEachHostilePieceTakesOnePass) {
    // Quadratic work here would take many minutes, so that the suite's timeout tells.
    for (const auto piece :
         {"\r"sv, "\x1b]"sv, "\x1b["sv, "\x1b[1;"sv, "a\r"sv, ":a"sv, "`"sv, "\xF0\x9F"sv, "\xC2\x9D"sv}) {
        std::string raw;
        while (raw.size() < 1'000'000) raw += piece;
        const auto once = clean_text(raw);
        EXPECT_LE(once.size(), 3 * raw.size());
        EXPECT_FALSE(markdown_fence(raw).empty());
        EXPECT_LE(markdown_inline(raw).size(), 20 * raw.size());
        EXPECT_LE(clean_tail(raw, 20, 100, 1000).size(), 1U);
    }
}

TEST(CleanLine, CutsAtACharacterAndSaysSo) {
    EXPECT_EQ(clean_line("  error:\n\tno \n"), "error:  no");
    EXPECT_EQ(clean_line("abcdef", 6), "abcdef");
    EXPECT_EQ(clean_line("abcdefg", 6), "abc\xE2\x80\xA6");
    EXPECT_EQ(clean_line("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9", 6), "\xC3\xA9\xE2\x80\xA6");
    EXPECT_EQ(clean_line("abcdef", 2), "ab");
    EXPECT_EQ(clean_line("a bcdef", 2), "a");
    EXPECT_EQ(clean_line("\xE2\x82\xAC\xE2\x82\xAC", 2), "");
    EXPECT_EQ(clean_line("\n\n"), "");
}

TEST(CutUtf8, NeverSplitsACharacter) {
    EXPECT_EQ(cut_utf8("\xF0\x9F\x92\xA9", 3), "");
    EXPECT_EQ(cut_utf8("a\xF0\x9F\x92\xA9", 5), "a\xF0\x9F\x92\xA9");
    EXPECT_EQ(cut_utf8("a\xF0\x9F\x92\xA9", 4), "a");
    EXPECT_EQ(cut_utf8("abc", 0), "");
    EXPECT_EQ(cut_utf8("\xA9\xA9\xA9\xA9\xA9\xA9", 5).size(), 5U);  // not UTF-8: still bounded
}

TEST(CleanTail, TakesTheLastLinesWithinItsBounds) {
    using Lines = std::vector<std::string>;
    EXPECT_EQ(clean_tail("a\nb\nc\n", 2, 80, 800), (Lines{"b", "c"}));
    EXPECT_EQ(clean_tail("a\n\nc", 5, 80, 800), (Lines{"a", "", "c"}));
    EXPECT_EQ(clean_tail("a\nb\n\x1b[0m\n\n", 2, 80, 800), (Lines{"a", "b"}));
    EXPECT_EQ(clean_tail("long line here\nb", 2, 7, 800), (Lines{"long\xE2\x80\xA6", "b"}));
    EXPECT_EQ(clean_tail("aaaa\nbbbb\ncccc\n", 9, 80, 10), (Lines{"bbbb", "cccc"}));
    EXPECT_EQ(clean_tail("aaaaaaaaaaaa", 9, 80, 6), (Lines{"aaa\xE2\x80\xA6"}));
    EXPECT_EQ(clean_tail("", 5, 80, 800), Lines{});
    EXPECT_EQ(clean_tail("a\n", 0, 80, 800), Lines{});
    EXPECT_EQ(clean_tail("a\x1b]0;x\nb", 5, 80, 800), (Lines{"a", "b"}));
}

TEST(CleanTail, NeverExceedsItsBounds) {
    std::mt19937 random(42);
    for (int round = 0; round < 2000; ++round) {
        const auto lines = clean_tail(hostile_bytes(random, 200), 5, 30, 90);
        ASSERT_LE(lines.size(), 5U);
        std::size_t total = 0;
        for (const auto& line : lines) {
            ASSERT_LE(line.size(), 30U);
            ASSERT_TRUE(is_valid_utf8(line));
            total += line.size();
        }
        ASSERT_LE(total, 90U);
    }
}

constexpr const char* k_zw = "\xE2\x80\x8B";

TEST(MarkdownInline, EscapesWhatMarkdownAndHtmlWouldRead) {
    EXPECT_EQ(markdown_inline("a|b"), "a\\|b");
    EXPECT_EQ(markdown_inline("`x` *y* __z__ ~~s~~"), "\\`x\\` \\*y\\* \\_\\_z\\_\\_ \\~\\~s\\~\\~");
    EXPECT_EQ(markdown_inline("my_host_1"), "my_host_1");
    EXPECT_EQ(markdown_inline("a [x](y) ![i](j)"), "a \\[x\\](y) \\!\\[i\\](j)");
    EXPECT_EQ(markdown_inline("[x]: y"), "&lsqb;x\\]: y");
    EXPECT_EQ(markdown_inline("<img src=x> &lt; <!-- c -->"), "&lt;img src=x&gt; &amp;lt; &lt;\\!-- c --&gt;");
    EXPECT_EQ(markdown_inline("a\\"), "a\\\\");
    EXPECT_EQ(markdown_inline("a\\|b"), "a\\\\\\|b");
    EXPECT_EQ(markdown_inline("$x$ {y}"), "\\$x\\$ \\{y\\}");
    EXPECT_EQ(markdown_inline("two\nlines\tand tab"), "two lines and tab");
    EXPECT_EQ(markdown_inline("nixos-8gb-fsn1-1.example.org"), "nixos-8gb-fsn1-1.example.org");
}

TEST(MarkdownInline, DisarmsTheBeginningOfALine) {
    EXPECT_EQ(markdown_inline("# h"), "\\# h");
    EXPECT_EQ(markdown_inline("- x"), "\\- x");
    EXPECT_EQ(markdown_inline("+ x"), "\\+ x");
    EXPECT_EQ(markdown_inline("* x"), "\\* x");
    EXPECT_EQ(markdown_inline("> q"), "&gt; q");
    EXPECT_EQ(markdown_inline("=== x"), "\\=== x");
    EXPECT_EQ(markdown_inline(":--"), "\\:--");
    EXPECT_EQ(markdown_inline("12. x"), "12\\. x");
    EXPECT_EQ(markdown_inline("1) x"), "1\\) x");
    EXPECT_EQ(markdown_inline("10.5 MB"), "10\\.5 MB");
    EXPECT_EQ(markdown_inline("    code"), "code");
    EXPECT_EQ(markdown_inline(""), "");
}

TEST(MarkdownInline, SplitsWhatForgesActOn) {
    const std::string zw = k_zw;
    EXPECT_EQ(markdown_inline("@root and a@b.c @"), "@" + zw + "root and a@" + zw + "b.c @");
    EXPECT_EQ(markdown_inline("closes #1, o/r#23"), "closes \\#" + zw + "1, o/r\\#" + zw + "23");
    EXPECT_EQ(markdown_inline("fixes GH-9 gh-8"), "fixes GH-" + zw + "9 gh-" + zw + "8");
    EXPECT_EQ(markdown_inline("see !5"), "see \\!" + zw + "5");
    EXPECT_EQ(markdown_inline("https://x.y WWW.z.a"), "https:" + zw + "//x.y WWW" + zw + ".z.a");
    EXPECT_EQ(markdown_inline(":tada: a:b github:NixOS/nixpkgs"), "\\:" + zw + "tada: a:b github:NixOS/nixpkgs");
    EXPECT_EQ(markdown_inline("@" + zw + "x"), "@" + zw + "x") << "foreign zero-width characters go first";
}

TEST(MarkdownFence, IsLongerThanAnyFenceInside) {
    EXPECT_EQ(markdown_fence("a"), "```text\na\n```\n");
    EXPECT_EQ(markdown_fence("a\n"), "```text\na\n```\n");
    EXPECT_EQ(markdown_fence("", ""), "```\n```\n");
    EXPECT_EQ(markdown_fence("x\n````\n</details>"), "`````text\nx\n````\n</details>\n`````\n");
    EXPECT_EQ(markdown_fence("a", "no` pe\n@x"), "```nopex\na\n```\n");
    // No renderer counts for ever.
    const std::string ticks(100, '`');
    EXPECT_EQ(markdown_fence(std::string(250, '`') + "\n<script>"),
              ticks + "`text\n" + ticks + " " + ticks + " " + std::string(50, '`') + "\n<script>\n" + ticks + "`\n");
}

TEST(XmlText, EscapesAndDropsWhatXmlForbids) {
    EXPECT_EQ(xml_text("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
    EXPECT_EQ(xml_text("a\x01\x0b]]>"), "a]]&gt;");
    EXPECT_EQ(xml_text("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

bool is_safe_name(std::string_view name) {
    constexpr std::string_view k_allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return !name.empty() && name.size() <= 80 && name.find_first_not_of(k_allowed) == std::string_view::npos &&
           name.front() != '.' && name.front() != '-' && name.back() != '.';
}

std::string folded(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return name;
}

TEST(FileSlug, KeepsPlainNamesAndMarksAllOthers) {
    EXPECT_EQ(file_slug("web1"), "web1");
    EXPECT_EQ(file_slug("core01.ofborg.org"), "core01.ofborg.org");
    EXPECT_EQ(file_slug("12kingdoms-shoukei"), "12kingdoms-shoukei");
    EXPECT_EQ(file_slug("GytisOS").substr(0, 8), "GytisOS-");
    EXPECT_EQ(file_slug("a\"b").substr(0, 4), "a_b-");
    EXPECT_EQ(file_slug("../x").substr(0, 2), "x-");
    EXPECT_EQ(file_slug("-oProxyCommand=x").substr(0, 16), "oProxyCommand_x-");
    EXPECT_EQ(file_slug("con.log").substr(0, 9), "_con.log-");
}

TEST(FileSlug, GivesEveryTextItsOwnSafeFile) {
    const std::string long_name(300, 'a');
    const std::vector<std::string> names{"",
                                         ".",
                                         "..",
                                         "../x",
                                         "x",
                                         "/x",
                                         "x/",
                                         "-x",
                                         "-oProxyCommand=x",
                                         "a\"b",
                                         "a'b",
                                         "a b",
                                         "a_b",
                                         "a__b",
                                         "a..b",
                                         "a.b",
                                         "a.",
                                         "<script>",
                                         "a\0b"s,
                                         "a\nb",
                                         long_name,
                                         long_name + "a",
                                         "CON",
                                         "con",
                                         "nul.txt",
                                         "lpt1",
                                         "Web1",
                                         "web1",
                                         "WEB1",
                                         "wEb1",
                                         "\xC3\xA9",
                                         "\xFF",
                                         "unnamed",
                                         "_",
                                         "__",
                                         "${x}",
                                         "a\\b",
                                         "..\\x",
                                         "a:b",
                                         file_slug("Web1"),
                                         folded(file_slug("Web1")),
                                         file_slug("")};
    std::set<std::string> files;
    for (const auto& name : names) {
        const auto slug = file_slug(name);
        EXPECT_TRUE(is_safe_name(slug)) << name << " gives " << slug;
        EXPECT_TRUE(files.insert(folded(slug)).second) << name << " meets another at " << slug;
    }
}

TEST(FileSlug, IsSafeForAnyBytes) {
    std::mt19937 random(3);
    for (int round = 0; round < 2000; ++round) {
        const auto slug = file_slug(hostile_bytes(random, 20));
        ASSERT_TRUE(is_safe_name(slug)) << slug;
    }
}

TEST(StableHash, IsFnv1a) {
    EXPECT_EQ(stable_hash(""), 0xCBF29CE484222325ULL);
    EXPECT_EQ(stable_hash("a"), 0xAF63DC4C8601EC8CULL);
    EXPECT_EQ(stable_hash("foobar"), 0x85944171F73967E8ULL);
}

}  // namespace
}  // namespace lockstep
