// SPDX-License-Identifier: MIT
// The lab itself: its hosts are hosts, and nothing of them remains.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): raise

#include <iostream>

#include "support/deploy_lab.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> ssh(const DeployLab& lab, const LabHost& host, const std::string& script) {
    return {"ssh",
            "-F",
            "/dev/null",
            "-o",
            "BatchMode=yes",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "UserKnownHostsFile=" + lab.known_hosts_file(),
            "-o",
            "ConnectTimeout=2",
            "-i",
            lab.identity_file(),
            "root@" + host.address(),
            script};
}

TEST(DeployLab, ThreeHostsComeUpAndAreTheirOwn) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    const auto start = std::chrono::steady_clock::now();
    DeployLab lab;
    for (const char* name : {"web1", "web2", "db1"}) {
        auto& host = lab.host(name);
        const auto said = lab.run(ssh(lab, host, "hostname; cat /etc/machine-id; cat /proc/sys/kernel/random/boot_id"));
        EXPECT_EQ(said.out, name + ("\n" + host.machine_id()) + "\n" + host.boot_id() + "\n") << said.err;
    }
    std::cout << "three hosts in "
              << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count()
              << " ms\n";
    EXPECT_NE(lab.host("web1").boot_id(), lab.host("web2").boot_id());
    EXPECT_EQ(lab.host("web1").running(), "");
}

TEST(DeployLab, AnInstalledSystemRunsAndSurvivesAPowerCut) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployLab lab;
    auto& host = lab.host("web1");
    const auto v1 = lab.system({.name = "v1"});
    ASSERT_THAT(v1, StartsWith("/nix/store/"));
    host.install(v1);
    EXPECT_EQ(host.running(), v1);
    EXPECT_EQ(host.booted(), v1);
    EXPECT_EQ(host.profile(), v1);
    EXPECT_EQ(host.boot_default(), v1);
    const auto v2 = lab.system({.name = "v2", .kernel = "6.2"});
    host.receive(v2);
    EXPECT_EQ(lab.run(ssh(lab, host, v2 + "/bin/switch-to-configuration test")).status, 0);
    EXPECT_EQ(host.running(), v2);
    const auto before = host.boot_id();
    host.power_cut();
    EXPECT_EQ(host.running(), "");
    host.boot();
    EXPECT_EQ(host.running(), v1);
    EXPECT_NE(host.boot_id(), before);
    EXPECT_EQ(lab.run(ssh(lab, host, "true")).status, 0);
    EXPECT_THAT(host.steps(), ::testing::ElementsAre("v2 test start", "v2 test rc=0", "boot " + v1));
    const auto again = host.boot_id();
    lab.run(ssh(lab, host, "reboot"));
    EXPECT_TRUE(host.await_reboot(again));
    EXPECT_EQ(host.running(), v1);
}

TEST(DeployLab, TheNetworkCanBeCutAndCanLie) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployLab lab;
    auto& host = lab.host("web1");
    host.refuse_new();
    EXPECT_EQ(lab.run(ssh(lab, host, "true")).status, 255);
    host.restore_network();
    EXPECT_EQ(lab.run(ssh(lab, host, "true")).status, 0);
    host.cut_network();
    EXPECT_EQ(lab.run(ssh(lab, host, "true")).status, 255);
}

TEST(DeployLab, NothingOfItRemains) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    std::string dir;
    {
        DeployLab lab;
        dir = lab.dir().string();
        lab.host("web1").sh("setsid sleep 987 </dev/null >/dev/null 2>&1 &");
        EXPECT_THAT(run({"ps", "-eo", "args"}).out, HasSubstr(dir));
    }
    const auto gone = [&] {
        const auto all = run({"ps", "-eo", "args"}).out;
        return all.find(dir) == std::string::npos && all.find("sleep 987") == std::string::npos;
    };
    EXPECT_TRUE(eventually(gone)) << run({"ps", "-eo", "args"}).out;
    EXPECT_THAT(read_file("/proc/self/mounts"), Not(HasSubstr(dir)));
    EXPECT_FALSE(std::filesystem::exists(dir));
}

/// Run by the test below in a process of its own.
TEST(DeployLab, DISABLED_CrashesWithALab) {
    DeployLab lab;
    lab.host("web1").sh("setsid sleep 986 </dev/null >/dev/null 2>&1 &");
    std::cout << "dir " << lab.dir().string() << std::endl;
    ::raise(SIGKILL);
}

TEST(DeployLab, ACrashOfTheTestLeavesNoProcess) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    const auto crashed = run({std::filesystem::read_symlink("/proc/self/exe").string(),
                              "--gtest_filter=DeployLab.DISABLED_CrashesWithALab", "--gtest_also_run_disabled_tests"});
    EXPECT_EQ(crashed.status, 128 + SIGKILL);
    const auto at = crashed.out.find("dir /");
    ASSERT_NE(at, std::string::npos) << crashed.out;
    const auto dir = crashed.out.substr(at + 4, crashed.out.find('\n', at) - at - 4);
    const auto gone = [&] {
        const auto all = run({"ps", "-eo", "args"}).out;
        return all.find(dir) == std::string::npos && all.find("sleep 986") == std::string::npos;
    };
    EXPECT_TRUE(eventually(gone)) << run({"ps", "-eo", "args"}).out;
    std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace lockstep::test
