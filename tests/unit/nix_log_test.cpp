// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../../src/adapters/nix/lines.hpp"
#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {
namespace {

using ::testing::ElementsAre;
using Kind = LogRecord::Kind;

std::vector<std::string> split_in(const std::vector<std::string>& chunks, std::size_t max_line = 64u << 10) {
    LineSplitter splitter(max_line);
    std::vector<std::string> lines;
    const auto keep = [&](std::string_view line) { lines.emplace_back(line); };
    for (const auto& chunk : chunks) splitter.feed(chunk, keep);
    splitter.finish(keep);
    return lines;
}

TEST(NixLog, KnownRecords) {
    const auto start = parse_log_line(
        R"(@nix {"action":"start","fields":["/s/x.drv","ssh-ng://h1",1,1],"id":18446744073709551615,"level":3,"parent":0,"text":"building '/s/x.drv'","type":105})");
    EXPECT_EQ(start.kind, Kind::build_start);
    EXPECT_EQ(start.id, 18446744073709551615u);
    EXPECT_EQ(start.drv, "/s/x.drv");
    EXPECT_EQ(start.machine, "ssh-ng://h1");
    EXPECT_EQ(start.activity, 105);
    const auto stop = parse_log_line(R"(@nix {"action":"stop","id":7})");
    EXPECT_EQ(stop.kind, Kind::stop);
    EXPECT_EQ(stop.id, 7u);
    const auto line =
        parse_log_line(R"(@nix {"action":"result","fields":["héllo \u001b[31m\t\"x\""],"id":7,"type":101})");
    EXPECT_EQ(line.kind, Kind::build_line);
    EXPECT_EQ(line.text, "héllo \x1b[31m\t\"x\"");
    const auto phase = parse_log_line(R"(@nix {"action":"result","fields":["buildPhase"],"id":7,"type":104})");
    EXPECT_EQ(phase.kind, Kind::build_phase);
    EXPECT_EQ(phase.text, "buildPhase");
    const auto progress = parse_log_line(R"(@nix {"action":"result","fields":[1,2,3,4],"id":9,"type":105})");
    EXPECT_EQ(progress.kind, Kind::progress);
    EXPECT_EQ(progress.done + 10 * progress.expected + 100 * progress.running + 1000 * progress.failed, 4321u);
    const auto message =
        parse_log_line(R"(@nix {"action":"msg","level":0,"msg":"error: no","raw_msg":"no","file":null})");
    EXPECT_EQ(message.kind, Kind::message);
    EXPECT_EQ(message.level, 0);
    EXPECT_EQ(message.text, "error: no");
}

TEST(NixLog, UnknownRecordsAreOtherAndBrokenOnesArePlain) {
    for (const char* line : {
             R"(@nix {"action":"start","id":1,"level":3,"text":"x","type":112,"fields":["u"]})",
             R"(@nix {"action":"start","id":1,"type":105})",
             R"(@nix {"action":"result","id":1,"type":110,"payload":{"status":"built"}})",
             R"(@nix {"action":"result","id":1,"type":101,"fields":[1]})",
             R"(@nix {"action":"result","id":1,"type":105,"fields":[1,2]})",
             R"(@nix {"action":"dance","id":-5,"type":99999999999999999999999})",
             R"(@nix {"action":["start"],"id":"x"})",
             R"(@nix {})",
         })
        EXPECT_EQ(parse_log_line(line).kind, Kind::other) << line;
    for (const char* line :
         {"@nix {", "@nix []", "@nix ", "@nix", "@nixx {}", "warning: x", "", " @nix {}", R"(@nix {"id":1} x)"}) {
        EXPECT_EQ(parse_log_line(line).kind, Kind::plain) << line;
        EXPECT_EQ(parse_log_line(line).text, line);
    }
}

TEST(NixLog, TheScannerAndTheLibraryAgree) {
    const std::vector<std::string> texts = {"",
                                            "plain",
                                            "with \\\" quote",
                                            "\\u001b[1m",
                                            "é",
                                            "\xff",
                                            "a\tb",
                                            R"("],"id":9,"type":101})",
                                            "\\\\",
                                            "\\n",
                                            R"(x"],"id":1)",
                                            "\x7f",
                                            "'",
                                            "{}[]",
                                            std::string(70'000, 'y')};
    const std::vector<std::string> ids = {"0",
                                          "1",
                                          "55628416417797",
                                          "18446744073709551615",
                                          "18446744073709551616",
                                          "-1",
                                          "01",
                                          "1.5",
                                          "",
                                          "1e3",
                                          " 1",
                                          "\"1\"",
                                          "null"};
    const std::vector<std::string> tails = {R"(,"type":101})", R"(,"type":104})", R"(,"type":101} )", R"(,"type":101)"};
    for (const auto& text : texts)
        for (const auto& id : ids)
            for (const auto& tail : tails) {
                const auto line = R"(@nix {"action":"result","fields":[")" + text + R"("],"id":)" + id + tail;
                const auto fast = parse_log_line(line), slow = parse_log_line_by_library(line);
                EXPECT_EQ(fast.kind, slow.kind) << line;
                EXPECT_EQ(fast.id, slow.id) << line;
                EXPECT_EQ(fast.text, slow.text) << line;
            }
}

