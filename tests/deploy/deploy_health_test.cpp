// SPDX-License-Identifier: MIT
// Hosts whose health changes its mind: N in a row, or a question to somebody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/deploy_aside.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// A check whose answers are scripted: "PFP" passes, fails, passes; after the last one it begins again.
HealthCheck scripted(const std::string& pattern) {
    const auto size = std::to_string(pattern.size());
    return parse_health_check(
               "command n=$(cat /run/looks 2>/dev/null || echo 0); echo $((n + 1)) >/run/looks; case $(echo " +
               pattern + " | cut -c $((n % " + size + " + 1))) in P) true;; *) false;; esac")
        .value();
}

struct DeployFlapping : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

LabHost& flapping(DeployScene& scene, const std::string& pattern, Millis patience) {
    auto& host = scene.add("web1");
    auto& target = scene.target("web1");
    target.health.checks = {scripted(pattern)};
    target.health.passes = 2;
    target.health.patience = patience;
    target.limits.confirm = 20;
    target.limits.hold = 20;
    return host;
}

TEST_F(DeployFlapping, FaultRow40_OnePassIsNotEnough) {
    DeployScene scene;
    auto& host = flapping(scene, "PFPFPP", Millis(30'000));
    scene.deploy();
    scene.expect_new("web1");
    EXPECT_EQ(host.file("/run/looks"), "6\n") << "two in a row";
}

TEST_F(DeployFlapping, S28_FaultRow40_WhatCannotBeJudgedPausesAndIsAccepted) {
    DeployScene scene;
    auto& host = flapping(scene, "PF", Millis(2'000));
    std::vector<std::string> asked;
    scene.ask = [&](const std::string& question) {
        asked.push_back(question);
        EXPECT_EQ(host.profile(), scene.v1("web1")) << "nothing is permanent before somebody agrees";
        EXPECT_EQ(host.running(), scene.v2("web1"));
        return GateAnswer::approved;
    };
    scene.deploy();
    EXPECT_THAT(asked, ::testing::ElementsAre(HasSubstr("could not be judged")));
    scene.expect_new("web1");
    EXPECT_EQ(scene.record.exit, ExitCode::ok);
}

void expect_back(GateAnswer answer) {
    DeployScene scene;
    auto& host = flapping(scene, "PF", Millis(1'500));
    scene.add("web2");
    scene.target("web2").after = {"web1"};
    scene.ask = [&](const std::string&) { return answer; };
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_EQ(host.boot_default(), scene.v1("web1"));
    EXPECT_THAT(host.steps(), Not(Contains("v2 boot start")));
    scene.expect_old("web2", HostOutcome::not_started);
    EXPECT_NE(scene.record.exit, ExitCode::ok);
    EXPECT_NE(scene.record.reason, "");
}

TEST_F(DeployFlapping, S28_FaultRow40_WhatSomebodyRefusesGoesBack) {
    expect_back(GateAnswer::refused);
}

TEST_F(DeployFlapping, S28_FaultRow40_WhatNobodyAnswersGoesBack) {
    expect_back(GateAnswer::unanswered);
}

}  // namespace
}  // namespace lockstep::test
