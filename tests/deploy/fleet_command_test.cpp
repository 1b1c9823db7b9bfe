// SPDX-License-Identifier: MIT
// `lockstep fleet …` as somebody types it, over hosts that answer, drift, and are off.
#include <gmock/gmock.h>

#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct FleetCommand : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

nlohmann::json json_of(const ProgramEnd& end) {
    auto json = nlohmann::json::parse(end.out, nullptr, false);
    EXPECT_TRUE(json.is_object()) << end.out << end.err;
    return json;
}

nlohmann::json host_in(const nlohmann::json& json, const std::string& name) {
    if (json.is_object())
        for (const auto& host : json["hosts"])
            if (host["name"] == name) return host;
    ADD_FAILURE() << "no " << name << " in " << json.dump();
    return nlohmann::json::object();
}

TEST_F(FleetCommand, StatusTellsHowEachHostStandsAndPingWhoAnswers) {
    DeployProgram program({"web1", "web2"});
    auto& web1 = program.lab.host("web1");
    const auto first = program.run({"fleet", "status"});
    EXPECT_EQ(first.code, 0) << first.err;
    EXPECT_THAT(first.out, AllOf(HasSubstr("HOST"), HasSubstr("web1"), HasSubstr("unproved")));

    ASSERT_EQ(program.run({"build"}).code, 0);
    const auto before = json_of(program.run({"fleet", "status", "--json"}));
    EXPECT_EQ(host_in(before, "web1")["state"], "behind");
    EXPECT_EQ(host_in(before, "web1")["generation"], 1);
    EXPECT_EQ(host_in(before, "web1")["running"], web1.running());

    ASSERT_EQ(program.run({"deploy", "web1"}).code, 0);
    const auto after = json_of(program.run({"fleet", "status", "--json"}));
    EXPECT_EQ(host_in(after, "web1")["state"], "current");
    EXPECT_EQ(host_in(after, "web1")["generation"], 2);
    EXPECT_EQ(host_in(after, "web2")["state"], "behind");
    const auto changed = json_of(program.run({"fleet", "info", "changed", "--json"}));
    ASSERT_EQ(changed["hosts"].size(), 1U) << changed.dump();
    EXPECT_EQ(changed["hosts"][0]["name"], "web2");
    const auto none = program.run({"fleet", "info", "needs-reboot"});
    EXPECT_EQ(none.code, 64) << "an expression that selects nothing is a mistake";

    const auto byhand = program.lab.system({.name = "byhand", .kernel = "6.6"});
    web1.receive(byhand);
    web1.drift(byhand);
    web1.fail_unit("nginx.service");
    const auto all_there = program.run({"fleet", "ping"});
    EXPECT_EQ(all_there.code, 0) << all_there.err;
    program.lab.host("web2").power_cut();
    const auto last = program.run({"fleet", "status"});
    EXPECT_EQ(last.code, 0) << last.err;
    EXPECT_THAT(last.out, AllOf(HasSubstr("web1: runs "), HasSubstr("drifted"), HasSubstr("failed: nginx.service"),
                                HasSubstr("unreachable"), HasSubstr("a reboot is needed for kernel")));
    const auto ping = program.run({"fleet", "ping", "--json"});
    EXPECT_EQ(ping.code, 40) << "a host that is needed does not answer";
    EXPECT_EQ(host_in(json_of(ping), "web1")["result"], "answered");
    EXPECT_EQ(host_in(json_of(ping), "web2")["result"], "unreachable");
}

TEST_F(FleetCommand, ExecRunsWordsAsTheyAreAndTellsEachHostsEnd) {
    DeployProgram program({"web1", "web2"});
    program.lab.host("web2").sh("touch /run/fails");
    const std::string evil = "a  b'; touch /run/evil; $(touch /run/evil) \"";
    const auto end = program.run({"fleet", "exec", "web*", "--", "sh", "-c",
                                  "printf '%s\\n' \"$1\"; hostname >&2; test ! -e /run/fails", "sh", evil});
    EXPECT_EQ(end.code, 20) << end.err;
    EXPECT_THAT(end.out, AllOf(HasSubstr("web1 | " + evil + "\n"), HasSubstr("web2 | " + evil + "\n")));
    EXPECT_THAT(end.err,
                AllOf(HasSubstr("web1 | web1\n"), HasSubstr("web2: exit code 1"), HasSubstr("1 done, 1 failed")));
    EXPECT_FALSE(program.lab.host("web1").exists("/run/evil"));
    const auto json = json_of(program.run({"fleet", "exec", "web1", "--json", "--", "cat", "/etc/hostname", "/none"}));
    EXPECT_EQ(host_in(json, "web1")["exit_code"], 1);
    EXPECT_THAT(host_in(json, "web1")["err"].get<std::string>(), HasSubstr("/none"));
    EXPECT_EQ(program.run({"fleet", "exec", "--", "true"}).code, 64) << "nobody's hosts by accident";
    EXPECT_EQ(program.run({"fleet", "exec", "web1"}).code, 64);
    EXPECT_EQ(program.run({"fleet", "exec", "--all", "--", "true"}).code, 0);

    const auto ssh = program.run({"fleet", "ssh", "web1", "--", "sh", "-c", "hostname; exit 7"});
    EXPECT_EQ(ssh.code, 7) << ssh.err;
    EXPECT_EQ(ssh.out, "web1\n");
    EXPECT_EQ(program.run({"fleet", "ssh", "web*"}).code, 64);
    EXPECT_TRUE(end.run_dir.empty()) << "looking leaves no run behind";
}

