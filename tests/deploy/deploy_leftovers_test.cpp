// SPDX-License-Identifier: MIT
// What a deploy leaves on a host: nothing, unless a person has to look.
#include <gmock/gmock.h>

#include "deploy/deploy_aside.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

struct DeployLeftovers : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

std::string left_on(LabHost& host) {
    return host.sh("cd /run/lockstep 2>/dev/null && ls; ls /nix/var/nix/gcroots/lockstep 2>/dev/null; true");
}

TEST_F(DeployLeftovers, NothingAfterSuccess) {
    DeployScene scene;
    auto& host = scene.add("web1");
    scene.deploy();
    scene.expect_new("web1");
    EXPECT_EQ(left_on(host), "");
}

TEST_F(DeployLeftovers, NothingAfterARollback) {
    DeployScene scene;
    auto& host = scene.add("web1", "fail2");
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_EQ(left_on(host), "");
}

TEST_F(DeployLeftovers, NothingOfHostsThatWereOnlyCopiedTo) {
    DeployScene scene;
    scene.add("web1", "fail2");
    auto& waiting = scene.add("web2");
    scene.request.policy.strategy = DeployStrategy::blue_green;
    scene.request.targets[1].after = {"web1"};
    scene.ask = [](const std::string&) { return GateAnswer::approved; };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web2"), HostOutcome::not_started);
    EXPECT_TRUE(waiting.run({"nix-store", "--check-validity", scene.v2("web2")}).ok()) << "it was copied";
    EXPECT_EQ(left_on(waiting), "");
}

TEST_F(DeployLeftovers, NothingWhereTheHostWasRefusedAfterCopying) {
    DeployScene scene;
    auto& host = scene.add("web1", "exit100");
    scene.deploy();
    EXPECT_EQ(left_on(host), "");
}

TEST_F(DeployLeftovers, TheRecordedSystemIsKeptUntilTheRunIsOver) {
    DeployScene scene;
    auto& host = scene.add("web1");
    auto& other = scene.add("web2", "fail2");
    scene.request.targets[1].after = {"web1"};
    scene.request.policy.on_stop = OnStop::rollback_run;
    deploy_with(scene, "deploy-rollback", [&] { EXPECT_THAT(left_on(host), HasSubstr("run-1-old")); });
    scene.expect_old("web1");
    scene.expect_old("web2");
    EXPECT_EQ(left_on(host), "");
    EXPECT_EQ(left_on(other), "");
}

TEST_F(DeployLeftovers, WhatAPersonNeedsStays) {
    DeployScene scene;
    auto& host = scene.add("web1", "fail2", "fail-from 1");
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::rollback_failed);
    EXPECT_THAT(left_on(host), HasSubstr("run-1"));
    EXPECT_THAT(host.file("/run/lockstep/run-1/log"), HasSubstr("Activation script failed"));
}

}  // namespace
}  // namespace lockstep::test
