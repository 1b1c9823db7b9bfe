// SPDX-License-Identifier: MIT
#include "lockstep/core/text.hpp"

#include <gtest/gtest.h>

namespace lockstep {
namespace {

TEST(Text, SplitKeepsEmptyParts) {
    EXPECT_EQ(split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
    EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Text, WordsAndLinesDropNothingButSpace) {
    EXPECT_EQ(words("  a\tb \n c"), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(lines_of("a\r\n\nb"), (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(trim(" \n x y\t"), "x y");
}

TEST(Text, ReplaceAllDoesNotLoopOnItsOwnOutput) {
    EXPECT_EQ(replace_all("aaa", "a", "aa"), "aaaaaa");
    EXPECT_EQ(replace_all("abc", "", "x"), "abc");
}

TEST(Text, PluralAndShortId) {
    EXPECT_EQ(plural(1, "host"), "1 host");
    EXPECT_EQ(plural(0, "host"), "0 hosts");
    EXPECT_EQ(short_id("0123456789abcdef"), "0123456789");
    EXPECT_EQ(short_id("ab"), "ab");
}

}  // namespace
}  // namespace lockstep
