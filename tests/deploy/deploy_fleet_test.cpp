// SPDX-License-Identifier: MIT
// Several hosts: who goes first, when it stops, and what then happens to those that were done.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/deploy_aside.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct DeployFleetScene : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

/// A second deploy of the same hosts by somebody else.
struct OtherRun {
    explicit OtherRun(DeployScene& its_scene) : scene(its_scene), store("run-2"), request(its_scene.request) {
        request.run = "run-2";
        for (auto& target : request.targets) target.addresses.front().control_path += "-2";
    }
    DeployRecord deploy() {
        const DeployPorts ports{scene.children, store, scene.clock, scene, {}, {}, {}, failpoint, {}};
        auto done = run_deploy(request, ports);
        EXPECT_TRUE(done.ok());
        return done.ok() ? std::move(done).value() : DeployRecord{};
    }
    DeployScene& scene;
    fakes::MemoryStore store;
    DeployRequest request;
    std::function<Result<void>(std::string_view)> failpoint;
};

TEST_F(DeployFleetScene, S18_TheSecondOfTwoRunsIsRefused) {
    DeployScene scene;
    auto& host = scene.add("web1");
    DeployRecord other;
    deploy_with(scene, "deploy-awaiting", [&] { other = OtherRun(scene).deploy(); });
    ASSERT_EQ(other.hosts.size(), 1U);
    EXPECT_EQ(other.hosts.front().outcome, HostOutcome::refused);
    EXPECT_THAT(other.hosts.front().detail, HasSubstr("run-1"));
    EXPECT_EQ(other.exit, ExitCode::deploy_rolled_back);
    scene.expect_new("web1");
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployFleetScene, S18_TheSecondOfTwoRunsIsRefusedAlsoWhenBothHadLookedBefore) {
    DeployScene scene;
    auto& host = scene.add("web1");
    OtherRun second(scene);
    DeployRecord other;
    deploy_with(scene, "deploy-intent", [&] {
        // The first run has looked and is about to start; the second one takes the host before it.
        other = second.deploy();
    });
    ASSERT_EQ(other.hosts.size(), 1U);
    EXPECT_EQ(other.hosts.front().outcome, HostOutcome::confirmed) << other.hosts.front().detail;
    // What it had seen does not hold any more.
    scene.expect_new("web1", HostOutcome::drifted);
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

/// Two batches of two, of which one failure is tolerated.
void two_batches(DeployScene& scene, const std::string& second_mode) {
    scene.add("a1", "fail2");
    scene.add("a2", second_mode);
    scene.add("b1");
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.batches = {{.amount = 2}};
    scene.request.policy.tolerate = {.amount = 1};
    scene.deploy();
    scene.expect_old("a1");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployFleetScene, S27_AsManyFailuresAsAreTolerated) {
    DeployScene scene;
    two_batches(scene, "ok");
    scene.expect_new("a2");
    scene.expect_new("b1");
    EXPECT_EQ(scene.record.reason, "");
}

TEST_F(DeployFleetScene, S27_OneFailureMoreThanIsTolerated) {
    DeployScene scene;
    two_batches(scene, "fail2");
    scene.expect_old("a2");
    scene.expect_old("b1", HostOutcome::not_started);
    EXPECT_THAT(scene.lab.host("b1").steps(), IsEmpty());
    EXPECT_THAT(scene.record.reason, HasSubstr("tolerated 1"));
}

TEST_F(DeployFleetScene, ACanaryThatFailsLeavesTheOthersUntouched) {
    DeployScene scene;
    scene.add("canary1", "fail4 nginx.service");
    auto& web1 = scene.add("web1");
    auto& web2 = scene.add("web2");
    scene.request.policy.strategy = DeployStrategy::canary;
    scene.request.policy.canary_hosts = {"canary1"};
    scene.deploy();
    scene.expect_old("canary1");
    for (auto* host : {&web1, &web2}) {
        scene.expect_old(host->name(), HostOutcome::not_started);
        EXPECT_THAT(host->steps(), IsEmpty());
        EXPECT_NE(host->run({"nix-store", "--check-validity", scene.v2(host->name())}).status, 0) << "nothing came";
    }
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

/// Seconds of the machine's clock at which a host's trace begins and ends.
double when(const std::string& line) {
    return std::stod(line);
}

TEST_F(DeployFleetScene, AHostComesAfterThoseThatItDependsOn) {
    DeployScene scene;
    auto& web = scene.add("web1");
    auto& db = scene.add("db1", "slow 1");
    scene.target("web1").after = {"db1"};
    scene.deploy();
    scene.expect_new("web1");
    scene.expect_new("db1");
    ASSERT_FALSE(db.trace().empty());
    ASSERT_FALSE(web.trace().empty());
    EXPECT_GE(when(web.trace().front()), when(db.trace().back())) << "it was permanent first";
}

TEST_F(DeployFleetScene, NobodyComesAfterAHostThatFailed) {
    DeployScene scene;
    auto& web = scene.add("web1");
    scene.add("db1", "fail2");
    scene.target("web1").after = {"db1"};
    scene.request.policy.tolerate = {.amount = 2};
    scene.deploy();
    scene.expect_old("db1");
    scene.expect_old("web1", HostOutcome::not_started);
    EXPECT_THAT(web.steps(), IsEmpty());
}

TEST_F(DeployFleetScene, AStoppedRunPutsItsHostsBack) {
    DeployScene scene;
    auto& first = scene.add("a1");
    scene.add("b1", "fail2");
    auto& last = scene.add("c1");
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.deploy();
    EXPECT_EQ(times(first, "v2 test rc=0"), 1);
    scene.expect_old("a1");
    EXPECT_EQ(first.boot_default(), scene.v1("a1"));
    scene.expect_old("b1");
    scene.expect_old("c1", HostOutcome::not_started);
    EXPECT_THAT(last.steps(), IsEmpty());
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployFleetScene, ARecordedSystemThatIsNotWellStaysAndIsNamed) {
    DeployScene scene;
    auto& host = scene.add("a1");
    scene.add("b1", "fail2");
    auto& target = scene.target("a1");
    target.health.checks = {parse_health_check("command readlink /run/current-system | grep -q v2").value()};
    target.health.patience = Millis(500);
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.deploy();
    scene.expect_old("a1", HostOutcome::rollback_failed);
    EXPECT_EQ(host.boot_default(), scene.v1("a1"));
    EXPECT_EQ(times(host, "v2 test start"), 1) << "the system that was left does not come back";
    EXPECT_NE(scene.host("a1").manual, "");
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

/// Generations of a host, in their order.
std::string generations(const LabHost& host) {
    return host.sh(
        "for g in $(ls -v /nix/var/nix/profiles | grep 'system-.*-link'); do "
        "cat $(readlink /nix/var/nix/profiles/$g)/lab-name; done | tr '\\n' ' '");
}

TEST_F(DeployFleetScene, S14a_TheGenerationBeforeIsNotWhatRanBefore) {
    DeployScene scene;
    auto& host = scene.add("a1");
    scene.add("b1", "fail2");
    const auto bad = scene.lab.system({.name = "bad"});
    host.receive(bad);
    // Good, bad, back to good: the neighbour of what comes next is the bad one.
    host.sh("nix-env -p /nix/var/nix/profiles/system --set " + bad +
            "; nix-env -p /nix/var/nix/profiles/system --rollback");
    ASSERT_EQ(host.profile(), scene.v1("a1"));
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.deploy();
    ASSERT_THAT(generations(host), HasSubstr("v1 bad v2"));
    scene.expect_old("a1");
    EXPECT_EQ(host.boot_default(), scene.v1("a1"));
}

TEST_F(DeployFleetScene, S14b_AProfileThatHadItAlreadyLosesNoGeneration) {
    DeployScene scene;
    auto& host = scene.add("a1");
    scene.add("b1", "fail2");
    // The profile has the new system already, and another one runs: setting it makes no generation.
    host.receive(scene.v2("a1"));
    const auto before = scene.lab.system({.name = "before"});
    host.receive(before);
    host.sh("nix-env -p /nix/var/nix/profiles/system --set " + before +
            "; nix-env -p /nix/var/nix/profiles/system --set " + scene.v2("a1"));
    ASSERT_EQ(host.running(), scene.v1("a1"));
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.deploy();
    EXPECT_EQ(times(host, "v2 test rc=0"), 1);
    scene.expect_old("a1");
    EXPECT_EQ(host.boot_default(), scene.v1("a1"));
    EXPECT_THAT(generations(host), HasSubstr("v1 before v2")) << "none was deleted";
}

/// Nix cuts its ssh options at white space.
TEST_F(DeployFleetScene, HostsBehindAnotherOneAndPinsWithASpaceInTheirPathAreReachedByEachStep) {
    DeployScene scene;
    auto& hop = scene.add("hop");
    scene.add("behind");
    scene.add("spaced");
    scene.target("behind").addresses.front().jump = "root@" + hop.address();
    const auto pins = scene.lab.dir() / "known hosts";
    write_file(pins, read_file(scene.lab.known_hosts_file()));
    for (const char* name : {"behind", "spaced"}) scene.target(name).addresses.front().known_hosts_file = pins.string();
    scene.deploy();
    for (const char* name : {"hop", "behind", "spaced"}) scene.expect_new(name);
}

}  // namespace
}  // namespace lockstep::test
