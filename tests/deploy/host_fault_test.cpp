// SPDX-License-Identifier: MIT
// The host's side of a switch over real ssh: what goes wrong ends on the recorded system, by itself and once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>

#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using deploy::StartResult;
using deploy::SwitchAction;
using deploy::SwitchOrder;
using deploy::SwitchPhase;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

constexpr const char* k_nonce = "n0nce";
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void begin(const DeploySite& site) {
    site.host.receive(site.v2);
    const auto started = site.start();
    ASSERT_EQ(started.result, StartResult::started) << started.why;
}

/// The old system runs, and is what a boot would give.
void expect_old(const DeploySite& site) {
    EXPECT_EQ(site.host.running(), site.v1);
    EXPECT_EQ(site.host.profile(), site.v1);
    EXPECT_EQ(site.host.boot_default(), site.v1);
}

auto count(const std::vector<std::string>& steps, const std::string& step) {
    return std::count(steps.begin(), steps.end(), step);
}

TEST(HostFault, AFailedActivationGoesBackAtOnce) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("fail2");
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    const auto state = site.state();
    EXPECT_EQ(state.rc, 2);
    EXPECT_EQ(state.rollback_rc, 0);
    EXPECT_THAT(state.reason, HasSubstr("code 2"));
    EXPECT_THAT(site.host.steps(), ElementsAre("v2 test start", "v2 test rc=2", "v1 test start", "v1 test rc=0"));
}

TEST(HostFault, TheStateOfASupervisorBeforeIsNotTakenForThisOnes) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    // The folder is of a user, what root's supervisor left in it is root's.
    site.host.sh(
        "mkdir -p /run/lockstep/run-1; cd /run/lockstep/run-1; umask 022; "
        "printf 'version=1\nrun=run-1\nstate=rolled_back\ncomplete=1\n' >state; touch state.new; "
        "chown nobody /run/lockstep /run/lockstep/run-1");
    const auto command = deploy::start_command(site.target, site.request, k_nonce);
    const auto start = [&] {
        const auto done =
            site.host.run({"setpriv", "--reuid=nobody", "--clear-groups", "sh", "-s"}, command.stdin_text);
        return deploy::parse_started(done.out, k_nonce).value_or(deploy::Started{});
    };
    // That user may start no unit in the lab: nothing but the start itself writes a state.
    EXPECT_EQ(start().result, StartResult::not_started);
    EXPECT_EQ(site.phase_on_host(), "starting");

    site.host.sh("mkdir -p /run/lockstep/run-1/state.new/full");
    const auto refused = start();
    EXPECT_EQ(refused.result, StartResult::not_started);
    EXPECT_THAT(refused.why, HasSubstr("/run-1/state"));
    EXPECT_FALSE(site.host.exists("/run/lockstep/holder"));
}

TEST(HostFault, ARefusalThatNeedsARebootChangesNothing) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("exit100");
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::reboot_needed)) << site.log();
    expect_old(site);
    EXPECT_THAT(site.host.steps(), ElementsAre("v2 test start", "v2 test rc=100"));
}

TEST(HostFault, ASwitchOfSomebodyElseInBetweenTouchesNothing) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("exit 11");
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    EXPECT_THAT(site.host.steps(), Not(Contains("v1 test start")));
}

TEST(HostFault, AnActivationThatHangsIsEnded) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("hang");
    site.request.limits.activate = 2;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    EXPECT_THAT(site.state().reason, HasSubstr("longer than 2 s"));
    EXPECT_EQ(site.host.run({"pgrep", "-f", site.v2}).out, "");
}

TEST(HostFault, AnActivationThatNeverStopsTalkingFillsNoMemory) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("writes");
    site.request.limits.activate = 3;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.host.sh("df /run");
    expect_old(site);
}

TEST(HostFault, NobodySaysItWasProved) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.request.limits.confirm = 1;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    EXPECT_THAT(site.state().reason, HasSubstr("nobody said"));
}

TEST(HostFault, AnOrderOfAnotherRunDoesNotCount) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.request.limits.confirm = 4;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.request.token = deploy::switch_token(site.request.run, site.host.name(), site.v1, "secret");
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
}

