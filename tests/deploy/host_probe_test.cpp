// SPDX-License-Identifier: MIT
// The probe on real shells, over real ssh.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Optional;
using ::testing::Pair;

TEST(HostProbe, SaysWhatRunsAndWhatIsThere) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.fail_unit("old.service");
    const auto before = site.probe({.candidate = site.v2});
    ASSERT_TRUE(before);
    EXPECT_EQ(before->running, site.v1);
    EXPECT_EQ(before->booted, site.v1);
    EXPECT_EQ(before->profile, site.v1);
    EXPECT_EQ(before->profile_link, "system-1-link");
    EXPECT_EQ(before->running_generation(), 1);
    EXPECT_EQ(before->boot_id, site.host.boot_id());
    EXPECT_EQ(before->machine_id, site.host.machine_id());
    EXPECT_EQ(before->hostname, "web1");
    EXPECT_TRUE(before->nixos);
    EXPECT_TRUE(before->root);
    EXPECT_TRUE(before->systemd);
    EXPECT_EQ(before->systemd_version, "252");
    EXPECT_EQ(before->system_state, "degraded");
    EXPECT_THAT(before->failed_units, Optional(ElementsAre("old.service")));
    EXPECT_THAT(before->nix_version, HasSubstr("2."));
    EXPECT_EQ(before->switch_locked, false);
    EXPECT_EQ(before->holder, "");
    EXPECT_EQ(before->candidate_present, false);
    EXPECT_EQ(before->store.total, 64u << 20);
    EXPECT_LT(before->store.free, before->store.total);
    EXPECT_EQ(before->boot.total, 4u << 20);
    EXPECT_GT(before->store.free_inodes.value_or(0), 0u);
    EXPECT_TRUE(before->busy_known);
    EXPECT_THAT(before->busy, IsEmpty());
    EXPECT_GT(before->clock, 1'700'000'000);

    site.copy();
    const auto after = site.probe({.candidate = site.v2});
    ASSERT_TRUE(after);
    EXPECT_EQ(after->candidate_present, true);
    EXPECT_EQ(after->candidate_valid, true);
    EXPECT_EQ(after->candidate_switchable, true);
    EXPECT_THAT(deploy::reboot_reasons(after->booted_parts, after->candidate_parts), IsEmpty());
}

TEST(HostProbe, KernelsAreComparedByPath) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.v2 = site.lab.system({.name = "v2", .kernel = "6.2", .kernel_params = "quiet splash"});
    site.copy();
    const auto probe = site.probe({.candidate = site.v2});
    ASSERT_TRUE(probe);
    EXPECT_THAT(deploy::reboot_reasons(probe->booted_parts, probe->candidate_parts),
                ElementsAre("kernel", "kernel-modules", "kernel-params"));
}

TEST(HostProbe, SeesTheSwitchLockWithoutTakingIt) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.hold_switch_lock();
    auto probe = site.probe();
    ASSERT_TRUE(probe);
    EXPECT_EQ(probe->switch_locked, true);
    EXPECT_THAT(probe->switch_lock_owner, HasSubstr("flock"));
    site.host.release_switch_lock();
    EXPECT_TRUE(eventually([&] { return site.probe()->switch_locked == false; }));
}

TEST(HostProbe, BusyHostsSayWhyAndAFileThatCannotBeReadCounts) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.sh("echo 'a backup is being made' >/run/update-lock; ln -s /nowhere/at/all /run/second-lock");
    auto probe = site.probe({.busy_files = {"/run/update-lock", "/run/second-lock", "/run/third-lock"},
                             .busy_command = "echo 'two people are logged in'; false"});
    ASSERT_TRUE(probe);
    EXPECT_THAT(probe->busy, ElementsAre("/run/update-lock: a backup is being made", "/run/second-lock: cannot be read",
                                         "two people are logged in"));
    probe = site.probe({.busy_command = "true"});
    EXPECT_THAT(probe->busy, IsEmpty());
}

TEST(HostProbe, ABusyCheckThatTakesTooLongIsEndedAndCounts) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    const auto probe = site.probe({.busy_command = "echo slow; sleep 15", .busy_limit = 1});
    ASSERT_TRUE(probe);
    EXPECT_THAT(probe->busy, ElementsAre("the busy check was not done within 1 s"));
}

TEST(HostProbe, WorksWithoutSystemdNixAndSystems) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployLab lab;
    auto& host = lab.host("bare", {.systemd = false});
    for (const std::vector<std::string>& shell :
         {std::vector<std::string>{"dash", "-s"}, {"bash", "--posix", "-s"}, {"busybox", "sh", "-s"}}) {
        if (find_program(shell.front()).empty()) continue;
        const auto command = deploy::probe_command(target_of(lab, host), deploy::Connection::fresh, {.nonce = "x"});
        const auto done = host.run(shell, command.stdin_text);
        EXPECT_EQ(done.err, "") << shell.front();
        const auto probe = deploy::parse_probe(done.out, "x");
        ASSERT_TRUE(probe) << shell.front() << done.out;
        EXPECT_FALSE(probe->systemd);
        EXPECT_EQ(probe->failed_units, std::nullopt);
        EXPECT_EQ(probe->running, "");
        EXPECT_EQ(probe->machine_id, host.machine_id());
        EXPECT_EQ(probe->candidate_present, std::nullopt);
    }
}

TEST(HostProbe, AHostThatCannotBeReachedHasNoAnswer) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    // A shared connection is open and goes on working; the fresh one tells the truth.
    ASSERT_TRUE(site.probe());
    site.host.refuse_new();
    const auto shared =
        run_command(site.lab, deploy::probe_command(site.target, deploy::Connection::shared, {.nonce = "x"}));
    EXPECT_TRUE(deploy::parse_probe(shared.out, "x"));
    const auto fresh =
        run_command(site.lab, deploy::probe_command(site.target, deploy::Connection::fresh, {.nonce = "x"}));
    EXPECT_EQ(deploy::parse_probe(fresh.out, "x"), std::nullopt);
    ExitStatus status;
    status.kind = ExitStatus::Kind::exited;
    status.code = fresh.status;
    EXPECT_EQ(deploy::judge_ssh(status, fresh.err), deploy::ReachTrouble::unreachable) << fresh.err;
}

}  // namespace
}  // namespace lockstep::test
