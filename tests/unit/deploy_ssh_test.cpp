// SPDX-License-Identifier: MIT
// Command lines to hosts: nothing of the user's, pinned keys, no questions, and a proof that shares nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/deploy.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::Pair;

SshTarget target() {
    SshTarget result;
    result.host = "web1.example";
    result.port = 2222;
    result.user = "deploy";
    result.identity_file = "/keys/id";
    result.known_hosts_file = "/fleet/known_hosts";
    result.control_path = "/run/ls/web1";
    return result;
}

TEST(DeploySsh, ReadsNothingOfTheUserAndAsksNobody) {
    const auto command = ssh_command(target(), Connection::shared, {"true"});
    EXPECT_EQ(join(command.argv, " "),
              "ssh -T -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=yes -o UpdateHostKeys=no "
              "-o ForwardAgent=no -o ForwardX11=no -o PermitLocalCommand=no -o LogLevel=ERROR -o ConnectionAttempts=1 "
              "-o UserKnownHostsFile=/fleet/known_hosts -o GlobalKnownHostsFile=/dev/null -o IdentityFile=/keys/id "
              "-o IdentitiesOnly=yes -o IdentityAgent=none -o ConnectTimeout=10 -o ServerAliveInterval=10 "
              "-o ServerAliveCountMax=3 -p 2222 -o ControlMaster=auto -o ControlPath=/run/ls/web1 "
              "-o ControlPersist=60 -l deploy -- web1.example true");
}

TEST(DeploySsh, AProofSharesNoConnection) {
    const auto command = ssh_command(target(), Connection::fresh, {"true"});
    EXPECT_THAT(command.argv, AllOf(Contains("ControlPath=none"), Contains("ControlMaster=no"),
                                    Not(Contains(HasSubstr("/run/ls/web1")))));
}

TEST(DeploySsh, OptionsOfTheFleetComeFirstBecauseTheFirstCounts) {
    auto with = target();
    with.options = {"ConnectTimeout=60"};
    const auto options = join(ssh_options(with, Connection::fresh), " ");
    EXPECT_LT(options.find("ConnectTimeout=60"), options.find("ConnectTimeout=10"));
}

TEST(DeploySsh, WordsReachTheRemoteShellAsTheyAre) {
    const auto command = ssh_command(target(), Connection::shared,
                                     {"echo", "a b", "it's", "$(reboot)", "", "-n", "x;y", "/nix/store/a-b"});
    EXPECT_EQ(command.argv.back(), R"(echo 'a b' 'it'\''s' '$(reboot)' '' -n 'x;y' /nix/store/a-b)");
}

TEST(DeploySsh, ScriptsTravelOnStandardInputWithQuotedParameters) {
    const auto command =
        ssh_script(target(), Connection::shared, {{"a", "1"}, {"b", "x'; reboot; '"}}, "echo \"$a\"\n");
    EXPECT_EQ(command.argv.back(), "sh -s");
    EXPECT_EQ(command.stdin_text, "a=1\nb='x'\\''; reboot; '\\'''\necho \"$a\"\n");
}

TEST(DeploySsh, ThisMachineNeedsNoConnection) {
    auto here = target();
    here.local = true;
    EXPECT_THAT(ssh_command(here, Connection::fresh, {"echo", "a b"}).argv, ElementsAre("sh", "-c", "echo 'a b'"));
    EXPECT_THAT(ssh_script(here, Connection::shared, {}, "true\n").argv, ElementsAre("sh", "-c", "sh -s"));
}

TEST(DeploySsh, HopsKeepOurKeysAndPins) {
    auto behind = target();
    behind.jump = "root@bastion:2200,inner";
    const auto options = ssh_options(behind, Connection::fresh);
    const auto proxy = *std::find_if(options.begin(), options.end(),
                                     [](const auto& option) { return option.rfind("ProxyCommand=", 0) == 0; });
    EXPECT_THAT(proxy, HasSubstr("UserKnownHostsFile=/fleet/known_hosts"));
    EXPECT_THAT(proxy, EndsWith("-W '[%h]:%p' -- inner"));
    // The inner hop's own proxy is expanded one level deeper.
    EXPECT_THAT(proxy, HasSubstr("[%%h]:%%p"));
    EXPECT_THAT(proxy, HasSubstr("-l root -p 2200 -- bastion"));
    EXPECT_THAT(ssh_config_text(behind), HasSubstr("  ProxyCommand ssh -F /dev/null"));
    EXPECT_THAT(ssh_config_text(behind), HasSubstr("  Port 2222\n"));
}