TEST(HostFault, ARollbackThatFailsIsSaidAndNotTriedAgain) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("fail2", "fail2");
    site.request.limits.watchdog = 3;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::rollback_failed)) << site.log();
    EXPECT_EQ(site.state().rollback_rc, 2);
    EXPECT_TRUE(eventually([&] { return !site.state().watchdog_armed; }));
    EXPECT_EQ(count(site.host.steps(), "v1 test start"), 1);
}

TEST(HostFault, TheWatchdogReplacesADeadSupervisor) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    for (const bool systemd : {true, false}) {
        DeploySite site("ok", "ok", {.systemd = systemd});
        site.request.limits.watchdog = 5;
        const auto start = Clock::now();
        begin(site);
        ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
        site.host.sh("read -r pid _ </run/lockstep/run-1/supervisor.pid; kill -KILL $pid");
        EXPECT_EQ(site.phase_on_host(), "awaiting");
        ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
        std::cout << (systemd ? "with" : "without") << " systemd: supervisor killed, watchdog of 5 s, old system after "
                  << seconds_since(start) << " s\n";
        expect_old(site);
        const auto state = site.state();
        EXPECT_EQ(state.by, "watchdog");
        EXPECT_EQ(state.holder, "");
        EXPECT_EQ(count(site.host.steps(), "v1 test start"), 1);
    }
}

TEST(HostFault, TheWatchdogEndsASupervisorThatHangs) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("hang");
    site.request.limits.watchdog = 3;
    begin(site);
    ASSERT_TRUE(eventually([&] { return !site.host.steps().empty(); }));
    site.host.sh("read -r pid _ </run/lockstep/run-1/supervisor.pid; kill -STOP $pid");
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    EXPECT_EQ(site.host.run({"pgrep", "-f", site.v2}).out, "");
}

TEST(HostFault, StoppedByTheServiceManagerItGoesBack) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.host.sh("read -r pid _ </run/lockstep/run-1/supervisor.pid; kill -TERM $pid");
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    EXPECT_THAT(site.state().reason, HasSubstr("signal"));
}

TEST(HostFault, ACutNetworkIsHealedByTheTimer) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("cutnet");
    site.request.limits.confirm = 4;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    const auto cut = Clock::now();
    EXPECT_EQ(site.state().phase, SwitchPhase::unknown);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    std::cout << "network cut by the activation, 4 s to confirm: old system after " << seconds_since(cut) << " s\n";
    expect_old(site);
    EXPECT_EQ(site.state().phase, SwitchPhase::rolled_back);
}

TEST(HostFault, LostSessionsDoNotDisturbAnActivation) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("slow 2");
    begin(site);
    ASSERT_TRUE(eventually([&] {
        const auto steps = site.host.steps();
        return count(steps, "v2 test slow") == 1;
    }));
    site.host.kill_sessions();
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    EXPECT_EQ(site.state().rc, 0);
}

TEST(HostFault, PowerCutBeforeTheCommitIsARollback) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.host.power_cut();
    site.host.boot();
    expect_old(site);
    EXPECT_EQ(site.state().phase, SwitchPhase::none);
    // Nothing stale is in the way of the next run.
    site.request.run = "run-2";
    EXPECT_EQ(site.start().result, StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
    site.host.power_cut();
    site.host.boot();
    EXPECT_EQ(site.host.running(), site.v2);
    EXPECT_EQ(site.host.profile(), site.v2);
}

TEST(HostFault, OneRunAtATime) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    for (const bool systemd : {true, false}) {
        DeploySite site("ok", "ok", {.systemd = systemd});
        begin(site);
        ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
        EXPECT_EQ(site.start().result, StartResult::already);
        auto other = site.request;
        std::swap(site.request, other);
        site.request.run = "run-2";
        const auto refused = site.start();
        EXPECT_EQ(refused.result, StartResult::held);
        EXPECT_EQ(refused.holder, "run-1");
        EXPECT_EQ(refused.holder_state, "awaiting");
        EXPECT_TRUE(refused.holder_alive);
        EXPECT_EQ(site.probe()->holder, "run-1");
        EXPECT_EQ(site.state().phase, SwitchPhase::none);
        const auto clean = run_command(site.lab, deploy::clean_command(site.target, "run-1", k_nonce));
        EXPECT_EQ(deploy::parse_cleaned(clean.out, k_nonce), false);
        std::swap(site.request, other);
        site.order(SwitchOrder::ack);
        ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
        EXPECT_EQ(count(site.host.steps(), "v2 test start"), 1);
    }
}

