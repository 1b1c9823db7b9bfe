// SPDX-License-Identifier: MIT
// The host's side of a switch: good endings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using deploy::StartResult;
using deploy::SwitchAction;
using deploy::SwitchOrder;
using deploy::SwitchPhase;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(HostSwitch, ProvedThenPermanent) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.copy();
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    auto state = site.state();
    EXPECT_EQ(state.phase, SwitchPhase::awaiting);
    EXPECT_EQ(state.rc, 0);
    EXPECT_EQ(state.running, site.v2);
    EXPECT_EQ(state.profile, site.v1);
    EXPECT_TRUE(state.supervisor_alive);
    EXPECT_TRUE(state.watchdog_armed);
    EXPECT_EQ(state.holder, site.request.run);
    ASSERT_TRUE(state.deadline);
    EXPECT_GE(*state.deadline, state.uptime);
    EXPECT_EQ(site.host.boot_default(), site.v1);

    state = site.order(SwitchOrder::ack);
    EXPECT_EQ(state.ordered, true);
    ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
    EXPECT_TRUE(eventually([&] { return !site.state().watchdog_armed; }));
    state = site.state();
    EXPECT_EQ(state.phase, SwitchPhase::committed);
    EXPECT_EQ(state.running, site.v2);
    EXPECT_EQ(state.profile, site.v2);
    EXPECT_EQ(state.holder, "");
    EXPECT_EQ(site.host.boot_default(), site.v2);
    EXPECT_THAT(site.host.steps(), ElementsAre("v2 test start", "v2 test rc=0", "v2 boot start", "v2 boot rc=0",
                                               "v2 boot start", "v2 boot rc=0"));
    // The second entry of the boot loader lists the new generation.
    EXPECT_THAT(site.host.file("/boot/loader/entries"), HasSubstr(site.v2));
}

}  // namespace
}  // namespace lockstep::test
