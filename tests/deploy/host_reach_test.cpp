// SPDX-License-Identifier: MIT
// Ways to a host: hops, sessions that hang, connections that are shared, commands that need root.
#include <fnmatch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "lockstep/core/text.hpp"
#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using deploy::Connection;
using deploy::ReachTrouble;
using deploy::SwitchOrder;
using deploy::SwitchPhase;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ReachTrouble judged(const RunResult& result) {
    ExitStatus status;
    status.kind = ExitStatus::Kind::exited;
    status.code = result.status;
    return deploy::judge_ssh(status, result.err);
}

TEST(HostReach, ThroughHopsWithTheSameKeysAndPins) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployLab lab;
    auto& first = lab.host("hop1");
    auto& second = lab.host("hop2");
    auto& last = lab.host("last");
    auto target = target_of(lab, last);
    target.jump = "root@" + first.address() + ",root@" + second.address() + ":22";
    const auto said =
        run_command(lab, deploy::ssh_command(target, Connection::fresh, {"sh", "-c", "hostname; echo $SSH_CLIENT"}));
    EXPECT_EQ(said.out.substr(0, 5), "last\n") << said.err;
    EXPECT_THAT(said.out, HasSubstr(second.address()));

    // Nix is given the same by a file.
    write_file(lab.dir() / "config", deploy::ssh_config_text(target));
    const auto path = lab.system({.name = "v1"});
    nix::Setup setup;
    setup.version = nix::parse_version(lab.run({"nix", "--version"}).out).value();
    const auto copied = run_command(lab, deploy::host_copy_command(setup, target,
                                                                   {.paths = {path},
                                                                    .check_signatures = false,
                                                                    .config_file = (lab.dir() / "config").string(),
                                                                    .progress = true}));
    EXPECT_EQ(copied.status, 0) << copied.err;
    EXPECT_THAT(copied.err, HasSubstr("@nix "));
    EXPECT_TRUE(last.exists(path));
    EXPECT_EQ(run_command(lab, deploy::host_validity_command(target, {path})).status, 0);

    // An unknown hop is not trusted.
    auto stranger = target;
    stranger.control_path.clear();
    write_file(lab.dir() / "few_hosts", last.known_host() + "\n");
    stranger.known_hosts_file = (lab.dir() / "few_hosts").string();
    EXPECT_NE(run_command(lab, deploy::ssh_command(stranger, Connection::fresh, {"true"})).status, 0);
}

TEST(HostReach, AKeyThatIsNotPinnedIsNotTrusted) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployLab lab;
    auto& host = lab.host("web1");
    auto target = target_of(lab, host);
    write_file(lab.dir() / "nobody", "");
    target.known_hosts_file = (lab.dir() / "nobody").string();
    EXPECT_EQ(judged(run_command(lab, deploy::ssh_command(target, Connection::fresh, {"true"}))),
              ReachTrouble::host_key);
    EXPECT_EQ(read_file(lab.dir() / "nobody"), "");
    target = target_of(lab, host);
    target.user = "nobody";
    EXPECT_EQ(judged(run_command(lab, deploy::ssh_command(target, Connection::fresh, {"true"}))),
              ReachTrouble::refused);
}

TEST(HostReach, ASessionThatHangsEndsByItself) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site("slow 3");
    site.host.receive(site.v2);
    ASSERT_EQ(site.start().result, deploy::StartResult::started);
    auto target = site.target;
    target.alive_limit = Millis(3'000);
    auto waiting = deploy::ssh_command(target, Connection::fresh, {"sh", "-c", "touch /tmp/there; sleep 600"});
    std::thread stop([&] {
        EXPECT_TRUE(eventually([&] { return site.host.exists("/tmp/there"); }));
        site.host.stop_sessions();
    });
    const auto ended = run_command(site.lab, waiting);
    stop.join();
    EXPECT_FALSE(ended.timed_out);
    EXPECT_EQ(judged(ended), ReachTrouble::lost) << ended.err;
    // The switch went on, and a new connection finds it.
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    EXPECT_EQ(site.state().phase, SwitchPhase::awaiting);
}

TEST(HostReach, TheSharedConnectionCanBeClosed) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    ASSERT_TRUE(site.probe());
    EXPECT_TRUE(std::filesystem::exists(site.target.control_path));
    EXPECT_EQ(run_command(site.lab, deploy::ssh_close_command(site.target)).status, 0);
    EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(site.target.control_path); }));
}

TEST(HostReach, NothingRunsAsRootThatIsNotAPublishedShape) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeploySite site;
    site.host.receive(site.v2);
    write_file(site.lab.controller_file((site.lab.dir() / "disks/web1/lab/bin/as-root").string()),
               "#!/bin/sh\necho \"$*\" >>/run/lab/as-root-trace\nexec \"$@\"\n");
    site.host.sh("chmod +x /run/lab/bin/as-root");
    site.target.become = "as-root";
    const auto run = [&](const Command& command) { EXPECT_EQ(run_command(site.lab, command).status, 0); };
    run(deploy::pin_command(site.target, site.request.run, site.v2, site.v1, "n"));
    run(deploy::ask_command(site.target, site.v2, false, "n"));
    ASSERT_EQ(site.start().result, deploy::StartResult::started);
    ASSERT_TRUE(site.reaches(SwitchPhase::awaiting)) << site.log();
    site.order(SwitchOrder::ack);
    ASSERT_TRUE(site.reaches(SwitchPhase::committed)) << site.log();
    run(deploy::unpin_command(site.target, site.request.run, "n"));
    run(deploy::clean_command(site.target, site.request.run, "n"));
    const auto trace = lines_of(site.host.file("/run/lab/as-root-trace"));
    EXPECT_GE(trace.size(), 9u);
    for (const auto& line : trace)
        EXPECT_TRUE([&] {
            for (const auto& shape : deploy::privileged_shapes())
                if (::fnmatch(join(shape, " ").c_str(), line.c_str(), 0) == 0) return true;
            return false;
        }()) << line;
}

TEST(HostScripts, ShellcheckFindsNothing) {
    if (find_program("shellcheck").empty()) GTEST_SKIP() << "shellcheck is not installed";
    std::vector<std::string> argv{"shellcheck"};
    for (const char* folder :
         {"src/adapters/deploy/scripts", "tests/support/deploy_lab", "tests/support/deploy_lab/bin"})
        for (const auto& entry :
             std::filesystem::directory_iterator(std::filesystem::path(LOCKSTEP_SOURCE_DIR) / folder))
            if (entry.is_regular_file() && entry.path().extension() != ".nix") argv.push_back(entry.path().string());
    EXPECT_GT(argv.size(), 15u);
    const auto done = run(argv);
    EXPECT_EQ(done.status, 0) << done.out << done.err;
}

}  // namespace
}  // namespace lockstep::test
