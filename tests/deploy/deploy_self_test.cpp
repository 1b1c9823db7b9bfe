// SPDX-License-Identifier: MIT
// The machine that lockstep itself runs on is one of the hosts: its switch ends the service that lockstep is part of,
// and the deploy comes to its end all the same.
#include <gmock/gmock.h>

#include "deploy/deploy_aside.hpp"
#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

/// lockstep as the service `ci-runner` of the host "runner", which deploys to "web1" and to itself.
struct DeploySelf : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }

    /// `mode`: what the activation of the runner's new system does.
    void prepare(const std::string& mode, const std::string& settings = "", const std::string& defaults = "") {
        program = std::make_unique<DeployProgram>(std::vector<std::string>{"runner", "web1"}, settings,
                                                  std::map<std::string, std::string>{{"runner", mode}});
        const auto built = program->run({"build"});
        ASSERT_EQ(built.code, 0) << built.err;
        v1 = program->lab.system({.name = "v1"});
        write_file(program->lab.dir() / "machine.yaml",
                   "config_version: 1\nprove: { min_free: 1MiB }\nfleet:\n  defaults: { " + defaults +
                       "identity_file: " + program->lab.identity_file() + " }\n");
        for (const char* name : {"runner", "web1"}) {
            v2[name] = DeployProgram::proved(built, name);
            runner().receive(v2[name]);
        }
        // The same files at the same places: configuration, repository, state.
        const auto files = run({"tar", "-C", "/", "-cf", "-", "--exclude=disks", program->lab.dir().string()});
        ASSERT_TRUE(files.ok()) << files.err;
        const auto unpacked = runner().run({"tar", "-C", "/", "-xf", "-"}, files.out);
        ASSERT_TRUE(unpacked.ok()) << unpacked.err;
    }

    /// As a service does; returns when it has been started.
    void start_service(const std::string& more = "") {
        runner().sh("systemd-run --quiet --unit=ci-runner --setenv=HOME=/root --setenv=XDG_STATE_HOME=" + state() +
                    " -- " + LOCKSTEP_BINARY + " deploy --plain --repo " + program->repository.string() + " --config " +
                    (program->lab.dir() / "machine.yaml").string() + " " + more);
    }
    /// Ends when service and stand-in have; what the run's files say then.
    void await_end() {
        ASSERT_TRUE(eventually(
            [&] {
                return runner().sh(
                           "for u in ci-runner /run/units/lockstep-resume-*.service; do "
                           "! systemctl is-active --quiet ${u##*/} || echo busy; done") == "";
            },
            std::chrono::seconds(60)))
            << words();
        const auto dir = runner().sh("ls -d " + state() + "/lockstep/*/runs/* | tail -n 1");
        run_dir = dir.substr(0, dir.find('\n'));
        end.status = nlohmann::json::parse(runner().file(run_dir + "/deployment-status.json"), nullptr, false);
        end.report = nlohmann::json::parse(runner().file(run_dir + "/report.json"), nullptr, false);
    }
    [[nodiscard]] std::string words() {
        return runner().sh("cat /run/lab/journal.ci-runner /run/lab/journal.lockstep-resume-* 2>/dev/null; true");
    }
    [[nodiscard]] LabHost& runner() { return program->lab.host("runner"); }
    [[nodiscard]] std::string state() { return (program->lab.dir() / "state").string(); }

    std::unique_ptr<DeployProgram> program;
    std::string v1, run_dir;
    std::map<std::string, std::string> v2;
    ProgramEnd end;
};

struct DeploySelfEnds : DeploySelf, ::testing::WithParamInterface<const char*> {};

