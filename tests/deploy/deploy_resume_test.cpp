// SPDX-License-Identifier: MIT
// The program killed in the middle of a deploy, and `lockstep resume`: hosts are looked at before anything is done, and
// no switch is tried twice.
#include <gmock/gmock.h>

#include <set>

#include "deploy/deploy_aside.hpp"
#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

#ifdef LOCKSTEP_FAILPOINTS
#define LOCKSTEP_NEEDS_KILLS() LOCKSTEP_NEEDS_DEPLOY_LAB()
#else
#define LOCKSTEP_NEEDS_KILLS() GTEST_SKIP() << "this program has no failpoints"
#endif

struct DeployResume : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_KILLS(); }
};

struct DeployResumeAt : ::testing::TestWithParam<const char*> {
    void SetUp() override { LOCKSTEP_NEEDS_KILLS(); }
};

/// Built, then killed while deploying.
struct Killed {
    Killed(DeployProgram& program, const std::string& step) {
        const auto built = program.run({"build"});
        EXPECT_EQ(built.code, 0) << built.err;
        v1 = program.lab.system({.name = "v1"});
        v2 = DeployProgram::proved(built, "web1");
        const auto cut = program.run({"deploy"}, step + "=kill");
        EXPECT_EQ(cut.code, 137) << step << " was never reached: " << cut.err;
    }
    std::string v1, v2;
};

nlohmann::json entry(const ProgramEnd& end, const std::string& host) {
    if (end.status.is_object())
        for (const auto& each : end.status["hosts"])
            if (each["name"] == host) return each;
    return nlohmann::json::object();
}

/// What the report says is what is there, and nothing was tried twice.
void expect_truth(DeployProgram& program, const Killed& killed, const ProgramEnd& end, const std::string& name) {
    const auto& host = program.lab.host(name);
    const auto state = end.state_of(name);
    EXPECT_LE(times(host, "v2 test start"), 1) << name;
    EXPECT_LE(times(host, "v1 test start"), 1) << name;
    if (state == "confirmed" || state == "unchanged") {
        EXPECT_EQ(host.running(), killed.v2) << name;
        EXPECT_EQ(host.profile(), killed.v2) << name;
        EXPECT_EQ(host.boot_default(), killed.v2) << name;
    } else if (state == "rolled_back" || state == "not_started") {
        EXPECT_EQ(host.running(), killed.v1) << name;
        EXPECT_EQ(host.profile(), killed.v1) << name;
        EXPECT_EQ(host.boot_default(), killed.v1) << name;
    } else {
        EXPECT_EQ(state, "unknown") << name << ": " << end.err;
        EXPECT_NE(entry(end, name).value("manual", ""), "") << name;
    }
}

void expect_second_resume_changes_nothing(DeployProgram& program, const ProgramEnd& end,
                                          const std::vector<std::string>& names) {
    std::map<std::string, std::vector<std::string>> before;
    for (const auto& name : names) before[name] = program.lab.host(name).trace();
    const auto again = program.run({"resume"});
    EXPECT_EQ(again.code, end.code) << again.err;
    for (const auto& name : names) {
        EXPECT_EQ(program.lab.host(name).trace(), before[name]) << name;
        EXPECT_EQ(again.state_of(name), end.state_of(name));
    }
}

TEST_P(DeployResumeAt, EveryHostIsTold) {
    const std::string step = GetParam();
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    // However long it takes until the next process is there.
    program.extra = {{"LOCKSTEP_DEPLOY_CONFIRM_TIMEOUT", "90s"}};
    const Killed killed(program, step);
    const auto end = program.run({"resume"});
    for (const char* name : {"web1", "web2"}) expect_truth(program, killed, end, name);
    // In time for the hosts' own limits, nothing had to go back.
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.report["verdict"]["outcome"], "deployed");
    expect_second_resume_changes_nothing(program, end, {"web1", "web2"});
}

INSTANTIATE_TEST_SUITE_P(Failpoints, DeployResumeAt,
                         ::testing::Values("deploy-activate", "deploy-intent", "deploy-started", "deploy-awaiting",
                                           "deploy-proved", "deploy-acked"),
                         [](const auto& chosen) {
                             std::string name = std::string(chosen.param).substr(7);
                             name.front() = static_cast<char>(name.front() - 'a' + 'A');
                             return name;
                         });

