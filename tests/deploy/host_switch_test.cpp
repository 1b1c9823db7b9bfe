// SPDX-License-Identifier: MIT
// The host's side of a switch over real ssh: the endings that were meant.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using deploy::StartResult;
using deploy::SwitchAction;
using deploy::SwitchOrder;
using deploy::SwitchPhase;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_nonce = "n0nce";

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

TEST(HostSwitch, UnitsThatFailAreForTheRunnerToJudge) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("fail4 web.service db.service");
    site.host.receive(site.v2);
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    EXPECT_EQ(site.state().rc, 4);
    EXPECT_THAT(site.probe()->failed_units, ::testing::Optional(ElementsAre("web.service", "db.service")));
    EXPECT_THAT(deploy::parse_unit_lists(site.log()).failed, ElementsAre("web.service", "db.service"));
    site.order(SwitchOrder::release);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    EXPECT_EQ(site.host.running(), site.v1);
}

TEST(HostSwitch, TestKeepsItWithoutABootEntry) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    site.request.action = SwitchAction::test;
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::tested)) << site.log();
    EXPECT_EQ(site.host.running(), site.v2);
    EXPECT_EQ(site.host.profile(), site.v1);
    EXPECT_EQ(site.host.boot_default(), site.v1);
}

TEST(HostSwitch, BootThenRebootThenBackByPath) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    site.request.action = SwitchAction::boot;
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::boot_set)) << site.log();
    EXPECT_EQ(site.host.running(), site.v1);
    EXPECT_EQ(site.host.profile(), site.v2);
    EXPECT_EQ(site.host.boot_default(), site.v2);

    const auto done =
        run_command(site.lab, deploy::reboot_command(site.target, site.request.run, site.host.boot_id(), k_nonce));
    const auto rebooting = deploy::parse_rebooting(done.out, k_nonce);
    ASSERT_TRUE(rebooting) << done.err;
    EXPECT_TRUE(rebooting->under_way);
    EXPECT_EQ(rebooting->boot_id, site.host.boot_id());
    ASSERT_TRUE(site.host.await_reboot(rebooting->boot_id));
    EXPECT_TRUE(eventually([&] { return site.state().running == site.v2; }));
    const auto state = site.state();
    EXPECT_NE(state.boot_id, rebooting->boot_id);
    EXPECT_EQ(state.booted, site.v2);
    EXPECT_EQ(state.phase, SwitchPhase::none);  // /run is empty: nothing of a dead run is in the way

    std::swap(site.request.new_path, site.request.old_path);
    site.request.run = "run-2";
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::boot_set)) << site.log();
    EXPECT_EQ(site.host.profile(), site.v1);
    EXPECT_EQ(site.host.boot_default(), site.v1);
}

TEST(HostSwitch, HeldUntilToldToCommit) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    site.request.limits.hold = 20;
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::held)) << site.log();
    EXPECT_EQ(site.host.profile(), site.v1);
    site.order(SwitchOrder::commit);
    ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
    EXPECT_EQ(site.host.profile(), site.v2);
}

TEST(HostSwitch, HeldThenReleasedOrForgottenGoesBack) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    for (const bool told : {true, false}) {
        site.request.run = told ? "told" : "forgotten";
        site.request.limits.hold = told ? 20 : 1;
        ASSERT_EQ(site.start().result, StartResult::started);
        ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
        site.order(SwitchOrder::ack);
        if (told) {
            ASSERT_TRUE(site.reaches(SwitchPhase::held)) << site.log();
            site.order(SwitchOrder::release);
        }
        ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
        EXPECT_EQ(site.host.running(), site.v1);
        EXPECT_EQ(site.host.profile(), site.v1);
        EXPECT_THAT(site.host.steps(), Not(::testing::Contains(HasSubstr("boot"))));
    }
}