TEST_P(DeploySelfEnds, S30_TheSwitchEndsLockstepAndItsStandInProvesAndReports) {
    prepare(GetParam());
    start_service();
    await_end();
    EXPECT_EQ(end.state_of("web1"), "confirmed") << words();
    EXPECT_EQ(end.state_of("runner"), "confirmed") << words();
    EXPECT_EQ(runner().running(), v2["runner"]);
    EXPECT_EQ(runner().profile(), v2["runner"]);
    EXPECT_EQ(runner().boot_default(), v2["runner"]);
    EXPECT_EQ(times(runner(), "v2 test start"), 1);
    EXPECT_EQ(end.report["verdict"]["outcome"], "deployed") << words();
    EXPECT_EQ(end.report["verdict"]["exit_code"], 0);
    EXPECT_THAT(runner().file("/run/lab/systemd-trace"), HasSubstr("--unit=lockstep-resume-"));
    // Last: everybody else was permanent before anything happened here.
    const auto committed = [](const LabHost& host) {
        for (const auto& line : host.trace())
            if (line.find(" v2 boot rc=0") != std::string::npos) return std::stod(line);
        return 0.0;
    };
    double begun = 0;
    for (const auto& line : runner().trace())
        if (line.find(" v2 test start") != std::string::npos) begun = std::stod(line);
    EXPECT_GT(begun, committed(program->lab.host("web1")));
}

INSTANTIATE_TEST_SUITE_P(Stopped, DeploySelfEnds, ::testing::Values("stopunit ci-runner", "killunit ci-runner"),
                         [](const auto& chosen) {
                             return std::string(chosen.param).starts_with("stop") ? "Stopped" : "Killed";
                         });

TEST_F(DeploySelf, WhatFailsIsToldByTheStandInToo) {
    prepare("killunit ci-runner", "  health: [\"command test -e /run/lab/never\"]\n");
    program->lab.host("web1").sh("touch /run/lab/never");
    start_service();
    await_end();
    EXPECT_EQ(end.state_of("web1"), "confirmed") << words();
    EXPECT_EQ(end.state_of("runner"), "rolled_back") << words();
    EXPECT_EQ(runner().running(), v1);
    EXPECT_EQ(runner().profile(), v1);
    EXPECT_EQ(end.report["verdict"]["exit_code"], 50) << words();
}

TEST_F(DeploySelf, TheOthersGoBackTooWhenThePolicySaysSo) {
    prepare("killunit ci-runner", "  on_stop: rollback-run\n  health: [\"command test -e /run/lab/never\"]\n");
    auto& web1 = program->lab.host("web1");
    web1.sh("touch /run/lab/never");
    start_service();
    await_end();
    EXPECT_EQ(end.state_of("runner"), "rolled_back") << words();
    EXPECT_EQ(end.state_of("web1"), "rolled_back") << words();
    EXPECT_EQ(web1.running(), v1);
    EXPECT_EQ(web1.profile(), v1);
    EXPECT_EQ(times(web1, "v1 test start"), 1);
}

TEST_F(DeploySelf, ASwitchThatEndsNobodyIsTheProcesssOwn) {
    prepare("ok");
    start_service();
    await_end();
    EXPECT_EQ(end.state_of("runner"), "confirmed") << words();
    EXPECT_EQ(end.report["verdict"]["exit_code"], 0);
    EXPECT_THAT(runner().file(run_dir + "/journal.jsonl"), ::testing::Not(HasSubstr("\"resumed\""))) << words();
}

TEST_F(DeploySelf, WithoutAStandInItIsLeftAlone) {
    prepare("killunit ci-runner");
    // The service manager takes no unit of that name.
    runner().sh(
        "sed -i '2i case \"$*\" in *lockstep-resume-*) echo refused by the lab >\\&2; exit 1 ;; esac' "
        "/run/lab/bin/systemd-run");
    start_service();
    await_end();
    EXPECT_EQ(end.state_of("web1"), "confirmed") << words();
    EXPECT_EQ(end.state_of("runner"), "refused") << words();
    EXPECT_EQ(runner().running(), v1);
    EXPECT_EQ(times(runner(), "v2 test start"), 0);
    EXPECT_THAT(words(), HasSubstr("refused by the lab"));
}

TEST_F(DeploySelf, IsNotRebootedByLockstep) {
    prepare("inhibit", "", "reboot: always, ");
    const auto before = runner().boot_id();
    start_service("runner");
    await_end();
    EXPECT_EQ(end.state_of("runner"), "boot_pending") << words();
    EXPECT_EQ(runner().boot_id(), before);
    EXPECT_EQ(runner().profile(), v2["runner"]);
    EXPECT_EQ(runner().running(), v1);
}

}  // namespace
}  // namespace lockstep::test
