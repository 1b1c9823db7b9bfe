// SPDX-License-Identifier: MIT
// Deploys that lose their host on the way: the network, sshd, a session, the power. Each says what runs there, what the
// profile says, and what the report says. Numbers are those of the list of scenarios.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>

#include "deploy/deploy_aside.hpp"

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Clock = std::chrono::steady_clock;

struct DeployLost : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The last intent of the run, as a later process reads it from the journal.
OpenSwitch open_switch(const DeployScene& scene, const std::string& name, const LabHost& host) {
    return {.host = name,
            .run = "run-1",
            .token = deploy::switch_token("run-1", name, scene.v2(name), "secret"),
            .from = scene.v1(name),
            .to = scene.v2(name),
            .boot_id = host.boot_id()};
}

std::string phase_on(const LabHost& host) {
    const auto text = host.file("/run/lockstep/run-1/state");
    const auto start = text.find("\nstate=");
    return start == std::string::npos ? "" : text.substr(start + 7, text.find('\n', start + 1) - start - 7);
}

TEST_F(DeployLost, S06_ANetworkCutByTheActivationIsHealedByTheHost) {
    DeployScene scene;
    auto& host = scene.add("web1", "cutnet");
    scene.target("web1").limits.confirm = 4;
    scene.target("web1").addresses.front().alive_limit = Millis(3'000);
    Clock::time_point cut;
    double back = -1;
    deploy_while(
        scene, [&] { return times(host, "v2 test rc=0") == 1; },
        [&] {
            cut = Clock::now();
            EXPECT_TRUE(eventually([&] { return times(host, "v1 test rc=0") == 1; }));
            back = seconds_since(cut);
        });
    std::cout << "network cut by the activation, 4 s to confirm: old system back after " << back << " s\n";
    scene.expect_old("web1");
    EXPECT_EQ(host.boot_default(), scene.v1("web1"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployLost, S06_ANetworkThatStaysCutIsUnknownAndLaterTold) {
    DeployScene scene;
    auto& host = scene.add("web1");
    auto& target = scene.target("web1");
    target.limits.confirm = 2;
    target.addresses.front().alive_limit = Millis(3'000);
    std::atomic<bool> tired{false};
    scene.interrupted = [&] { return tired ? 2 : 0; };
    deploy_with(scene, "deploy-started", [&] {
        host.cut_network();
        EXPECT_TRUE(eventually([&] { return phase_on(host) == "rolled_back"; })) << "the host goes back by itself";
        tired = true;
    });
    scene.expect_old("web1", HostOutcome::unknown);
    EXPECT_THAT(scene.host("web1").manual, AllOf(HasSubstr("ssh "), HasSubstr("/run/lockstep/run-1/state")));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);

    host.restore_network();
    tired = false;
    scene.deploy({open_switch(scene, "web1", host)});
    scene.expect_old("web1");
    EXPECT_EQ(scene.host("web1").manual, "");
    EXPECT_EQ(times(host, "v2 test start"), 1) << "not tried a second time";
}

TEST_F(DeployLost, S06_ANetworkThatComesBackWhileTheHostWaitsIsNotLost) {
    DeployScene scene;
    auto& host = scene.add("web1");
    auto& target = scene.target("web1");
    target.limits.confirm = 3;
    target.addresses.front().alive_limit = Millis(3'000);
    deploy_while(
        scene, [&] { return phase_on(host) == "awaiting" || phase_on(host) == "activating"; },
        [&] {
            host.cut_network();
            EXPECT_TRUE(eventually([&] { return phase_on(host) == "rolled_back"; }));
            host.restore_network();
        });
    scene.expect_old("web1");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployLost, S07_ASharedConnectionThatLivesIsNoProof) {
    DeployScene scene;
    auto& host = scene.add("web1", "killsshd");
    auto& target = scene.target("web1");
    target.limits.confirm = 5;
    target.health.patience = Millis(1'500);
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("no new connection"));
    EXPECT_EQ(host.boot_default(), scene.v1("web1"));
    EXPECT_THAT(host.steps(), Not(Contains("v2 boot start")));
}

TEST_F(DeployLost, S07_NewConnectionsDroppedByAFirewallAreNoProofEither) {
    DeployScene scene;
    auto& host = scene.add("web1", "cutnew");
    auto& target = scene.target("web1");
    target.limits.confirm = 5;
    target.health.patience = Millis(1'500);
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_THAT(host.steps(), Not(Contains("v2 boot start")));
}

TEST_F(DeployLost, FaultRow38_ASessionThatHangsIsEndedAndTheHostGoesBack) {
    DeployScene scene;
    auto& host = scene.add("web1", "slow 1");
    auto& target = scene.target("web1");
    target.limits.confirm = 1;
    target.addresses.front().alive_limit = Millis(3'000);
    deploy_while(
        scene, [&] { return times(host, "v2 test slow") == 1; }, [&] { host.stop_sessions(); });
    scene.expect_old("web1");
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("nobody said"));
}

TEST_F(DeployLost, FaultRow38_ASessionThatHangsIsEndedAndTheHostIsProvedOverANewOne) {
    DeployScene scene;
    auto& host = scene.add("web1", "slow 1");
    scene.target("web1").limits.confirm = 20;
    scene.target("web1").addresses.front().alive_limit = Millis(3'000);
    deploy_while(
        scene, [&] { return times(host, "v2 test slow") == 1; }, [&] { host.stop_sessions(); });
    scene.expect_new("web1");
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployLost, S08_SshLostInTheMiddleOfTheCopy) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .megabytes = 24});
    deploy_while(
        scene,
        [&] {
            return host.run({"pkill", "-STOP", "-f", "nix-(daemon|store)"}).ok();
        },
        [&] {
            EXPECT_NE(host.run({"nix-store", "--check-validity", scene.v2("web1")}).status, 0) << "not the middle";
            host.kill_sessions();
            (void)host.run({"pkill", "-KILL", "-f", "nix-(daemon|store)"});
        });
    // Copying is begun again: what has arrived stays, and nothing was switched yet.
    scene.expect_new("web1");
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployLost, S08_AHostThatIsGoneInTheMiddleOfTheCopyIsUntouched) {
    DeployScene scene;
    auto& host = scene.add("web1", LabSystem{.name = "v2", .megabytes = 24});
    scene.target("web1").addresses.front().connect_timeout = Millis(3'000);
    scene.target("web1").addresses.front().alive_limit = Millis(2'000);
    deploy_while(
        scene,
        [&] {
            return host.run({"pkill", "-STOP", "-f", "nix-(daemon|store)"}).ok();
        },
        [&] {
            host.kill_sessions();
            host.cut_network();
        });
    scene.expect_old("web1", HostOutcome::unreachable);
    EXPECT_THAT(scene.host("web1").detail, HasSubstr("copying"));
    EXPECT_THAT(host.steps(), IsEmpty());
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployLost, S09_SshLostInTheMiddleOfTheActivation) {
    DeployScene scene;
    auto& host = scene.add("web1", "slow 1");
    deploy_while(
        scene, [&] { return times(host, "v2 test slow") == 1; }, [&] { host.kill_sessions(); });
    scene.expect_new("web1");
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployLost, S12_APowerCutBeforeTheCommitIsARollback) {
    for (const std::string step : {"deploy-awaiting", "deploy-proved"}) {
        DeployScene scene;
        auto& host = scene.add("web1");
        deploy_with(scene, step, [&] {
            EXPECT_TRUE(eventually([&] { return phase_on(host) == "awaiting"; })) << step;
            host.power_cut();
            host.boot();
        });
        scene.expect_old("web1");
        EXPECT_THAT(scene.host("web1").detail, HasSubstr("restarted before the new system was permanent"));
        EXPECT_EQ(host.boot_default(), scene.v1("web1"));
        EXPECT_EQ(times(host, "v2 test start"), 1) << step;
        EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
    }
}

TEST_F(DeployLost, S13_APowerCutAfterTheCommitKeepsTheNewSystem) {
    DeployScene scene;
    auto& host = scene.add("web1");
    deploy_with(scene, "deploy-acked", [&] {
        EXPECT_TRUE(eventually([&] { return phase_on(host) == "committed"; }));
        host.power_cut();
        host.boot();
    });
    scene.expect_new("web1");
    EXPECT_EQ(host.booted(), scene.v2("web1"));
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
}

TEST_F(DeployLost, S13_APowerCutInTheMiddleOfTheCommitIsNamed) {
    DeployScene scene;
    auto& host = scene.add("web1", "slowboot 5");
    deploy_with(scene, "deploy-acked", [&] {
        EXPECT_TRUE(eventually([&] { return times(host, "v2 boot slow") == 1; }));
        host.power_cut();
        host.boot();
    });
    // The boot entry was written, the profile was not: no answer but the truth is right.
    EXPECT_EQ(host.running(), scene.v2("web1"));
    EXPECT_EQ(host.profile(), scene.v1("web1"));
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown);
    EXPECT_THAT(scene.host("web1").manual, HasSubstr("/nix/var/nix/profiles/system"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

TEST_F(DeployLost, S25_ADeadCacheDoesNotStandInTheWay) {
    DeployScene scene;
    auto& host = scene.add("web1");
    host.sh("mkdir -p /etc/nix; printf 'substituters = http://127.0.0.1:9\\nsubstitute = true\\n' >>/etc/nix/nix.conf");
    ASSERT_TRUE(scene.target("web1").substitute);
    scene.deploy();
    scene.expect_new("web1");
}

TEST_F(DeployLost, FaultRow37_S26_AHostThatIsOff) {
    for (const bool may_be_off : {true, false}) {
        DeployScene scene;
        auto& gone = scene.add("laptop1");
        scene.add("web1");
        scene.target("laptop1").offline_ok = may_be_off;
        scene.target("laptop1").addresses.front().connect_timeout = Millis(1'000);
        scene.request.policy.tolerate = {.amount = 1};
        gone.power_cut();
        scene.deploy();
        EXPECT_EQ(scene.outcome("laptop1"), HostOutcome::unreachable);
        EXPECT_NE(scene.host("laptop1").detail, "");
        EXPECT_EQ(gone.profile(), scene.v1("laptop1"));
        EXPECT_EQ(gone.boot_default(), scene.v1("laptop1"));
        scene.expect_new("web1");
        EXPECT_EQ(scene.record.exit, may_be_off ? ExitCode::ok : ExitCode::deploy_rolled_back);
        EXPECT_THAT(deploy_text(scene.record), HasSubstr("laptop1"));
    }
}

}  // namespace
}  // namespace lockstep::test
