// SPDX-License-Identifier: MIT
// Configuration and results as keeping sees them.
#include "app/keep.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lockstep::test {
namespace {

TEST(Keep, TakesItsMeasuresFromTheConfiguration) {
    Config config;
    EXPECT_EQ(disk_need(config).bytes, 2ULL << 30);
    EXPECT_EQ(disk_need(config).inodes, 10'000u);
    EXPECT_FALSE(cache_target(config, {}).only_if_green);
    config.cache = {.to = "file:///c", .signing_key_file = "/k", .passing_hosts_of_red_runs = false};
    const auto target = cache_target(config, {});
    EXPECT_TRUE(target.only_if_green);
    EXPECT_EQ(target.to, "file:///c");
    EXPECT_EQ(target.signing_key_file, "/k");
    EXPECT_EQ(target.timeout, std::chrono::hours(1));
}

TEST(Keep, BranchesAndFlakesHaveFoldersOfTheirOwn) {
    std::set<std::string> folders;
    for (const auto& [base, flake] :
         {std::pair{"main", ""}, {"main", "web"}, {"main/web", ""}, {"main-web", ""}, {"Main", ""}, {"../main", ""}}) {
        const auto folder = keep_folder("/state/repo", base, flake);
        EXPECT_TRUE(folders.insert(folder).second) << folder;
        EXPECT_EQ(folder.rfind('/'), std::string("/state/repo/keep").size()) << folder;
    }
}

TEST(Keep, OnlyProvedHostsLand) {
    const std::vector<HostResult> hosts{{.name = "a", .state = HostState::built, .out = "/s/a"},
                                        {.name = "b", .state = HostState::failed, .out = "/s/b"},
                                        {.name = "c", .state = HostState::unchanged, .out = "/s/c"},
                                        {.name = "d", .state = HostState::cached}};
    const auto landed = landed_hosts(hosts);
    ASSERT_EQ(landed.size(), 2u);
    EXPECT_EQ(landed[0].name, "a");
    EXPECT_EQ(landed[1].outputs, std::vector<std::string>{"/s/c"});
}

}  // namespace
}  // namespace lockstep::test
