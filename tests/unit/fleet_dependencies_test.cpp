// SPDX-License-Identifier: MIT
// The order of hosts: wishes, tags, jump hosts, and cycles that say who wants them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/core/fleet.hpp"

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

struct Wish {
    std::string name;
    Names after{};
    Names tags{};
    std::string jump{};
};

Fleet fleet_of(const std::vector<Wish>& wishes) {
    Fleet fleet;
    for (const auto& wish : wishes) {
        FleetHost host{.name = wish.name};
        host.after = wish.after;
        host.tags = wish.tags;
        host.jump = wish.jump;
        for_each_fleet_field([&](const char* field, auto) { host.origin[field] = "f:1"; });
        fleet.hosts[wish.name] = host;
    }
    return fleet;
}

std::map<std::string, Names> order(const Fleet& fleet, const Names& selected) {
    auto result = resolve_dependencies(fleet, selected);
    if (!result.ok()) {
        ADD_FAILURE() << result.error().why;
        return {};
    }
    return std::move(result).value();
}

std::string cycle_of(const Fleet& fleet) {
    const auto result = resolve_dependencies(fleet, fleet.names());
    return result.ok() ? "" : result.error().why;
}

TEST(FleetDependencies, NamesAndTags) {
    const auto fleet = fleet_of({{"db1", {}, {"db"}}, {"db2", {}, {"db"}}, {"web1", {"@db"}}, {"lone"}});
    const auto result = order(fleet, fleet.names());
    EXPECT_EQ(result.size(), 4U);
    EXPECT_THAT(result.at("web1"), ElementsAre("db1", "db2"));
    EXPECT_THAT(result.at("db1"), IsEmpty());
}

TEST(FleetDependencies, OfATagHoldsForItsHosts) {
    auto fleet = fleet_of({{"db1", {}, {"db"}}, {"web1", {}, {"web"}}, {"both", {}, {"db", "web"}}});
    fleet.tags["web"] = {.hosts = {}, .after = {"@db"}, .origin = "f:9"};
    const auto result = order(fleet, fleet.names());
    EXPECT_THAT(result.at("web1"), ElementsAre("both", "db1"));
    EXPECT_THAT(result.at("both"), ElementsAre("db1")) << "a host never waits for itself";
}

TEST(FleetDependencies, LeadThroughHostsThatAreNotSelected) {
    const auto fleet = fleet_of({{"a", {"b"}}, {"b", {"c"}}, {"c", {"d"}}, {"d"}});
    const auto result = order(fleet, {"a", "c", "d"});
    EXPECT_EQ(result.size(), 3U);
    EXPECT_THAT(result.at("a"), ElementsAre("c"));
    EXPECT_THAT(result.at("c"), ElementsAre("d"));
}

TEST(FleetDependencies, JumpHostsComeFirst) {
    auto fleet = fleet_of({{"bastion"}, {"web1", {}, {}, "ops@bastion:2222"}, {"db1", {}, {}, "10.0.0.1,elsewhere"}});
    fleet.hosts["web1"].addresses = {"10.0.0.1"};
    const auto result = order(fleet, fleet.names());
    EXPECT_THAT(result.at("web1"), ElementsAre("bastion"));
    EXPECT_THAT(result.at("db1"), ElementsAre("web1")) << "found by its address";
}

TEST(FleetDependencies, AWishGoesBeforeTheOrderOfJumpHosts) {
    const auto fleet = fleet_of({{"bastion", {"@web"}}, {"web1", {}, {"web"}, "bastion"}, {"db1", {}, {}, "bastion"}});
    const auto result = order(fleet, fleet.names());
    EXPECT_THAT(result.at("bastion"), ElementsAre("web1"));
    EXPECT_THAT(result.at("web1"), IsEmpty());
    EXPECT_THAT(result.at("db1"), ElementsAre("bastion"));
}

TEST(FleetDependencies, CyclesArePrintedWithTheirReasons) {
    const auto why = cycle_of(fleet_of({{"a", {"b"}}, {"b", {"@x"}}, {"c", {"a"}, {"x"}}, {"z", {"a"}}}));
    EXPECT_THAT(why, HasSubstr("a comes after b (after b: f:1)"));
    EXPECT_THAT(why, HasSubstr("b comes after c (after @x: f:1)"));
    EXPECT_THAT(why, HasSubstr("c comes after a (after a: f:1)"));
    EXPECT_THAT(why, ::testing::Not(HasSubstr("z comes")));

    EXPECT_THAT(cycle_of(fleet_of({{"a", {"a"}}})), HasSubstr("a comes after itself (f:1)"));
    EXPECT_THAT(cycle_of(fleet_of({{"a", {}, {}, "b"}, {"b", {}, {}, "a"}})), HasSubstr("(jump: f:1)"));
}

TEST(FleetDependencies, ACycleOfHostsThatAreNotSelectedIsStillAMistake) {
    const auto fleet = fleet_of({{"a", {"b"}}, {"b", {"a"}}, {"c"}});
    const auto result = resolve_dependencies(fleet, {"c"});
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().kind, ErrorKind::config);
    EXPECT_EQ(result.error().what, "the order of hosts is a cycle");
}

TEST(FleetDependencies, LongChainsNeedNoStack) {
    std::vector<Wish> wishes;
    for (int i = 0; i < 10'000; ++i) {
        wishes.push_back({"h" + std::to_string(i)});
        if (i > 0) wishes.back().after = {"h" + std::to_string(i - 1)};
    }
    auto fleet = fleet_of(wishes);
    EXPECT_THAT(order(fleet, {"h9999", "h0"}).at("h9999"), ElementsAre("h0"));
    fleet.hosts["h0"].after = {"h9999"};
    EXPECT_THAT(cycle_of(fleet), HasSubstr("h0 comes after h9999"));
}

}  // namespace
}  // namespace lockstep
