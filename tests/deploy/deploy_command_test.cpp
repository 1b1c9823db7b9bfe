// SPDX-License-Identifier: MIT
// `lockstep build`, then `lockstep deploy`, as somebody types them.
#include <gmock/gmock.h>

#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct DeployCommand : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

TEST_F(DeployCommand, WhatABuildProvedGoesOntoTheHosts) {
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v2 = DeployProgram::proved(built, "web1");

    const auto plan = program.run({"deploy", "--dry-run"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    EXPECT_THAT(plan.err, HasSubstr("web1"));
    EXPECT_NE(program.lab.host("web1").running(), v2) << "a dry run changes nothing";

    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"web1", "web2"}) {
        EXPECT_EQ(program.lab.host(name).running(), v2);
        EXPECT_EQ(program.lab.host(name).profile(), v2);
        EXPECT_EQ(end.state_of(name), "confirmed");
    }
    EXPECT_EQ(end.report["verdict"]["outcome"], "deployed");
    EXPECT_TRUE(end.status["finished"]);
    EXPECT_THAT(read_file(end.run_dir / "deployment-report.md"), HasSubstr("| web1 | confirmed |"));
    EXPECT_THAT(read_file(end.run_dir / "deployment-logs/web1.log"), HasSubstr("confirmed"));

    const auto again = program.run({"deploy"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(again.state_of("web1"), "unchanged");
}

TEST_F(DeployCommand, AHostThatSomebodySwitchedSinceIsLeftAloneUntilThatIsAccepted) {
    DeployProgram program({"web1"});
    ASSERT_EQ(program.run({"build"}).code, 0);
    ASSERT_EQ(program.run({"deploy"}).code, 0);
    auto& host = program.lab.host("web1");
    const auto other = program.lab.system({.name = "byhand"});
    host.receive(other);
    host.drift(other);
    program.write_flake("v3");
    program.commit("third");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("web1"), "drifted");
    EXPECT_EQ(host.running(), other);
    const auto accepted = program.run({"deploy", "--accept-drift"});
    EXPECT_EQ(accepted.code, 0) << accepted.err;
    EXPECT_EQ(host.running(), DeployProgram::proved(built, "web1"));
    EXPECT_EQ(host.profile(), DeployProgram::proved(built, "web1"));
}

TEST_F(DeployCommand, AHostThatSaysNotNowIsLeftAloneAndNamed) {
    DeployProgram program({"web1", "web2", "web3"},
                          "  strategy: parallel\n  busy_files: [/run/backup]\n"
                          "  busy_command: \"! test -e /run/guests || { cat /run/guests; false; }\"\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v1 = program.lab.system({.name = "v1"});
    program.lab.host("web1").sh("echo 'a backup is being made' >/run/backup");
    program.lab.host("web2").sh("echo 'two people are logged in' >/run/guests");
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 52) << end.err;
    EXPECT_EQ(end.state_of("web1"), "deferred");
    EXPECT_EQ(end.state_of("web2"), "deferred");
    EXPECT_EQ(end.state_of("web3"), "confirmed");
    EXPECT_THAT(end.err, HasSubstr("a backup is being made"));
    EXPECT_THAT(end.err, HasSubstr("two people are logged in"));
    EXPECT_EQ(program.lab.host("web1").running(), v1);
    EXPECT_EQ(program.lab.host("web2").running(), v1);
    EXPECT_THAT(program.run({"fleet", "status"}).out, HasSubstr("two people are logged in"));

    program.lab.host("web1").sh("rm /run/backup");
    program.lab.host("web2").sh("rm /run/guests");
    const auto later = program.run({"deploy"});
    EXPECT_EQ(later.code, 0) << later.err;
    EXPECT_EQ(program.lab.host("web1").profile(), DeployProgram::proved(built, "web1"));
    EXPECT_EQ(program.lab.host("web2").profile(), DeployProgram::proved(built, "web2"));
}

TEST_F(DeployCommand, AManualHostTakesPartOnlyByItsName) {
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    auto settings = read_file(program.repository / "lockstep.yaml");
    for (const std::string name : {"web1", "web2"})
        settings.insert(settings.find(name + ": { ") + name.size() + 4,
                        name == "web2" ? "role: manual, tags: [web], " : "tags: [web], ");
    write_file(program.repository / "lockstep.yaml", settings);
    program.commit("web2 is manual");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v1 = program.lab.system({.name = "v1"});
    const auto v2 = DeployProgram::proved(built, "web1");
    const std::vector<std::vector<std::string>> unnamed = {
        {"@web"}, {"web*"}, {"web1", "@web"}, {"web1,web2"}, {"--all"}};
    for (auto words : unnamed) {
        words.insert(words.begin(), {"deploy", "--simulate"});
        const auto simulated = program.run(words);
        EXPECT_EQ(simulated.code, 0) << simulated.err;
        EXPECT_THAT(simulated.out, AllOf(HasSubstr("web1"), Not(HasSubstr("web2")))) << words.back();
    }
    const auto all = program.run({"deploy", "*"});
    EXPECT_EQ(all.code, 0) << all.err;
    EXPECT_THAT(all.err, HasSubstr("web2 is manual: left alone unless it is named"));
    EXPECT_EQ(all.state_of("web2"), "");
    EXPECT_EQ(program.lab.host("web1").running(), v2);
    EXPECT_EQ(program.lab.host("web2").running(), v1);
    const auto tagged = program.run({"fleet", "reboot", "--dry-run", "@web"});
    EXPECT_EQ(tagged.code, 0) << tagged.err;
    EXPECT_THAT(tagged.err, HasSubstr("web2 is manual: left alone unless it is named"));

    const auto planned =
        program.run({"deploy", "--dry-run", "--output", (program.lab.dir() / "plan.json").string(), "@web", "web2"});
    EXPECT_EQ(planned.code, 0) << planned.err;
    const auto end = program.run({"deploy", "--plan", (program.lab.dir() / "plan.json").string()});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web2"), "confirmed");
    EXPECT_EQ(program.lab.host("web2").running(), v2);
}

TEST_F(DeployCommand, ACanaryThatFailsHealthGoesBackAndTheOthersStayUntouched) {
    DeployProgram program({"canary1", "web1"},
                          "  strategy: canary\n  canary: [canary1]\n  health: [\"command test -e /run/healthy\"]\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("canary1"), "rolled_back");
    EXPECT_EQ(end.state_of("web1"), "not_started");
    const auto v1 = program.lab.system({.name = "v1"});
    for (const char* name : {"canary1", "web1"}) {
        EXPECT_EQ(program.lab.host(name).running(), v1);
        EXPECT_EQ(program.lab.host(name).profile(), v1);
    }
    EXPECT_EQ(end.report["verdict"]["outcome"], "deploy_failed");

    // Remembered: not tried again unasked.
    const auto again = program.run({"deploy", "canary1"});
    EXPECT_THAT(again.err, HasSubstr("went back from this very system"));
    EXPECT_EQ(program.lab.host("canary1").running(), v1);

    // Selectors know the last deploy when nothing is carried out, too.
    const auto simulated = program.run({"deploy", "--simulate", "--retry-failed", "failed(last)"});
    EXPECT_EQ(simulated.code, 0) << simulated.err;
    EXPECT_THAT(simulated.out, HasSubstr("canary1"));
    EXPECT_THAT(simulated.out, Not(HasSubstr("web1")));
}

}  // namespace
}  // namespace lockstep::test
