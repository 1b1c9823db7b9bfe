// SPDX-License-Identifier: MIT
#include "lockstep/core/critical_path.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace lockstep {
namespace {

using namespace std::chrono_literals;

BuildRecord built(const std::string& drv, Millis started, Millis duration) {
    return {.drv = drv, .name = drv + "-1", .machine = "", .ok = true, .started = started, .duration = duration};
}

using Needs = std::map<std::string, std::vector<std::string>>;

std::vector<std::string> path_of(const std::vector<BuildRecord>& builds, const Needs& needs) {
    std::vector<std::string> names;
    for (const auto& build : critical_path(builds, [&](const std::string& drv) {
             const auto found = needs.find(drv);
             return found == needs.end() ? std::vector<std::string>{} : found->second;
         }))
        names.push_back(build.drv);
    return names;
}

using Names = std::vector<std::string>;

TEST(CriticalPath, IsTheChainThatEndedLast) {
    const std::vector<BuildRecord> builds = {built("a", 0s, 10s), built("b", 0s, 20s),  built("c", 20s, 5s),
                                             built("d", 20s, 1s), built("e", 25s, 10s), built("z", 0s, 34s)};
    const Needs needs = {{"e", {"d", "c", "cached"}}, {"c", {"a", "b"}}, {"d", {"b"}}};
    EXPECT_EQ(path_of(builds, needs), (Names{"b", "c", "e"}));
}

TEST(CriticalPath, OfNothingIsNothing) {
    EXPECT_EQ(path_of({}, {}), Names{});
    EXPECT_EQ(path_of({built("a", 0s, 1s)}, {}), Names{"a"});
}

TEST(CriticalPath, OfTwoThatEndTogetherTheLongerOneCounts) {
    EXPECT_EQ(path_of({built("a", 5s, 5s), built("b", 0s, 10s), built("c", 10s, 1s)}, {{"c", {"a", "b"}}}),
              (Names{"b", "c"}));
}

TEST(CriticalPath, TheLastTryCounts) {
    const auto path = critical_path({built("a", 0s, 1s), built("a", 5s, 7s), built("b", 12s, 1s)},
                                    [](const std::string& drv) { return drv == "b" ? Names{"a"} : Names{}; });
    ASSERT_EQ(path.size(), 2U);
    EXPECT_EQ(path.front(), built("a", 5s, 7s));
}

TEST(CriticalPath, RecordsThatContradictThemselvesEndIt) {
    EXPECT_EQ(path_of({built("a", 0s, 5s), built("b", 0s, 5s)}, {{"a", {"b"}}, {"b", {"a"}}}).size(), 2U);
    EXPECT_EQ(path_of({built("a", 0s, 5s)}, {{"a", {"a"}}}), Names{"a"});
    EXPECT_EQ(
        path_of({built("later", 0s, 9s), built("b", 0s, 10s), built("c", 1s, 1s)}, {{"b", {"c"}}, {"c", {"later"}}}),
        (Names{"c", "b"}));
}

TEST(CriticalPath, FollowsTheGraph) {
    const std::map<std::string, std::string> files = {
        {"/s/a.drv", R"(Derive([("out","/s/a","","")],[],[],"x","/b",[],[]))"},
        {"/s/b.drv", R"(Derive([("out","/s/b","","")],[("/s/a.drv",["out"])],[],"x","/b",[],[]))"}};
    DrvGraph graph;
    ASSERT_TRUE(
        graph.add("/s/b.drv", [&](const std::string& path) -> Result<std::string> { return files.at(path); }).ok());
    const std::vector<BuildRecord> builds = {built("/s/a.drv", 0s, 2s), built("/s/b.drv", 2s, 1s)};
    EXPECT_EQ(critical_path(builds, graph), builds);
    EXPECT_EQ(critical_path({built("/s/unknown.drv", 0s, 1s)}, graph).size(), 1U);
}

TEST(CriticalPathProperty, EveryStepIsAnInputThatNoOtherInputOutlasted) {
    for (std::uint32_t seed = 0; seed < 200; ++seed) {
        std::mt19937 random(seed);
        std::vector<BuildRecord> builds;
        Needs needs;
        for (int i = 0; i < 30; ++i) {
            Millis start{0};
            const auto name = std::to_string(i);
            for (int j = 0; j < i; ++j)
                if (random() % 8 == 0) {
                    needs[name].push_back(std::to_string(j));
                    const auto& input = builds[static_cast<std::size_t>(j)];
                    start = std::max(start, input.started + input.duration);
                }
            builds.push_back(built(name, start + Millis(random() % 50), Millis(1 + random() % 1000)));
        }
        const auto path = path_of(builds, needs);
        ASSERT_FALSE(path.empty());
        const auto end = [&](const std::string& name) {
            const auto& build = builds[static_cast<std::size_t>(std::stoi(name))];
            return build.started + build.duration;
        };
        for (const auto& build : builds) EXPECT_LE(end(build.drv), end(path.back()));
        for (std::size_t i = 1; i < path.size(); ++i) {
            const auto& inputs = needs[path[i]];
            EXPECT_NE(std::find(inputs.begin(), inputs.end(), path[i - 1]), inputs.end());
            for (const auto& input : inputs) EXPECT_LE(end(input), end(path[i - 1]));
        }
        EXPECT_TRUE(needs[path.front()].empty());
    }
}

TEST(Slowest, AreTheLongestInOrder) {
    const std::vector<BuildRecord> builds = {built("a", 0s, 1s), built("b", 0s, 3s), built("c", 0s, 2s),
                                             built("d", 0s, 3s)};
    const auto longest = slowest(builds, 3);
    ASSERT_EQ(longest.size(), 3U);
    EXPECT_EQ(longest[0].drv + longest[1].drv + longest[2].drv, "bdc");
    EXPECT_EQ(slowest(builds, 9).size(), 4U);
}

TEST(TimingOf, KeepsTenOfTheSlowest) {
    ProofResult proof;
    for (int i = 0; i < 15; ++i) proof.builds.push_back(built(std::to_string(i), 0s, Millis(i)));
    proof.critical_path = {proof.builds.front()};
    proof.derivations_built = 15;
    proof.download_bytes = 7;
    const auto timing = timing_of(proof);
    ASSERT_EQ(timing.slowest.size(), 10U);
    EXPECT_EQ(timing.slowest.front().drv, "14");
    EXPECT_EQ(timing.critical_path, proof.critical_path);
    EXPECT_EQ(timing.derivations_built, 15);
    EXPECT_EQ(timing.download_bytes, 7U);
}

}  // namespace
}  // namespace lockstep
