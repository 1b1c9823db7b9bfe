// SPDX-License-Identifier: MIT
// What a run sends to a binary cache.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fleet_fixture.hpp"

namespace lockstep::test {
namespace {

using ::testing::IsEmpty;
using ::testing::Not;

/// A fleet with one host that stays and one that an update takes away.
struct CacheScene {
    NixLab lab;
    FleetFixture fleet{lab};

    CacheScene() {
        fleet.part("catalogue", "old", {});
        fleet.part("catalogue", "tls", {});
        fleet.host("stays", {.parts = {"catalogue.tls"}});
        fleet.host_if("catalogue", "old", "goes", {});
        fleet.commit("first");
        fleet.publish();
        fleet.part("catalogue", "tls", {.text = "2"});
    }

    Ran run(const std::string& red_too) const {
        auto environment = lab.environment();
        environment.insert(environment.end(), {"XDG_STATE_HOME=" + (lab / "state").string(),
                                               "LOCKSTEP_CACHE_TO=file://" + (lab / "cache").string(),
                                               "LOCKSTEP_CACHE_PASSING_HOSTS_OF_RED_RUNS=" + red_too});
        return run_program({LOCKSTEP_BINARY, "run", "--plain", "--repo", fleet.repository().string()}, environment);
    }
    [[nodiscard]] std::vector<std::string> cached() const {
        std::vector<std::string> names;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator(lab / "cache", none))
            if (entry.path().extension() == ".narinfo") names.push_back(entry.path().filename().string());
        return names;
    }
};

TEST(Cache, GetsWhatAGreenRunProved) {
    LOCKSTEP_NEEDS_NIX();
    const CacheScene scene;
    const auto ran = scene.run("false");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(scene.cached(), Not(IsEmpty())) << ran.err;
}

TEST(Cache, GetsNothingOfARunThatAVanishedHostMakesRed) {
    LOCKSTEP_NEEDS_NIX();
    CacheScene scene;
    scene.fleet.remove_part("catalogue", "old");
    const auto ran = scene.run("false");
    EXPECT_EQ(ran.code, 20) << ran.err;
    EXPECT_THAT(scene.cached(), IsEmpty());
}

TEST(Cache, GetsThePassingHostsOfARedRunByDefault) {
    LOCKSTEP_NEEDS_NIX();
    CacheScene scene;
    scene.fleet.remove_part("catalogue", "old");
    const auto ran = scene.run("true");
    EXPECT_EQ(ran.code, 20) << ran.err;
    EXPECT_THAT(scene.cached(), Not(IsEmpty())) << ran.err;
}

}  // namespace
}  // namespace lockstep::test