TEST_F(FleetCommand, DiffNamesThePackagesThatADeployWouldChange) {
    DeployProgram program({"web1"});
    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto diff = program.run({"fleet", "diff", "web1"});
    EXPECT_EQ(diff.code, 0) << diff.err;
    EXPECT_THAT(diff.out, AllOf(HasSubstr("web1  behind\n"), HasSubstr(" → "), HasSubstr("packages: ")));
    const auto json = host_in(json_of(program.run({"fleet", "diff", "--json"})), "web1");
    EXPECT_EQ(json["proved"], DeployProgram::proved(built, "web1"));
    EXPECT_GT(json["packages"]["bytes_added"], 0) << json.dump();
    EXPECT_TRUE(json["reboot_reasons"].empty());
    ASSERT_EQ(program.run({"deploy"}).code, 0);
    EXPECT_THAT(program.run({"fleet", "diff"}).out, HasSubstr("web1  current\n"));
}

TEST_F(FleetCommand, ARollbackGoesToTheRecordedSystemAndIsRemembered) {
    DeployProgram program({"web1", "web2"}, "  strategy: parallel\n");
    auto& web1 = program.lab.host("web1");
    const auto v1 = web1.running();
    const auto nothing = program.run({"fleet", "rollback", "web1"});
    EXPECT_EQ(nothing.code, 78) << "no deploy brought what runs: " << nothing.err;
    EXPECT_EQ(web1.running(), v1);

    const auto built = program.run({"build"});
    ASSERT_EQ(built.code, 0) << built.err;
    const auto v2 = DeployProgram::proved(built, "web1");
    ASSERT_EQ(program.run({"deploy"}).code, 0);
    ASSERT_EQ(program.run({"deploy"}).code, 0) << "an unchanged one in between";
    const auto vague = program.run({"fleet", "rollback", "web*"});
    EXPECT_EQ(vague.code, 64) << vague.err;
    EXPECT_THAT(vague.err, HasSubstr("--yes"));
    EXPECT_EQ(web1.running(), v2);

    const auto back = program.run({"fleet", "rollback", "web1"});
    EXPECT_EQ(back.code, 0) << back.err;
    EXPECT_EQ(web1.running(), v1);
    EXPECT_EQ(web1.profile(), v1);
    EXPECT_EQ(back.status["purpose"], "rollback");
    EXPECT_EQ(back.state_of("web1"), "confirmed");
    EXPECT_EQ(program.lab.host("web2").running(), v2);
    EXPECT_EQ(host_in(json_of(program.run({"fleet", "status", "--json"})), "web1")["state"], "behind")
        << "not drifted: it was lockstep that left it so";
    EXPECT_EQ(program.run({"fleet", "rollback", "web1"}).code, 78) << "never to and fro";

    const auto unasked = program.run({"deploy", "web1"});
    EXPECT_THAT(unasked.err, HasSubstr("went back from this very system"));
    EXPECT_EQ(web1.running(), v1);
    const auto again = program.run({"deploy", "web1", "--retry-failed"});
    EXPECT_EQ(again.code, 0) << again.err;
    EXPECT_EQ(web1.running(), v2);
}

TEST_F(FleetCommand, ARollbackToWhatIsGoneFromTheHostIsRefused) {
    DeployProgram program({"web1"});
    auto& web1 = program.lab.host("web1");
    const auto v1 = web1.running();
    ASSERT_EQ(program.run({"build"}).code, 0);
    ASSERT_EQ(program.run({"deploy"}).code, 0);
    const auto v2 = web1.running();
    web1.sh("rm -f /nix/var/nix/profiles/system-1-link /run/booted-system; nix-store --delete --ignore-liveness " + v1);
    ASSERT_FALSE(web1.exists(v1));
    const auto back = program.run({"fleet", "rollback", "web1"});
    EXPECT_EQ(back.code, 50) << back.err;
    EXPECT_EQ(back.state_of("web1"), "refused");
    EXPECT_THAT(back.err, HasSubstr("is gone from the host"));
    EXPECT_EQ(web1.running(), v2);
    EXPECT_EQ(web1.profile(), v2);
}