TEST(NixLog, LinesComeOutWhateverTheChunks) {
    const std::string text = "one\n\ntwo\r\nthree";
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    EXPECT_THAT(split_in({text}), ElementsAre("one", "", "two\r", "three"));
    EXPECT_THAT(split_in(bytes), ElementsAre("one", "", "two\r", "three"));
    EXPECT_THAT(split_in({"a\n", "b\n"}), ElementsAre("a", "b"));
    EXPECT_THAT(split_in({}), ElementsAre());
}

TEST(NixLog, LongLinesKeepBothEnds) {
    const std::string kept(100, 'x');
    const auto whole = split_in({std::string(100, 'x') + "\nnext\n"}, 100);
    EXPECT_THAT(whole, ElementsAre(kept, "next"));
    const std::string long_line = kept + std::string(500, 'm') + std::string(k_line_end_kept, 'e');
    std::vector<std::string> bytes;
    for (const char c : long_line + "\nnext") bytes.emplace_back(1, c);
    const auto expected = kept + std::string(k_line_cut) + std::string(k_line_end_kept, 'e');
    EXPECT_THAT(split_in({long_line + "\nnext"}, 100), ElementsAre(expected, "next"));
    EXPECT_THAT(split_in(bytes, 100), ElementsAre(expected, "next"));
}

TEST(NixLog, ACutRecordKeepsItsBuild) {
    for (const std::string filler : {"x", "\\u001b", "\\\\", "\\\"", "é", "yy\\\\", "€z"}) {
        std::string text;
        while (text.size() < 200'000) text += filler;
        const auto line = R"(@nix {"action":"result","fields":[")" + text + R"("],"id":42,"type":101})";
        const auto lines = split_in({line + "\n"});
        ASSERT_EQ(lines.size(), 1u);
        const auto record = parse_log_line(lines[0]);
        EXPECT_EQ(record.kind, Kind::build_line) << filler;
        EXPECT_EQ(record.id, 42u);
        EXPECT_NE(record.text.find(k_line_cut), std::string::npos) << filler;
        EXPECT_GT(record.text.size(), 9'000u) << filler;
    }
}

TEST(NixLog, TwoHundredMegabytesWithoutANewlineStayCheap) {
    LineSplitter splitter;
    const std::string chunk(1u << 20, 'z');
    std::size_t lines = 0, bytes = 0;
    const auto count = [&](std::string_view line) { ++lines, bytes += line.size(); };
    for (int i = 0; i < 200; ++i) splitter.feed(chunk, count);
    splitter.finish(count);
    EXPECT_EQ(lines, 1u);
    EXPECT_EQ(bytes, (64u << 10) + k_line_cut.size() + k_line_end_kept);
}

}  // namespace
}  // namespace lockstep::nix