TEST_F(DeployResume, S10_AHostThatWentBackMeanwhileIsNotTriedAgain) {
    DeployProgram program({"web1"});
    const Killed killed(program, "deploy-awaiting");
    auto& host = program.lab.host("web1");
    EXPECT_EQ(host.running(), killed.v2) << "it waits";
    ASSERT_TRUE(eventually([&] { return times(host, "v1 test rc=0") == 1; }, std::chrono::seconds(30)));
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("web1"), "rolled_back");
    expect_truth(program, killed, end, "web1");
    EXPECT_EQ(times(host, "v2 test start"), 1);
    expect_second_resume_changes_nothing(program, end, {"web1"});
}

TEST_F(DeployResume, S11_BetweenTheWordAndTheReadingBack) {
    DeployProgram program({"web1"});
    const Killed killed(program, "deploy-acked");
    auto& host = program.lab.host("web1");
    ASSERT_TRUE(eventually([&] { return host.profile() == killed.v2; }));
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed");
    expect_truth(program, killed, end, "web1");
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

TEST_F(DeployResume, ItGoesOnWithTheHostsThatWereChosenWhateverTheSelectorMeansByNow) {
    DeployProgram program({"web1", "web2"}, "  strategy: rolling\n");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v2 = DeployProgram::proved(built, "web1");
    const auto cut = program.run({"deploy", "changed"}, "deploy-acked=kill");
    ASSERT_EQ(cut.code, 137) << cut.err;
    auto& host = program.lab.host("web1");
    ASSERT_TRUE(eventually([&] { return host.profile() == v2; })) << "it is not changed any more";
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    for (const char* name : {"web1", "web2"}) {
        EXPECT_EQ(end.state_of(name), "confirmed") << name << ": " << end.err;
        EXPECT_EQ(program.lab.host(name).profile(), v2) << name;
        EXPECT_EQ(times(program.lab.host(name), "v2 test start"), 1) << name;
    }
    expect_second_resume_changes_nothing(program, end, {"web1", "web2"});
}

TEST_F(DeployResume, AHostThatWasBegunAndTakesNoPartAnyMoreIsNamedWithWhatToType) {
    for (const bool others : {true, false}) {
        DeployProgram program(others ? std::vector<std::string>{"web1", "web2"} : std::vector<std::string>{"web1"},
                              "  strategy: rolling\n");
        const Killed killed(program, "deploy-awaiting");
        auto settings = read_file(program.repository / "lockstep.yaml");
        settings.insert(settings.find("web1: { ") + 8, "role: monitor_only, ");
        write_file(program.repository / "lockstep.yaml", settings);
        program.commit("hands off");
        const auto end = program.run({"resume"});
        EXPECT_EQ(end.code, 51) << end.err;
        EXPECT_EQ(end.state_of("web1"), "unknown");
        const auto command = "ssh root@" + program.lab.host("web1").address() + " -- readlink /run/current-system";
        EXPECT_THAT(entry(end, "web1").value("manual", ""), HasSubstr(command));
        EXPECT_THAT(entry(end, "web1").value("detail", ""), HasSubstr("it is monitor_only by now"));
        EXPECT_THAT(end.err, HasSubstr(command));
        EXPECT_THAT(read_file(end.run_dir / "deployment-report.md"), HasSubstr(command));
        if (others) {
            EXPECT_EQ(end.state_of("web2"), "not_started");
            EXPECT_EQ(program.lab.host("web2").running(), killed.v1);
        }
        EXPECT_EQ(program.run({"resume"}).code, 51) << "it is over";
    }
}

TEST_F(DeployResume, WhatALostHostEndedAsCounts) {
    for (const auto ended : {HostOutcome::confirmed, HostOutcome::unreachable}) {
        DeployScene scene;
        scene.add("web1");
        DeployHostRecord gone;
        gone.name = "gone";
        gone.outcome = ended;
        scene.request.lost = {gone};
        scene.deploy();
        const bool well = ended == HostOutcome::confirmed;
        EXPECT_EQ(scene.record.exit, well ? ExitCode::ok : ExitCode::deploy_rolled_back);
        EXPECT_EQ(scene.outcome("gone"), ended);
        EXPECT_EQ(scene.outcome("web1"), well ? HostOutcome::confirmed : HostOutcome::not_started);
    }
}

TEST_F(DeployResume, WhatACutOffDeployLeftIsTakenAsGivenByTheNextUpdate) {
    DeployProgram program({"web1"});
    ASSERT_EQ(program.run({"build"}).code, 0);
    ASSERT_EQ(program.run({"deploy"}).code, 0);
    program.write_flake("v3");
    program.commit("third");
    const Killed killed(program, "deploy-acked");
    auto& host = program.lab.host("web1");
    ASSERT_TRUE(eventually([&] { return host.profile() == killed.v2; }));
    program.write_flake("v4");
    program.commit("fourth");
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed");
    EXPECT_EQ(host.running(), DeployProgram::proved(built, "web1"));
}

/// Hosts are rebooted after the switch, and have `limit` to come back.
void with_reboots(DeployProgram& program, const std::string& limit) {
    write_file(program.lab.dir() / "machine.yaml",
               "config_version: 1\nprove: { min_free: 1MiB }\nfleet:\n  defaults: { reboot: always, identity_file: " +
                   program.lab.identity_file() + " }\ndeploy: { reboot_within: " + limit + " }\n");
}

/// How often its machine has started since it was installed.
int boots(const LabHost& host) {
    int found = 0;
    for (const auto& step : host.steps()) found += step.starts_with("boot ") ? 1 : 0;
    return found;
}

struct DeployResumeReboot : DeployResumeAt {};

TEST_P(DeployResumeReboot, TheHostIsRebootedOnceAndProved) {
    DeployProgram program({"web1"});
    with_reboots(program, "60s");
    const auto before = program.lab.host("web1").boot_id();
    const Killed killed(program, GetParam());
    const auto end = program.run({"resume"});
    auto& host = program.lab.host("web1");
    ASSERT_TRUE(host.await_reboot(before));
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.state_of("web1"), "confirmed") << entry(end, "web1");
    EXPECT_EQ(entry(end, "web1")["boot"]["before"], before);
    EXPECT_EQ(entry(end, "web1")["boot"]["after"], host.boot_id());
    EXPECT_EQ(host.running(), killed.v2);
    EXPECT_EQ(host.booted(), killed.v2);
    EXPECT_EQ(boots(host), 1) << "not once more";
    EXPECT_EQ(times(host, "v2 test start"), 1);
    expect_second_resume_changes_nothing(program, end, {"web1"});
}