TEST(HostFault, ARunWithNobodyInChargeIsSeenAndSettled) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    for (const bool systemd : {true, false}) {
        DeploySite site("ok", "ok", {.systemd = systemd});
        begin(site);
        ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
        const auto settle = [&] {
            return deploy::parse_settled(
                run_command(site.lab, deploy::settle_command(site.target, "run-1", k_nonce)).out, k_nonce);
        };
        EXPECT_EQ(settle(), deploy::Settled::in_charge);
        site.host.sh(
            "read -r pid _ </run/lockstep/run-1/supervisor.pid; kill -KILL $pid; if [ -d /run/systemd/system ]; then "
            "/run/lab/bin/systemctl stop lockstep-wd-run-1.timer; else read -r pid _ "
            "</run/lockstep/run-1/watchdog.pid; "
            "kill -s KILL -- -$pid; fi");
        const auto state = site.state();
        EXPECT_EQ(state.phase, SwitchPhase::awaiting);
        EXPECT_FALSE(state.supervisor_alive);
        EXPECT_FALSE(state.watchdog_armed);
        auto mine = site.request;
        site.request.run = "run-2";
        const auto refused = site.start();
        EXPECT_EQ(refused.result, StartResult::held);
        EXPECT_FALSE(refused.holder_alive);
        site.request = mine;
        EXPECT_EQ(settle(), deploy::Settled::going_back);
        ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
        expect_old(site);
        EXPECT_EQ(settle(), deploy::Settled::ended);
    }
}

TEST(HostFault, WhatIsRefusedChangesNothing) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    EXPECT_EQ(site.start().result, StartResult::candidate_missing);
    site.host.receive(site.v2);
    site.host.hold_switch_lock();
    EXPECT_EQ(site.start().result, StartResult::switch_locked);
    site.host.release_switch_lock();
    const auto v3 = site.lab.system({.name = "v3"});
    site.host.receive(v3);
    site.host.drift(v3);
    const auto drifted = site.start();
    EXPECT_EQ(drifted.result, StartResult::drifted);
    EXPECT_THAT(drifted.why, HasSubstr(v3));
    EXPECT_THAT(site.host.steps(), ::testing::IsEmpty());
    EXPECT_EQ(site.probe()->holder, "");
    site.host.drift(site.v1);
    EXPECT_EQ(site.start().result, StartResult::started);
}

TEST(HostFault, AFullBootPartitionGoesBack) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.host.fill_boot();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
    EXPECT_THAT(site.state().reason, HasSubstr("boot entry"));
}

TEST(HostFault, DyingInTheMiddleOfTheCommitLeavesNoHalf) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("slowboot 3");
    site.request.limits.watchdog = 8;
    begin(site);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(eventually([&] { return count(site.host.steps(), "v2 boot slow") == 1; }));
    EXPECT_EQ(site.host.boot_default(), site.v2);
    site.host.sh("read -r pid _ </run/lockstep/run-1/supervisor.pid; kill -KILL $pid");
    ASSERT_TRUE(site.reaches(SwitchPhase::rolled_back)) << site.log();
    expect_old(site);
}

TEST(HostFault, AFullStoreFailsTheCopyAndNothingElse) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.fill_store();
    const auto setup = nix::parse_version(site.lab.run({"nix", "--version"}).out).value();
    nix::Setup nix;
    nix.version = setup;
    const auto done = run_command(
        site.lab, deploy::host_copy_command(nix, site.target, {.paths = {site.v2}, .check_signatures = false}));
    EXPECT_NE(done.status, 0);
    EXPECT_EQ(site.probe({.candidate = site.v2})->candidate_valid, false);
    expect_old(site);
}

}  // namespace
}  // namespace lockstep::test
