// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

struct Read {
    std::vector<EvalEvent> events;
    std::vector<std::string> texts;
    bool operator==(const Read&) const = default;
};

Read read(const std::vector<std::string>& chunks, std::size_t slice = 3) {
    EvalReader reader("abcd", slice);
    Read result;
    const auto on_event = [&](const EvalEvent& event) { result.events.push_back(event); };
    const auto on_text = [&](std::string_view text) { result.texts.emplace_back(text); };
    for (const auto& chunk : chunks) reader.feed(chunk, on_event, on_text);
    reader.finish(on_event, on_text);
    return result;
}

EvalEvent begin(std::size_t index) {
    return {EvalEvent::Kind::begin, index, ""};
}
EvalEvent end(std::size_t index, std::string drv) {
    return {EvalEvent::Kind::end, index, std::move(drv)};
}

TEST(NixEval, ReadsMarksBetweenOtherText) {
    const std::string text =
        "warning: x\ntrace: lockstep-abcd begin 0\ntrace: flake's own\ntrace: lockstep-abcd end 0 /s/a b.drv\n"
        "trace: lockstep-abcd begin 1\nerror:\n       error: no\n";
    const auto whole = read({text});
    EXPECT_THAT(whole.events, ElementsAre(begin(0), end(0, "/s/a b.drv"), begin(1)));
    EXPECT_THAT(whole.texts, ElementsAre("warning: x", "trace: flake's own", "error:", "       error: no"));
    std::vector<std::string> bytes;
    for (const char c : text) bytes.emplace_back(1, c);
    EXPECT_EQ(read(bytes), whole);
}

TEST(NixEval, MarksNeedTheNonceAndTheirExactForm) {
    for (const char* line : {
             "trace: lockstep-abce begin 0",
             "trace: lockstep-abcd begin 3",
             "trace: lockstep-abcd begin 0 x",
             "trace: lockstep-abcd begin -1",
             "trace: lockstep-abcd begin ",
             "trace: lockstep-abcd begin 99999999999999999999999",
             "trace: lockstep-abcd end 0",
             "trace: lockstep-abcd end 0 /s/a",
             "trace: lockstep-abcd end 0 s/a.drv",
             "trace: lockstep-abcd stop 0",
             R"(   mark = text: builtins.trace ("lockstep-" + "ab" + "cd" + text);)",
         }) {
        const auto result = read({std::string(line) + "\n"});
        EXPECT_TRUE(result.events.empty()) << line;
        EXPECT_THAT(result.texts, ElementsAre(line));
    }
}

TEST(NixEval, AMarkSurvivesUnfinishedProgressLines) {
    const auto result = read({"remote: 10%\rremote: 20% trace: lockstep-abcd begin 2\r\n"});
    EXPECT_THAT(result.events, ElementsAre(begin(2)));
    EXPECT_THAT(result.texts, ElementsAre("remote: 10%", "remote: 20% "));
}

TEST(NixEval, LongLinesAreBounded) {
    const auto result = read({std::string(200'000, 'x'), std::string(200'000, 'y') + "\nshort"});
    ASSERT_EQ(result.texts.size(), 2u);
    EXPECT_EQ(result.texts[0], std::string(64u << 10, 'x'));
    EXPECT_EQ(result.texts[1], "short");
}

TEST(NixEval, LiteralsHoldAnyText) {
    EXPECT_EQ(string_literal("web1"), R"("web1")");
    EXPECT_EQ(string_literal("a\"b\\c"), R"("a\"b\\c")");
    EXPECT_EQ(string_literal("${x} $${y} $"), R"("\${x} \$\${y} \$")");
    EXPECT_EQ(string_literal("\n\r\t"), R"("\n\r\t")");
    EXPECT_EQ(string_literal("ünï"), "\"ünï\"");
}

TEST(NixEval, NamesOfSets) {
    const auto names = parse_names(R"({"nixosConfigurations":["a","b\"c"],"darwinConfigurations":null,"checks.x":[]})");
    ASSERT_TRUE(names.ok());
    EXPECT_THAT(*names->at("nixosConfigurations"), ElementsAre("a", "b\"c"));
    EXPECT_FALSE(names->at("darwinConfigurations").has_value());
    EXPECT_TRUE(names->at("checks.x")->empty());
    for (const char* bad : {"", "[]", "{", R"({"x":1})", R"({"x":[1]})"}) EXPECT_FALSE(parse_names(bad).ok()) << bad;
}

TEST(NixEval, ResultOfAnEvaluation) {
    const auto drvs = parse_evaluation(R"({"a":"/s/a.drv","b c":"/s/b.drv"})");
    ASSERT_TRUE(drvs.ok());
    EXPECT_THAT(*drvs, ElementsAre(Pair("a", "/s/a.drv"), Pair("b c", "/s/b.drv")));
    for (const char* bad : {"", "[]", "{", R"({"x":1})"}) EXPECT_FALSE(parse_evaluation(bad).ok()) << bad;
}

TEST(NixEval, FlakeConfigAsOptions) {
    const auto options =
        parse_flake_config(R"({"extra-substituters":"http://a http://b","max-jobs":"3","bash-prompt":"x"})");
    ASSERT_TRUE(options.ok());
    EXPECT_THAT(*options, ElementsAre(Pair("extra-substituters", "http://a http://b"), Pair("max-jobs", "3")));
    EXPECT_FALSE(parse_flake_config(R"({"x":1})").ok());
}

}  // namespace
}  // namespace lockstep::nix
