// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {
namespace {

using ::testing::UnorderedElementsAre;

std::string settings(const std::string& builders, const std::string& more = "") {
    return R"({"system":{"value":"x86_64-linux"},"extra-platforms":{"value":["i686-linux"]},"system-features":{"value":["kvm"]},)"
           R"("builders":{"value":")" +
           builders + R"("},"max-jobs":{"value":4},"cores":{"value":0},"store":{"value":"auto"})" + more + "}";
}

Result<Capabilities> parse(const std::string& builders, const std::map<std::string, std::string>& files = {}) {
    return parse_settings(settings(builders), [files](const std::string& path) {
        const auto file = files.find(path);
        return file == files.end() ? std::string() : file->second;
    });
}

TEST(NixSettings, OwnAbilities) {
    const auto can = parse("").value();
    EXPECT_EQ(can.system, "x86_64-linux");
    EXPECT_THAT(can.systems, UnorderedElementsAre("x86_64-linux", "i686-linux"));
    EXPECT_THAT(can.features, UnorderedElementsAre("kvm"));
    EXPECT_EQ(can.max_jobs, 4);
    EXPECT_EQ(can.store, "auto");
    EXPECT_EQ(can.raw.at("max-jobs"), "4");
}

TEST(NixSettings, BuildersOnOneLine) {
    const auto can =
        parse("ssh://a aarch64-linux,armv7l-linux - 4 2 big-parallel,benchmark nixos-test - ; ssh-ng://b").value();
    EXPECT_THAT(can.systems, UnorderedElementsAre("x86_64-linux", "i686-linux", "aarch64-linux", "armv7l-linux"));
    EXPECT_THAT(can.features, UnorderedElementsAre("kvm", "big-parallel", "benchmark", "nixos-test"));
}

TEST(NixSettings, BuildersInFiles) {
    const auto can =
        parse("@/etc/nix/machines",
              {{"/etc/nix/machines", "# comment ssh://no mips-linux\n\nssh://a riscv64-linux /key 1 1 - -\n@/more\n"},
               {"/more", "ssh://b powerpc64le-linux"}})
            .value();
    EXPECT_THAT(can.systems, UnorderedElementsAre("x86_64-linux", "i686-linux", "riscv64-linux", "powerpc64le-linux"));
    EXPECT_THAT(can.features, UnorderedElementsAre("kvm"));
}

TEST(NixSettings, AMissingMachineFileIsNoError) {
    EXPECT_THAT(parse("@/etc/nix/machines").value().systems, UnorderedElementsAre("x86_64-linux", "i686-linux"));
}

TEST(NixSettings, AFileThatNamesItselfEnds) {
    const auto can = parse("@/loop", {{"/loop", "@/loop\nssh://a mips-linux"}}).value();
    EXPECT_TRUE(can.systems.contains("mips-linux"));
}

TEST(NixSettings, UnusableText) {
    const auto none = [](const std::string&) { return std::string(); };
    for (const char* text : {"", "[]", "{}", R"({"system":1})", R"({"system":{"value":""}})"}) {
        const auto can = parse_settings(text, none);
        ASSERT_FALSE(can.ok()) << text;
        EXPECT_EQ(can.error().kind, ErrorKind::infrastructure);
    }
}

}  // namespace
}  // namespace lockstep::nix
