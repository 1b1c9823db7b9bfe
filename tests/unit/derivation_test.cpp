// SPDX-License-Identifier: MIT
#include "lockstep/core/derivation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* k_small =
    R"(Derive([("dev","/s/b-dev","",""),("out","/s/a-x","","")],[("/s/1.drv",["out"]),("/s/2.drv",["bin","out"])],)"
    R"(["/s/src"],"x86_64-linux","/bin/sh",["-c","echo"],[("A","1"),("B","line\n\ttab\"quote\\back\rret")]))";

TEST(Derivation, ReadsEveryPart) {
    const auto drv = parse_derivation(k_small);
    ASSERT_TRUE(drv.ok()) << drv.error().why;
    EXPECT_THAT(drv->outputs,
                ElementsAre(DerivationOutput{"dev", "/s/b-dev", "", ""}, DerivationOutput{"out", "/s/a-x", "", ""}));
    EXPECT_THAT(drv->input_drvs.at("/s/1.drv"), ElementsAre("out"));
    EXPECT_THAT(drv->input_drvs.at("/s/2.drv"), ElementsAre("bin", "out"));
    EXPECT_THAT(drv->input_sources, ElementsAre("/s/src"));
    EXPECT_EQ(drv->system, "x86_64-linux");
    EXPECT_EQ(drv->builder, "/bin/sh");
    EXPECT_THAT(drv->args, ElementsAre("-c", "echo"));
    EXPECT_EQ(drv->env.at("B"), "line\n\ttab\"quote\\back\rret");
}

TEST(Derivation, EmptyListsAreFine) {
    const auto drv = parse_derivation(R"(Derive([],[],[],"","",[],[]))");
    ASSERT_TRUE(drv.ok()) << drv.error().why;
    EXPECT_TRUE(drv->outputs.empty());
}

TEST(Derivation, StringsHoldAnyBytes) {
    const std::string text = std::string("Derive([],[],[],\"\",\"\",[],[(\"k\",\"a\xff\x01") + '\0' + "b\")])";
    const auto drv = parse_derivation(text);
    ASSERT_TRUE(drv.ok()) << drv.error().why;
    EXPECT_EQ(drv->env.at("k"), std::string("a\xff\x01") + '\0' + "b");
}

TEST(Derivation, EveryTruncationAndAnyTailIsAnError) {
    const std::string whole = k_small;
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(parse_derivation(std::string_view(whole).substr(0, size)).ok()) << size;
    const auto tail = parse_derivation(whole + "x");
    ASSERT_FALSE(tail.ok());
    EXPECT_EQ(tail.error().kind, ErrorKind::infrastructure);
    EXPECT_THAT(tail.error().why, HasSubstr("byte " + std::to_string(whole.size())));
}

TEST(Derivation, DynamicInputsAreRead) {
    const auto drv = parse_derivation(
        R"(DrvWithVersion("xp-dyn-drv",[("out","","r:sha256","")],[("/s/1.drv",(["out"],[("dev",(["lib"],[])),("x",["out"])]))],)"
        R"([],"s","b",[],[]))");
    ASSERT_TRUE(drv.ok()) << drv.error().why;
    EXPECT_THAT(drv->input_drvs.at("/s/1.drv"), ElementsAre("out"));
}

TEST(Derivation, NestingIsBounded) {
    std::string deep = R"(DrvWithVersion("xp-dyn-drv",[],[("/s/1.drv",)";
    for (int i = 0; i < 100'000; ++i) deep += R"(([],[("o",)";
    const auto drv = parse_derivation(deep);
    EXPECT_FALSE(drv.ok());
}

TEST(Derivation, UnknownFormatVersionIsNamed) {
    const auto drv = parse_derivation(R"(DrvWithVersion("xp-future",[],[],[],"","",[],[]))");
    ASSERT_FALSE(drv.ok());
    EXPECT_THAT(drv.error().why, HasSubstr("xp-future"));
}

TEST(Derivation, NameOfAPath) {
    EXPECT_EQ(derivation_name("/nix/store/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-foo-1.2.drv"), "foo-1.2");
    EXPECT_EQ(derivation_name("/a b/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-x.drv"), "x");
    EXPECT_EQ(derivation_name("/nix/store/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-foo"),
              "/nix/store/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-foo");
    EXPECT_EQ(derivation_name("/nix/store/short-foo.drv"), "/nix/store/short-foo.drv");
    EXPECT_EQ(derivation_name("/nix/store/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-.drv"),
              "/nix/store/0c0gkjwbvdvgvvqqy84jmnmlh6m3sjrl-.drv");
    EXPECT_EQ(derivation_name("/nix/store/EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE-foo.drv"),
              "/nix/store/EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE-foo.drv");
    EXPECT_EQ(derivation_name(""), "");
}

}  // namespace
}  // namespace lockstep