INSTANTIATE_TEST_SUITE_P(Reboot, DeployResumeReboot, ::testing::Values("deploy-reboot", "deploy-rebooting"),
                         [](const auto& chosen) {
                             return std::string(chosen.param) == "deploy-reboot" ? "Before" : "Meanwhile";
                         });

TEST_F(DeployResume, AHostThatDoesNotComeBackFromItsRebootIsNamed) {
    DeployProgram program({"web1"});
    with_reboots(program, "2s");
    program.lab.host("web1").reboot_behaviour("never");
    const Killed killed(program, "deploy-rebooting");
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 51) << end.err;
    EXPECT_EQ(end.state_of("web1"), "unknown");
    EXPECT_THAT(entry(end, "web1").value("manual", ""), HasSubstr("console"));
}

TEST_F(DeployResume, AHostThatCameBackWithTheOldSystemIsNotTriedAgain) {
    DeployProgram program({"web1"});
    with_reboots(program, "60s");
    auto& host = program.lab.host("web1");
    host.reboot_behaviour("old");
    const auto before = host.boot_id();
    const Killed killed(program, "deploy-rebooting");
    const auto end = program.run({"resume"});
    ASSERT_TRUE(host.await_reboot(before));
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("web1"), "rolled_back") << entry(end, "web1");
    EXPECT_EQ(host.running(), killed.v1);
    EXPECT_EQ(host.profile(), killed.v1);
    EXPECT_EQ(host.boot_default(), killed.v1);
    EXPECT_EQ(times(host, "v2 test start"), 1);
    EXPECT_EQ(boots(host), 1);
}

TEST_F(DeployResume, KilledWhileAHostGoesBack) {
    // The proof fails; the word to go back has been given.
    DeployProgram program({"web1"}, "  health: [\"command test -e /run/lab/never\"]\n");
    const Killed killed(program, "deploy-acked");
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("web1"), "rolled_back") << entry(end, "web1");
    expect_truth(program, killed, end, "web1");
    expect_second_resume_changes_nothing(program, end, {"web1"});
}

TEST_F(DeployResume, KilledWhileTheWholeRunGoesBack) {
    DeployProgram program({"web1", "web2", "web3"}, "  strategy: rolling\n  on_stop: rollback-run\n  activations: 1\n",
                          {{"web3", "fail2"}});
    const Killed killed(program, "deploy-rollback");
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 50) << end.err;
    for (const char* name : {"web1", "web2", "web3"}) {
        EXPECT_EQ(end.state_of(name), "rolled_back") << entry(end, name);
        EXPECT_EQ(times(program.lab.host(name), "v1 test start"), 1) << name;
        EXPECT_EQ(times(program.lab.host(name), "v2 test start"), 1) << name;
        EXPECT_EQ(program.lab.host(name).running(), killed.v1) << name;
        EXPECT_EQ(program.lab.host(name).profile(), killed.v1) << name;
    }
    expect_second_resume_changes_nothing(program, end, {"web1", "web2", "web3"});
}