TEST(DeploySsh, WhyAHostIsNotReached) {
    ExitStatus status;
    status.kind = ExitStatus::Kind::exited;
    const auto judged = [&](int code, const char* text) {
        status.code = code;
        return judge_ssh(status, text);
    };
    EXPECT_EQ(judged(0, ""), ReachTrouble::none);
    EXPECT_EQ(judged(1, "Permission denied (publickey)."), ReachTrouble::none);  // the command's own words
    EXPECT_EQ(judged(255, "ssh: connect to host web1 port 22: Connection refused"), ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, "ssh: connect to host 10.0.0.9 port 22: Connection timed out"), ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, "ssh: Could not resolve hostname web9: Name or service not known"),
              ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, "kex_exchange_identification: Connection closed by remote host"), ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, "Connection timed out during banner exchange"), ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, "Connection closed by UNKNOWN port 65535"), ReachTrouble::unreachable);
    EXPECT_EQ(judged(255, ""), ReachTrouble::lost);  // what a silent server looks like
    EXPECT_EQ(judged(255, "Host key verification failed."), ReachTrouble::host_key);
    EXPECT_EQ(judged(255,
                     "No ED25519 host key is known for web1 and you have requested strict checking.\r\n"
                     "Host key verification failed."),
              ReachTrouble::host_key);
    EXPECT_EQ(judged(255, "deploy@web1: Permission denied (publickey)."), ReachTrouble::refused);
    EXPECT_EQ(judged(255, "Timeout, server web1 not responding."), ReachTrouble::lost);
    EXPECT_EQ(judged(255, "Connection to web1 closed by remote host."), ReachTrouble::lost);
    EXPECT_EQ(judged(255, "client_loop: send disconnect: Broken pipe"), ReachTrouble::lost);
    status.kind = ExitStatus::Kind::timed_out;
    EXPECT_EQ(judge_ssh(status, ""), ReachTrouble::lost);
}

nix::Setup setup() {
    nix::Setup result;
    result.version = nix::parse_version("nix (Nix) 2.8.0").value();
    return result;
}

TEST(DeployCopy, GoesOverOurConnectionAndChecksSignaturesUnlessTold) {
    HostCopy request{.paths = {"/nix/store/a", "/nix/store/b"}, .timeout = Millis(9'000), .silence = Millis(100)};
    auto command = host_copy_command(setup(), target(), request);
    EXPECT_THAT(
        join(command.argv, " "),
        EndsWith(" --substitute-on-destination --to ssh-ng://deploy@web1.example -- /nix/store/a /nix/store/b"));
    EXPECT_EQ(command.deadline, Millis(9'000));
    EXPECT_EQ(command.silence, std::nullopt);  // nix is silent while it copies
    EXPECT_THAT(command.env_set, Contains(Pair("NIX_SSHOPTS", AllOf(HasSubstr("-p 2222"), HasSubstr("ControlMaster=no"),
                                                                    HasSubstr("ControlPath=/run/ls/web1")))));
    request.check_signatures = false;
    request.progress = true;
    request.substitute = false;
    request.ssh_ng = false;
    command = host_copy_command(setup(), target(), request);
    EXPECT_THAT(command.argv,
                AllOf(Contains("--no-check-sigs"), Contains("internal-json"), Contains("ssh://deploy@web1.example"),
                      Not(Contains("--substitute-on-destination"))));
    EXPECT_EQ(command.silence, Millis(100));
    request.config_file = "/run/ls/config";
    EXPECT_THAT(host_copy_command(setup(), target(), request).env_set,
                Contains(Pair("NIX_SSHOPTS", "-F /run/ls/config -o ControlMaster=no")));
}

TEST(DeployPrivilege, EachShapeCanBeAskedOfSudo) {
    const auto shapes = privileged_shapes();
    const auto questions = privilege_questions("/nix/store/00000000000000000000000000000000-nixos");
    ASSERT_EQ(shapes.size(), questions.size());
    for (const auto& question : questions) {
        EXPECT_EQ(std::vector<std::string>(question.begin(), question.begin() + 4),
                  (std::vector<std::string>{"sudo", "-n", "-l", "--"}));
        EXPECT_THAT(question, Not(Contains(HasSubstr("*"))));
    }
}

}  // namespace
}  // namespace lockstep::deploy
