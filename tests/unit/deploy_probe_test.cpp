// SPDX-License-Identifier: MIT
// Answers of hosts: all of it or nothing, and never more than text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/deploy_probe.hpp"

namespace lockstep::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

const std::string k_path = "/nix/store/00000000000000000000000000000000-nixos-system-web1";
const std::string k_other = "/nix/store/11111111111111111111111111111111-nixos-system-web1";

std::string answer(const std::string& lines, const std::string& nonce = "n1") {
    return "version=1\n" + lines + "end=" + nonce + "\n";
}

TEST(DeployProbe, WithoutTheEndNothingIsKnown) {
    const auto whole = answer("running=" + k_path + "\nuid=0\n");
    ASSERT_TRUE(parse_probe(whole, "n1"));
    EXPECT_EQ(parse_probe(whole, "n1")->running, k_path);
    for (std::size_t cut = 0; cut < whole.size(); ++cut)
        EXPECT_EQ(parse_probe(whole.substr(0, cut), "n1"), std::nullopt) << cut;
    EXPECT_EQ(parse_probe(whole, "n2"), std::nullopt);
    EXPECT_EQ(parse_probe(whole, ""), std::nullopt);
    EXPECT_EQ(parse_probe(answer("", "other") + answer(""), "n1"), std::nullopt);
    EXPECT_EQ(parse_probe("running=" + k_path + "\nend=n1\n", "n1"), std::nullopt);  // no version
    EXPECT_EQ(parse_probe("version=2\nend=n1\n", "n1"), std::nullopt);
}

TEST(DeployProbe, GreetingsOfALoginShellAreNoAnswer) {
    const auto probe = parse_probe("Welcome to web1!\nToday = Monday\n\n" + answer("uid=1000\n") + "bye\n", "n1");
    ASSERT_TRUE(probe);
    EXPECT_FALSE(probe->root);
}

TEST(DeployProbe, HostileValuesBecomeText) {
    const auto probe = parse_probe(answer("hostname=%1b%5b31mweb1%0a%0d%00x\n"
                                          "running=/nix/store/../../etc/passwd\n"
                                          "booted=" +
                                          k_path +
                                          "/bin\n"
                                          "profile=" +
                                          k_path +
                                          "%3breboot\n"
                                          "failed_unit=a%0ab.service\nfailed_units_known=1\n"
                                          "boot_free_kb=-1\nstore_free_kb=99999999999999999999999\n"
                                          "generation=x:" +
                                          k_path + "\ngeneration=3:/etc\ngeneration=4:" + k_path +
                                          "\n"
                                          "uptime=12x\nBAD KEY=1\nsystemd=yes\n"),
                                   "n1");
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->hostname.find('\x1b'), std::string::npos);
    EXPECT_EQ(probe->hostname.find('\n'), std::string::npos);
    EXPECT_EQ(probe->running, "");
    EXPECT_EQ(probe->booted, "");
    EXPECT_EQ(probe->profile, "");
    EXPECT_THAT(probe->failed_units, Optional(ElementsAre("a b.service")));
    EXPECT_EQ(probe->boot.free, std::nullopt);
    EXPECT_EQ(probe->store.free, std::nullopt);
    EXPECT_THAT(probe->generations, ElementsAre(::testing::Pair(4, k_path)));
    EXPECT_EQ(probe->uptime_seconds, 0u);
    EXPECT_FALSE(probe->systemd);
}

TEST(DeployProbe, BrokenEncodingAndFloodsAreNoAnswer) {
    EXPECT_EQ(parse_probe(answer("hostname=%4\n"), "n1"), std::nullopt);
    EXPECT_EQ(parse_probe(answer("hostname=%zz\n"), "n1"), std::nullopt);
    std::string flood;
    for (int i = 0; i < 5000; ++i) flood += "failed_unit=x\n";
    EXPECT_EQ(parse_probe(answer(flood), "n1"), std::nullopt);
    EXPECT_EQ(parse_probe(answer("hostname=" + std::string(2u << 20, 'x') + "\n"), "n1"), std::nullopt);
}

TEST(DeployProbe, WhatWasNotSaidIsNotKnown) {
    const auto probe = parse_probe(answer(""), "n1");
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->failed_units, std::nullopt);
    EXPECT_EQ(probe->switch_locked, std::nullopt);
    EXPECT_EQ(probe->candidate_present, std::nullopt);
    EXPECT_EQ(probe->candidate_valid, std::nullopt);
    EXPECT_EQ(probe->store.free, std::nullopt);
    EXPECT_FALSE(probe->busy_known);
    // A list that could not be read is not an empty list.
    EXPECT_EQ(parse_probe(answer("failed_unit=a.service\n"), "n1")->failed_units, std::nullopt);
    EXPECT_THAT(parse_probe(answer("failed_units_known=1\n"), "n1")->failed_units, Optional(IsEmpty()));
}

TEST(DeployProbe, TheRunningGenerationIsTheOneThatPointsAtIt) {
    const auto probe = parse_probe(answer("running=" + k_path + "\ngeneration=7:" + k_path +
                                          "\ngeneration=8:" + k_other + "\nprofile_link=system-8-link\n"),
                                   "n1");
    EXPECT_EQ(probe->running_generation(), 7);
    EXPECT_EQ(parse_probe(answer("generation=7:" + k_path + "\n"), "n1")->running_generation(), std::nullopt);
}

TEST(DeployProbe, ARebootIsNeededForPartsThatBothSidesName) {
    const BootParts booted{{"kernel", "a"}, {"initrd", "b"}, {"systemd", "s"}};
    EXPECT_THAT(reboot_reasons(booted, booted), IsEmpty());
    EXPECT_THAT(reboot_reasons(booted, {{"kernel", "x"}, {"initrd", "b"}, {"kernel-params", "quiet"}}),
                ElementsAre("kernel"));
    EXPECT_THAT(reboot_reasons({}, booted), IsEmpty());
}

TEST(DeployProbe, AKernelIsToldByItsVersion) {
    const auto kernel = [](const std::string& name) {
        return BootParts{{"kernel", "/nix/store/00000000000000000000000000000000-" + name + "/bzImage"}};
    };
    EXPECT_EQ(kernel_version(kernel("linux-6.1.55")), "6.1.55");
    EXPECT_EQ(kernel_change(kernel("linux-6.1.55"), kernel("linux-6.6.1")), "6.1.55 → 6.6.1");
    EXPECT_EQ(kernel_change(kernel("linux-6.1.55"), kernel("linux-6.1.55")), "");
    auto rebuilt = kernel("linux-6.1.55");
    rebuilt["kernel"][11] = '1';
    EXPECT_EQ(kernel_change(kernel("linux-6.1.55"), rebuilt), "another build");
    EXPECT_EQ(kernel_change({}, rebuilt), "");
    EXPECT_EQ(kernel_version({{"kernel", "/elsewhere/bzImage"}}), "");
}

TEST(DeployProbe, StorePathsAreNothingElse) {
    EXPECT_TRUE(is_store_path(k_path));
    for (const auto& text : {std::string("/nix/store/short-x"), k_path + "/bin", k_path + ";x", k_path + "\n",
                             "x" + k_path, std::string("/nix/store/00000000000000000000000000000000"),
                             std::string("/nix/store/eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee-x"), std::string()})
        EXPECT_FALSE(is_store_path(text)) << text;
}

}  // namespace
}  // namespace lockstep::deploy
