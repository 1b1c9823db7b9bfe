// SPDX-License-Identifier: MIT
// Hosts whose health changes its mind: N in a row, or a question to somebody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deploy/deploy_aside.hpp"
#include "lockstep/adapters/deploy_health.hpp"
#include "support/deploy_site.hpp"

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

/// What the host answers to a `quiet` check of nginx.
deploy::CheckAnswer quiet_nginx(const DeploySite& site) {
    const std::vector<HealthCheck> checks = {parse_health_check("quiet nginx.service panic").value()};
    const auto command = deploy::health_command(site.target, deploy::Connection::fresh, checks, 1, 5, "n0nce");
    const auto answers = deploy::parse_health(run_command(site.lab, command).out, "n0nce", checks);
    EXPECT_TRUE(answers);
    return answers ? answers->front() : deploy::CheckAnswer{};
}

TEST_F(DeployFlapping, AJournalThatCannotBeSeenIsNotQuiet) {
    DeploySite site;
    EXPECT_EQ(quiet_nginx(site).health, DeployHealth::pass);
    for (const auto* hint :
         {"Hint: You are currently not seeing messages from other users and the system.",
          "No journal files were found.", "No journal files were opened due to insufficient permissions."}) {
        site.host.sh("echo '" + std::string(hint) + "' >/run/lab/journal-hint");
        const auto answer = quiet_nginx(site);
        EXPECT_EQ(answer.health, DeployHealth::inconclusive) << hint;
        EXPECT_THAT(answer.words, HasSubstr("cannot be read"));
    }
    site.host.sh("echo 'panic: out of luck' >/run/lab/journal.nginx");
    EXPECT_EQ(quiet_nginx(site).health, DeployHealth::fail) << "what is seen is seen";
    site.host.sh("rm /run/lab/journal-hint");
    EXPECT_EQ(quiet_nginx(site).health, DeployHealth::fail);
    site.host.sh("echo 'all is well' >/run/lab/journal.nginx");
    EXPECT_EQ(quiet_nginx(site).health, DeployHealth::pass);
}

/// A host whose mood decides what its checks say; its run is taken up by another process while somebody is being
/// asked about it.
struct TakenUpWhileAsked : DeployScene {
    TakenUpWhileAsked() : web1(add("web1")) {
        auto& wanted = target("web1");
        wanted.health.checks = {parse_health_check("command case $(cat /run/mood 2>/dev/null) in well) true;; ill) "
                                                   "false;; *) if [ -e /run/odd ]; then rm /run/odd; else touch "
                                                   "/run/odd; false; fi;; esac")
                                    .value()};
        wanted.health.passes = 2;
        wanted.health.patience = Millis(4'000);  // two looks, however busy the machine is
        wanted.limits.confirm = 20;
        wanted.limits.hold = 60;
    }
    /// What the second process comes to.
    void run(const std::string& mood) {
        ask = [&, mood](const std::string&) {
            if (++asked > 1) return GateAnswer::refused;
            if (!mood.empty()) web1.sh("echo " + mood + " >/run/mood");
            const auto begun = begun_so_far(*this);
            EXPECT_EQ(begun.open.size(), 1U);
            deploy(begun);
            second = host("web1");
            return GateAnswer::refused;
        };
        deploy();
    }
    LabHost& web1;
    int asked = 0;
    DeployHostRecord second;
};

TEST_F(DeployFlapping, WhatNobodyHadAnsweredIsNotAcceptedByTheNextProcess) {
    TakenUpWhileAsked scene;
    scene.run("");
    EXPECT_EQ(scene.second.outcome, HostOutcome::rolled_back) << scene.second.detail;
    EXPECT_EQ(scene.asked, 2) << "it went back, was tried again, and somebody is asked again";
    EXPECT_EQ(scene.web1.running(), scene.v1("web1"));
    EXPECT_EQ(scene.web1.profile(), scene.v1("web1"));
    EXPECT_THAT(scene.web1.steps(), Not(Contains("v2 boot start")));
}

TEST_F(DeployFlapping, WhatFellIllBeforeTheNextProcessCameGoesBackAndIsNotTriedAgain) {
    TakenUpWhileAsked scene;
    scene.run("ill");
    EXPECT_EQ(scene.second.outcome, HostOutcome::rolled_back) << scene.second.detail;
    EXPECT_THAT(scene.second.detail, HasSubstr("unhealthy"));
    EXPECT_EQ(scene.asked, 1);
    EXPECT_EQ(scene.web1.profile(), scene.v1("web1"));
    EXPECT_EQ(times(scene.web1, "v2 test start"), 1);
}

TEST_F(DeployFlapping, WhatIsWellWhenTheNextProcessComesStays) {
    TakenUpWhileAsked scene;
    scene.run("well");
    EXPECT_EQ(scene.second.outcome, HostOutcome::confirmed) << scene.second.detail;
    EXPECT_EQ(scene.web1.running(), scene.v2("web1"));
    EXPECT_EQ(scene.web1.profile(), scene.v2("web1"));
    EXPECT_EQ(times(scene.web1, "v2 test start"), 1);
}

TEST_F(DeployFlapping, WhoWentBackWhileSomebodyThoughtAboutItIsNotGoneOnFrom) {
    TakenUpWhileAsked scene;
    scene.target("web1").limits.hold = 2;
    scene.add("web2");
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.ask = [&](const std::string&) {
        EXPECT_TRUE(eventually([&] { return scene.web1.running() == scene.v1("web1"); }));
        return GateAnswer::approved;
    };
    scene.deploy();
    scene.expect_old("web1");
    EXPECT_EQ(scene.outcome("web2"), HostOutcome::not_started);
    EXPECT_THAT(scene.lab.host("web2").steps(), ::testing::IsEmpty());
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

}  // namespace
}  // namespace lockstep::test