TEST_F(FleetCommand, ARebootIsProvedByAnotherBootId) {
    DeployProgram program({"web1"}, "  reboot_within: 30s\n");
    auto& web1 = program.lab.host("web1");
    const auto before = web1.boot_id();
    const auto running = web1.running();
    EXPECT_EQ(program.run({"fleet", "reboot", "--all"}).code, 64) << "it has to be meant";
    EXPECT_EQ(web1.boot_id(), before);
    const auto plan = program.run({"fleet", "reboot", "--all", "--dry-run"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    EXPECT_EQ(web1.boot_id(), before);
    const auto end = program.run({"fleet", "reboot", "web1"});
    EXPECT_EQ(end.code, 0) << end.err;
    ASSERT_TRUE(web1.await_reboot(before));
    EXPECT_EQ(end.state_of("web1"), "confirmed");
    EXPECT_EQ(end.status["purpose"], "reboot");
    EXPECT_EQ(end.status["hosts"][0]["boot"]["before"], before);
    EXPECT_EQ(end.status["hosts"][0]["boot"]["after"], web1.boot_id());
    EXPECT_EQ(web1.running(), running);
}

TEST_F(FleetCommand, AHostThatDoesNotComeBackNeedsAPersonAndAHeldOneIsLeftAlone) {
    DeployProgram program({"web1", "web2"}, "  reboot_within: 2s\n");
    auto& web2 = program.lab.host("web2");
    const auto before = web2.boot_id();
    web2.hold_switch_lock();
    const auto held = program.run({"fleet", "reboot", "web2"});
    EXPECT_EQ(held.code, 50) << held.err;
    EXPECT_EQ(held.state_of("web2"), "refused");
    EXPECT_EQ(web2.boot_id(), before);
    web2.release_switch_lock();

    program.lab.host("web1").reboot_behaviour("never");
    const auto end = program.run({"fleet", "reboot", "web1", "web2"});
    EXPECT_EQ(end.code, 51) << end.err;
    EXPECT_EQ(end.state_of("web1"), "unknown");
    EXPECT_EQ(end.state_of("web2"), "not_started") << "one by one, and not after that";
    EXPECT_EQ(web2.boot_id(), before);
}

TEST_F(FleetCommand, DoctorFindsWhatWouldBeInTheWayOfADeploy) {
    DeployProgram program({"web1", "web2"}, "  become: sudo -n\n");
    const auto finding = [](const ProgramEnd& end, const std::string& host, const std::string& words) {
        const auto list = nlohmann::json::parse(end.out, nullptr, false);
        if (list.is_array())
            for (const auto& each : list)
                if (each["subject"] == "host " + host &&
                    each["text"].get<std::string>().find(words) != std::string::npos)
                    return each["level"].get<std::string>();
        return std::string();
    };
    // A sudo that allows all of it but the roots.
    program.lab.host("web1").sh(
        "printf '#!/bin/sh\\ncase \"$*\" in *gcroots*) exit 1;; esac\\nexit 0\\n' >/run/lab/bin/sudo; "
        "chmod +x /run/lab/bin/sudo");
    program.lab.host("web2").sh("printf '#!/bin/sh\\nexit 0\\n' >/run/lab/bin/sudo; chmod +x /run/lab/bin/sudo");
    auto pinned = read_file(program.repository / "known_hosts");
    const auto end = program.run({"doctor", "--json"});
    EXPECT_EQ(end.code, 78) << end.out;
    EXPECT_EQ(finding(end, "web1", "sudo refuses"), "FAIL") << end.out;
    EXPECT_EQ(finding(end, "web2", "systemd 252"), "ok") << end.out;
    EXPECT_EQ(finding(end, "web2", "sudo refuses"), "");

    write_file(program.repository / "known_hosts", "");
    const auto unknown = program.run({"doctor", "--json"});
    EXPECT_EQ(unknown.code, 41) << unknown.out;
    EXPECT_EQ(finding(unknown, "web2", "not pinned"), "FAIL") << unknown.out;

    const auto file = (program.lab.dir() / "learned").string();
    const auto learned = program.run({"doctor", "--json", "--learn-host-keys", file});
    EXPECT_EQ(learned.code, 0) << learned.out;
    EXPECT_EQ(finding(learned, "web1", "SHA256:"), "note") << learned.out;
    for (const char* name : {"web1", "web2"}) {
        const auto& known = program.lab.host(name).known_host();
        EXPECT_THAT(read_file(file), HasSubstr(known.substr(0, known.find('\n'))));
    }
    EXPECT_EQ(program.run({"doctor", "--learn-host-keys", file}).code, 78) << "nothing is overwritten";
    auto& letter = pinned[pinned.find("AAAA") + 40];
    letter = letter == 'A' ? 'B' : 'A';
    write_file(program.repository / "known_hosts", pinned);
    const auto other = program.run({"doctor", "--json", "--learn-host-keys", file + "2"});
    EXPECT_EQ(finding(other, "web1", "ANOTHER key"), "FAIL") << other.out;
}

}  // namespace
}  // namespace lockstep::test
