// SPDX-License-Identifier: MIT
// The short way for records of build output says the same as the JSON library, whatever stands in them.
#include <gtest/gtest.h>

#include <random>

#include "../../src/adapters/nix/lines.hpp"
#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {
namespace {

using Kind = LogRecord::Kind;

std::string record_of(const std::string& escaped, const std::string& id = "7") {
    return R"(@nix {"action":"result","fields":[")" + escaped + R"("],"id":)" + id + R"(,"type":101})";
}

void expect_same(const std::string& line) {
    const auto fast = parse_log_line(line), slow = parse_log_line_by_library(line);
    EXPECT_EQ(fast.kind, slow.kind) << line;
    EXPECT_EQ(fast.id, slow.id) << line;
    EXPECT_EQ(fast.text, slow.text) << line;
}

/// Whether the short way takes the text of this record.
bool is_short(const std::string& line) {
    const auto found = scan_build_line(line);
    std::string text;
    return found && append_text(text, *found);
}

TEST(BuildLine, TakesWhatNixWrites) {
    for (const std::string text :
         {"", "plain", "\\u001b[1;31merror:\\u001b[0m", "tab\\there", "quote \\\" backslash \\\\", "héllo — ✓ 🚀",
          "\\r\\n\\b\\f\\/", "\\ud83d\\ude80", "\\u0000", "del \x7f",
          "sixty-four printable characters, which are two whole "
          "blocks......."}) {
        const auto line = record_of(text);
        EXPECT_TRUE(is_short(line)) << line;
        EXPECT_EQ(parse_log_line(line).kind, Kind::build_line) << line;
        expect_same(line);
    }
}

TEST(BuildLine, LeavesTheRestToTheLibraryAndChangesNothing) {
    for (const std::string text : {"a\"b",
                                   "\\",
                                   "\\x",
                                   "\\u12",
                                   "\\u12g4",
                                   "\\u+123",
                                   "\\ud800",
                                   "\\ud800\\u0041",
                                   "\\udc00",
                                   "\\ud83dx",
                                   "tab\t",
                                   "bell\a",
                                   "\xff",
                                   "\xc0\x80",
                                   "\xe2\x82",
                                   "\xed\xa0\x80",
                                   "\xf4\x90\x80\x80",
                                   "\xf0\x80\x80\x80",
                                   "\xe0\x80\x80",
                                   "text\\"}) {
        const auto line = record_of(text);
        EXPECT_FALSE(is_short(line)) << line;
        expect_same(line);
        std::string into = "before";
        const auto valid_at_first = record_of("valid" + text);  // what is found points into it
        if (const auto found = scan_build_line(valid_at_first)) {
            EXPECT_FALSE(append_text(into, *found));
        }
        EXPECT_EQ(into, "before");
    }
}

TEST(BuildLine, AppendsToWhatIsThere) {
    std::string into = "one\n";
    const auto line = record_of("t\\u0077o", "18446744073709551615");
    const auto found = scan_build_line(line);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->id, 18446744073709551615U);
    EXPECT_TRUE(append_text(into, *found));
    EXPECT_EQ(into, "one\ntwo");
}

TEST(BuildLine, IsNotFooledByRecordsInsideOfRecords) {
    for (const std::string text : {R"(x"],"id":9,"type":101})", R"(x\"],\"id\":9,\"type\":101})", R"("],"id":)",
                                   R"(a","b)", R"(@nix {"action":"result","fields":[")"})
        for (const std::string id : {"7", "", "9,\"id\":8", "007", "123456789012345678901", "1e2"})
            expect_same(record_of(text, id));
    const auto whole = record_of("text");
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        expect_same(whole.substr(0, size));
        expect_same(whole.substr(size));
    }
}

/// Pieces that matter, put together at random: valid, broken and forged records.
TEST(BuildLine, SaysTheSameAsTheLibraryOnRandomRecords) {
    const std::vector<std::string> pieces{"a",
                                          "plain text ",
                                          "0123456789abcdef0123456789abcdef",
                                          "\\\"",
                                          "\\\\",
                                          "\\n",
                                          "\\t",
                                          "\\/",
                                          "\\u001b[0m",
                                          "\\u00e9",
                                          "\\u20AC",
                                          "\\ud83d\\ude80",
                                          "\\ud83d",
                                          "\\ude80",
                                          "\\",
                                          "\\u",
                                          "\\u00",
                                          "é",
                                          "€",
                                          "🚀",
                                          "\xe2",
                                          "\x82",
                                          "\xac",
                                          "\xff",
                                          "\x7f",
                                          "\t",
                                          "\x1f",
                                          "\"",
                                          "\"],\"id\":3",
                                          ",\"type\":101}",
                                          "{",
                                          "}",
                                          " ",
                                          "/",
                                          std::string(1, '\0')};
    std::minstd_rand random(42);
    std::size_t taken = 0;
    for (int n = 0; n < 20'000; ++n) {
        std::string text;
        for (auto left = random() % 12; left > 0; --left) {
            // Half of the records are made of valid pieces only.
            const auto choice = random() % (n % 2 == 0 ? std::size_t{12} : pieces.size());
            text += pieces[choice];
        }
        const auto line = record_of(text, std::to_string(random()));
        if (is_short(line)) ++taken;
        expect_same(line);
    }
    EXPECT_GT(taken, 10'000U);
}

TEST(BuildLine, SaysTheSameAsTheLibraryOnDamagedRecords) {
    std::minstd_rand random(43);
    const std::string whole =
        record_of("a line with \\u001b[1mcolour\\u001b[0m and a \\\"quote\\\", é, and an end", "123456");
    for (int n = 0; n < 20'000; ++n) {
        std::string line = whole;
        for (auto left = 1 + random() % 3; left > 0; --left) {
            const auto at = random() % line.size();
            switch (random() % 3) {
                case 0:
                    line[at] = static_cast<char>(random() % 256);
                    break;
                case 1:
                    line.erase(at, 1 + random() % 4);
                    break;
                default:
                    line.insert(at, line.substr(random() % line.size(), 1 + random() % 8));
            }
        }
        expect_same(line);
    }
}

}  // namespace
}  // namespace lockstep::nix
