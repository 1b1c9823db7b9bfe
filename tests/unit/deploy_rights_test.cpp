// SPDX-License-Identifier: MIT
// What sudo and Nix of a host say about the user that deploys.
#include "lockstep/adapters/deploy_rights.hpp"

#include <gmock/gmock.h>

namespace lockstep::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string k_path = "/nix/store/00000000000000000000000000000000-nixos-system-web1";

SshTarget target(const std::string& become) {
    SshTarget target;
    target.host = "web1";
    target.become = become;
    return target;
}

TEST(DeployRights, AsksSudoAboutEachCommandWithoutRunningIt) {
    const auto command = rights_command(target("sudo -n"), k_path, "n1");
    EXPECT_THAT(command.stdin_text, HasSubstr("sudo -n -l -- " + k_path + "/bin/switch-to-configuration check"));
    for (const char* become : {"", "run0"})
        EXPECT_THAT(rights_command(target(become), k_path, "n1").stdin_text, HasSubstr("lockstep_questions=''\n"));
}

TEST(DeployRights, EachQuestionHasItsAnswerOrNothingIsKnown) {
    std::string answers = "user=deploy\nuid=1000\ngroup=deploy\ngroup=wheel\n";
    const auto questions = privilege_questions(k_path);
    for (std::size_t n = 0; n < questions.size(); ++n) answers += n == 5 ? "allowed=0\n" : "allowed=1\n";
    const auto whole = answers + "end=n1\n";
    const auto rights = parse_rights(whole, "n1", target("sudo -n"), k_path);
    ASSERT_TRUE(rights && rights->refused);
    EXPECT_THAT(*rights->refused, ElementsAre(k_path + "/bin/switch-to-configuration check"));
    EXPECT_FALSE(parse_rights(answers + "allowed=1\nend=n1\n", "n1", target("sudo -n"), k_path));
    EXPECT_FALSE(parse_rights(answers, "n1", target("sudo -n"), k_path));
    EXPECT_EQ(parse_rights(whole, "n1", target(""), k_path)->refused, std::nullopt);
}

TEST(DeployRights, TrustIsByNameGroupOrEverybody) {
    const auto trusted = [](const std::string& users) {
        const auto rights =
            parse_rights("user=deploy\nuid=1000\ngroup=wheel\nsettings_known=1\ntrusted-users=" + users + "\nend=n1\n",
                         "n1", target(""), k_path);
        return rights && rights->trusted();
    };
    EXPECT_FALSE(trusted("root"));
    EXPECT_TRUE(trusted("root%20deploy"));
    EXPECT_TRUE(trusted("root%20@wheel"));
    EXPECT_TRUE(trusted("*"));
    EXPECT_FALSE(trusted("@admins%20deployer"));
    EXPECT_TRUE(parse_rights("user=root\nuid=0\nend=n1\n", "n1", target(""), k_path)->trusted());
}

TEST(DeployRights, ASignatureOfATrustedKeyIsEnough) {
    const auto names = parse_signatures(k_path + "  ultimate cache.example-1:AAAA= mine:BBBB=\n");
    EXPECT_THAT(names, ElementsAre("cache.example-1", "mine"));
    EXPECT_TRUE(signed_for(names, {"mine:KEY="}));
    EXPECT_FALSE(signed_for(names, {"min:KEY=", "mine2:KEY="}));
    EXPECT_FALSE(signed_for({}, {"mine:KEY="}));
    EXPECT_TRUE(signed_for(parse_signatures(k_path + " ca:fixed:r:sha256:1"), {}));
}

TEST(DeploySession, IsForAPersonAndSharesNothing) {
    auto web1 = target("");
    web1.user = "deploy";
    web1.port = 2222;
    web1.known_hosts_file = "/etc/lockstep/known_hosts";
    web1.control_path = "/tmp/control";
    const auto argv = ssh_session_argv(web1, {}, true);
    EXPECT_EQ(argv[2], "BatchMode=no");
    EXPECT_THAT(argv, ::testing::Contains("StrictHostKeyChecking=yes"));
    EXPECT_THAT(argv, ::testing::Contains("ControlPath=none"));
    EXPECT_THAT(argv, Not(::testing::Contains("-t")));
    EXPECT_THAT(argv, Not(::testing::Contains("-T")));
    EXPECT_EQ(argv.back(), "web1");
    const auto with_words = ssh_session_argv(web1, {"journalctl", "-u", "a b; rm -rf /"}, true);
    EXPECT_THAT(with_words, ::testing::Contains("-t"));
    EXPECT_EQ(with_words.back(), "journalctl -u 'a b; rm -rf /'");
    EXPECT_EQ(with_words[with_words.size() - 3], "--");
}

}  // namespace
}  // namespace lockstep::deploy