TEST(HostSwitch, TheLogIsReadInPieces) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("chatty 500");
    site.host.receive(site.v2);
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    const auto whole = site.log();
    std::string text;
    for (std::uint64_t offset = 0;;) {
        const auto done =
            run_command(site.lab, deploy::log_command(site.target, site.request.run, offset, 7'000, k_nonce));
        const auto chunk = deploy::parse_log(done.out, k_nonce, offset);
        ASSERT_TRUE(chunk) << done.err;
        EXPECT_EQ(chunk->size, whole.size());
        EXPECT_LE(chunk->text.size(), 7'000u);
        if (chunk->text.empty()) break;
        text += chunk->text;
        offset = chunk->next;
    }
    EXPECT_EQ(text, whole);
    EXPECT_THAT(text, HasSubstr("line 499 of a chatty activation"));
}

TEST(HostSwitch, PinnedPathsOutliveTheCollectorUntilCleaned) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    const auto pinned =
        run_command(site.lab, deploy::pin_command(site.target, site.request.run, site.v2, site.v1, k_nonce));
    EXPECT_EQ(deploy::parse_pinned(pinned.out, k_nonce), true) << pinned.err;
    site.host.sh("nix-store --gc >/dev/null 2>&1");
    EXPECT_TRUE(site.host.exists(site.v2));
    const auto cleaned = run_command(site.lab, deploy::clean_command(site.target, site.request.run, k_nonce));
    EXPECT_EQ(cleaned.status, 0) << cleaned.err;
    site.host.sh("nix-store --gc >/dev/null 2>&1");
    EXPECT_FALSE(site.host.exists(site.v2));
    EXPECT_TRUE(site.host.exists(site.v1));
    const auto missing =
        run_command(site.lab, deploy::pin_command(site.target, site.request.run, site.v2, site.v1, k_nonce));
    EXPECT_EQ(deploy::parse_pinned(missing.out, k_nonce), false);
}

TEST(HostSwitch, TheNewSystemSaysWhatItWouldDo) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    const auto ask = [&](const std::string& mode) {
        const auto path = site.lab.system({.name = "asked", .mode = mode});
        site.host.receive(path);
        const auto done = run_command(site.lab, deploy::ask_command(site.target, path, false, k_nonce));
        EXPECT_EQ(done.status, 0) << done.err;
        return deploy::parse_asked(done.out, k_nonce).value_or(deploy::Asked{});
    };
    const auto plain = ask("ok");
    EXPECT_TRUE(plain.check_known);
    EXPECT_FALSE(plain.inhibited);
    EXPECT_EQ(plain.dry_rc, 0);
    EXPECT_THAT(plain.units.restart, ElementsAre("lab.service", "sshd.service"));
    EXPECT_THAT(plain.units.stop, ElementsAre("lab-old.service"));
    EXPECT_THAT(plain.units.start, ElementsAre("lab-new.service"));
    EXPECT_THAT(plain.units.reload, ElementsAre("dbus.service"));
    const auto inhibited = ask("inhibit");
    EXPECT_TRUE(inhibited.inhibited);
    EXPECT_THAT(inhibited.units.inhibitors, ElementsAre("dbus-implementation : dbus -> broker"));
    const auto old = ask("nocheck");
    EXPECT_FALSE(old.check_known);
    EXPECT_FALSE(old.inhibited);
    EXPECT_EQ(old.dry_rc, 0);
    EXPECT_EQ(site.host.running(), site.v1);
}

TEST(HostSwitch, WorksWithoutSystemd) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("ok", "ok", {.systemd = false});
    site.host.receive(site.v2);
    ASSERT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    EXPECT_TRUE(site.state().watchdog_armed);
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
    EXPECT_EQ(site.host.profile(), site.v2);
    EXPECT_TRUE(eventually([&] { return !site.state().watchdog_armed; }));
    EXPECT_EQ(site.host.run({"pgrep", "-f", "lockstep/run-1"}).out, "");
}

}  // namespace
}  // namespace lockstep::test
