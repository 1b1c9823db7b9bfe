// SPDX-License-Identifier: MIT
// Which packages differ between two closures, by the names of store paths.
#include "lockstep/core/closure_diff.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string path(char hash, const std::string& name) {
    return "/nix/store/" + std::string(32, hash) + "-" + name;
}

TEST(ClosureDiff, NamesAreCutAsNixCutsThem) {
    const auto cut = [](const std::string& name) { return package_name(path('a', name)); };
    EXPECT_EQ(cut("openssh-9.2p1"), (PackageName{"openssh", "9.2p1"}));
    EXPECT_EQ(cut("linux-6.1.55-modules"), (PackageName{"linux", "6.1.55-modules"}));
    EXPECT_EQ(cut("python3.11-requests-2.31"), (PackageName{"python3.11-requests", "2.31"}));
    EXPECT_EQ(cut("systemd-255.4-man"), (PackageName{"systemd", "255.4"})) << "an output is no version";
    EXPECT_EQ(cut("firefox-120.0-unwrapped"), (PackageName{"firefox", "120.0-unwrapped"})) << "and this is no output";
    EXPECT_EQ(cut("etc"), (PackageName{"etc", ""}));
    EXPECT_EQ(cut("unit-nginx.service"), (PackageName{"unit-nginx.service", ""}));
    EXPECT_EQ(cut("-5"), (PackageName{"-5", ""}));
    EXPECT_EQ(package_name(""), (PackageName{"", ""}));
    EXPECT_EQ(cut("evil\x1b[31m-1"), (PackageName{"evil", "1"})) << "hosts say what they like";
}

TEST(ClosureDiff, ShortPathsCanStillBeToldFromOthers) {
    EXPECT_EQ(short_store_path(path('a', "nixos-system-web1")), "aaaaaaa…-nixos-system-web1");
    EXPECT_EQ(short_store_path("/nix/store/abc"), "/nix/store/abc");
    EXPECT_EQ(short_store_path(""), "");
}

TEST(ClosureDiff, EachPackageIsInOneList) {
    const auto diff = diff_closures({{path('a', "openssh-9.2"), 100},
                                     {path('b', "nano-7"), 10},
                                     {path('c', "etc"), 5},
                                     {path('d', "glibc-2.39"), 50},
                                     {path('e', "glibc-2.39-bin"), 3}},
                                    {{path('f', "openssh-9.8"), 120},
                                     {path('g', "vim-9"), 30},
                                     {path('h', "etc"), 5},
                                     {path('e', "glibc-2.39-bin"), 3},
                                     {path('d', "glibc-2.39"), 50}});
    EXPECT_THAT(diff.changed, ElementsAre(PackageChange{"openssh", {"9.2"}, {"9.8"}, 20}));
    EXPECT_THAT(diff.added, ElementsAre(PackageChange{"vim", {}, {"9"}, 30}));
    EXPECT_THAT(diff.removed, ElementsAre(PackageChange{"nano", {"7"}, {}, -10}));
    EXPECT_THAT(diff.rebuilt, ElementsAre(PackageChange{"etc", {""}, {""}, 0}));
    EXPECT_EQ(diff.bytes_before, 168u);
    EXPECT_EQ(diff.bytes_after, 208u);
    EXPECT_EQ(diff.bytes_added, 155u);
    EXPECT_EQ(diff.paths_added, 3u);
    EXPECT_EQ(diff.paths_removed, 3u);
    EXPECT_EQ(closure_diff_summary(diff),
              "packages: 1 changed, 1 added, 1 removed, 1 rebuilt; +40 B, at most 155 B to copy");
    EXPECT_THAT(closure_diff_lines(diff), ElementsAre("openssh: 9.2 → 9.8, +20 B", "vim: 9 added, +30 B",
                                                      "nano: 7 removed, -10 B", "etc: rebuilt, ±0 B"));
    EXPECT_THAT(closure_diff_lines(diff, 1), ElementsAre("openssh: 9.2 → 9.8, +20 B", "… and 3 more"));
    const auto json = nlohmann::json::parse(closure_diff_json(diff));
    EXPECT_EQ(json["changed"][0]["after"][0], "9.8");
    EXPECT_EQ(json["bytes_added"], 155);
}

TEST(ClosureDiff, SeveralVersionsOfOnePackageAreOneLine) {
    const auto diff = diff_closures({{path('a', "perl-5.36"), 1}, {path('b', "perl-5.38"), 1}},
                                    {{path('b', "perl-5.38"), 1}, {path('c', "perl-5.40"), 4}});
    EXPECT_THAT(diff.changed, ElementsAre(PackageChange{"perl", {"5.36", "5.38"}, {"5.38", "5.40"}, 3}));
    EXPECT_THAT(diff.added, IsEmpty());
}

TEST(ClosureDiff, OrderAndRepetitionDoNotMatter) {
    const std::vector<ClosurePath> one{{path('a', "x-1"), 7}, {path('b', "y-1"), 8}, {path('a', "x-1"), 7}};
    const auto diff = diff_closures(one, {one[1], one[0]});
    EXPECT_TRUE(diff.same());
    EXPECT_EQ(diff.bytes_before, 15u);
    EXPECT_EQ(closure_diff_summary(diff), "nothing changes");
    EXPECT_THAT(closure_diff_lines(diff), IsEmpty());
}

}  // namespace
}  // namespace lockstep