TEST_F(DeployResume, ARunThatHadLandedGoesOnWithItsDeploy) {
    DeployProgram program({"web1"});
    const auto app = program.lab.dir() / "app";
    std::filesystem::create_directories(app);
    const auto app_git = [&](std::vector<std::string> words) {
        words.insert(words.begin(),
                     {"git", "-C", app.string(), "-c", "user.name=Lab", "-c", "user.email=l@example.org"});
        const auto done = program.lab.run(words);
        ASSERT_TRUE(done.ok()) << done.err;
    };
    write_file(app / "version.nix", "\"v1\"\n");
    app_git({"init", "-q", "-b", "main", "."});
    app_git({"add", "."});
    app_git({"commit", "-q", "-m", "v1"});
    write_file(
        program.repository / "flake.nix",
        "{ inputs.app = { url = \"git+file://" + app.string() +
            "\"; flake = false; };\n outputs = { self, app }: { nixosConfigurations.web1.config.system.build.toplevel "
            "= import ./toplevel.nix { name = import \"${app}/version.nix\"; mode = \"ok\"; kernel = \"6.1\"; initrd = "
            "\"1\"; params = \"quiet\"; size = \"0\"; stc = ./stc.sh; sh = \"/bin/sh\"; }; }; }\n");
    program.git({"config", "user.name", "Lab"});
    program.git({"config", "user.email", "l@example.org"});
    program.git({"add", "--all"});
    const auto locked = program.lab.run({"nix", "flake", "lock", program.repository.string()});
    ASSERT_TRUE(locked.ok()) << locked.err;
    program.commit("an input");
    write_file(app / "version.nix", "\"v2\"\n");
    app_git({"commit", "-q", "-a", "-m", "v2"});

    const auto cut = program.run({"run", "--deploy"}, "deploy-awaiting=kill");
    ASSERT_EQ(cut.code, 137) << cut.err;
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.run_dir, cut.run_dir);
    EXPECT_EQ(end.state_of("web1"), "confirmed") << end.err;
    const auto& host = program.lab.host("web1");
    EXPECT_EQ(host.file(host.running() + "/lab-name"), "v2\n");
    EXPECT_EQ(host.profile(), host.running());
    EXPECT_EQ(times(host, "v2 test start"), 1);
    const auto again = program.run({"resume"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(times(host, "v2 test start"), 1);
}

/// What later commands say of a run that landed and whose deploy ended with `code`.
void expect_deploy_failed(DeployProgram& program, int code) {
    const auto exit = std::to_string(code);
    EXPECT_EQ(program.run({"resume"}).code, code);
    EXPECT_THAT(program.run({"status"}).out, HasSubstr("(exit " + exit + ")"));
    EXPECT_THAT(program.run({"why"}).out, HasSubstr("(exit " + exit + ")"));
    const auto history = program.run({"history"}).out;
    EXPECT_THAT(history, HasSubstr("(" + exit + ")"));
    EXPECT_THAT(history, HasSubstr(" → ")) << "it landed";
}

TEST_F(DeployResume, ADeployThatFailedAfterTheLandingStaysFailed) {
    // At report-temp nothing but the journal knows how it ended.
    for (const std::string failpoint : {"", "report-temp=kill"}) {
        DeployProgram program({"web1"}, "", {{"web1", "fail2"}});
        program.follow_input("v1");
        program.publish("v2");
        const auto end = program.run({"run", "--deploy"}, failpoint);
        EXPECT_EQ(end.code, failpoint.empty() ? 50 : 137) << end.err;
        expect_deploy_failed(program, 50);
        const auto told = program.run({"resume"});
        EXPECT_EQ(told.report["verdict"]["outcome"], "deploy_failed");
        EXPECT_EQ(told.report["verdict"]["exit_code"], 50);
        EXPECT_EQ(times(program.lab.host("web1"), "v2 test start"), 1);
    }
}

TEST_F(DeployResume, ADeployThatCouldNotBeginAfterTheLandingStaysFailed) {
    DeployProgram program({"web1"});
    auto settings = read_file(program.repository / "lockstep.yaml");
    settings.insert(settings.find("    web1:"), "    ghost: { addresses: [192.0.2.1] }\n");  // nothing proves it
    write_file(program.repository / "lockstep.yaml", settings);
    program.follow_input("v1");
    program.publish("v2");
    const auto end = program.run({"run", "--deploy"});
    EXPECT_EQ(end.code, 78) << end.err;
    expect_deploy_failed(program, 78);
}

TEST_F(DeployResume, ADeployThatIsKilledTwiceAfterTheLandingGoesOn) {
    DeployProgram program({"web1"});
    program.follow_input("v1");
    program.publish("v2");
    ASSERT_EQ(program.run({"run", "--deploy"}, "deploy-activate=kill").code, 137);
    EXPECT_THAT(program.run({"status"}).out, HasSubstr("cut off"));
    EXPECT_EQ(program.run({"resume"}, "deploy-awaiting=kill").code, 137);
    EXPECT_THAT(program.run({"why"}).out, HasSubstr("waits for `lockstep resume"));
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_EQ(end.report["verdict"]["outcome"], "landed");
    EXPECT_EQ(end.state_of("web1"), "confirmed") << end.err;
    EXPECT_EQ(times(program.lab.host("web1"), "v2 test start"), 1);
}

TEST_F(DeployResume, UnitsThatFailedSinceAreEvidenceForTheNextProcessToo) {
    DeployProgram program({"web1"}, "", {{"web1", "fail4 nginx.service"}});
    const Killed killed(program, "deploy-awaiting");
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 50) << end.err;
    EXPECT_EQ(end.state_of("web1"), "rolled_back") << entry(end, "web1");
    EXPECT_THAT(entry(end, "web1").value("detail", ""), HasSubstr("nginx.service"));
    expect_truth(program, killed, end, "web1");
}

TEST_F(DeployResume, AHostThatMayBeOffAndWasHoldsNobodyUp) {
    for (const bool may_be_off : {true, false}) {
        DeployScene scene;
        scene.add("laptop");
        scene.add("web1");
        scene.target("laptop").offline_ok = may_be_off;
        DeployHostRecord laptop;
        laptop.name = "laptop";
        laptop.outcome = HostOutcome::unreachable;
        scene.deploy({}, {laptop});
        EXPECT_EQ(scene.outcome("laptop"), HostOutcome::unreachable);
        EXPECT_EQ(scene.outcome("web1"), may_be_off ? HostOutcome::confirmed : HostOutcome::not_started);
    }
}

TEST_F(DeployResume, WhoComesAfterAHostThatAnEarlierProcessSettledIsNotBegun) {
    for (const auto earlier : {HostOutcome::deferred, HostOutcome::rolled_back}) {
        DeployScene scene;
        for (const char* name : {"db1", "web1", "web2", "other"}) scene.add(name);
        scene.target("web1").after = {"db1"};
        scene.target("web2").after = {"web1"};
        scene.request.policy.tolerate = {.amount = 1};
        DeployHostRecord db1;
        db1.name = "db1";
        db1.outcome = earlier;
        scene.deploy({}, {db1});
        EXPECT_EQ(scene.record.exit,
                  earlier == HostOutcome::deferred ? ExitCode::approval_missing : ExitCode::deploy_rolled_back);
        EXPECT_EQ(scene.outcome("db1"), earlier);
        for (const char* name : {"web1", "web2"}) {
            scene.expect_old(name, HostOutcome::not_started);
            EXPECT_THAT(scene.host(name).detail, HasSubstr("db1")) << name;
        }
        scene.expect_new("other");
    }
}

TEST_F(DeployResume, AHostThatCannotBeReachedAnyMoreIsNamedWithWhatToType) {
    DeployProgram program({"web1"});
    const Killed killed(program, "deploy-awaiting");
    auto& host = program.lab.host("web1");
    host.cut_network();
    const auto end = program.run({"resume"});
    EXPECT_EQ(end.code, 51) << end.err;
    EXPECT_EQ(end.state_of("web1"), "unknown");
    EXPECT_THAT(entry(end, "web1").value("manual", ""), HasSubstr("ssh root@" + host.address()));
    ASSERT_TRUE(eventually([&] { return times(host, "v1 test rc=0") == 1; }, std::chrono::seconds(30)));
    EXPECT_EQ(host.running(), killed.v1) << "it went back by itself";
    EXPECT_EQ(host.profile(), killed.v1);
}

}  // namespace
}  // namespace lockstep::test
