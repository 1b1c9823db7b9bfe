// SPDX-License-Identifier: MIT
// What other tools say about hosts: every way to say it, and every way to say it wrong.
#include "lockstep/adapters/fleet_sources.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::deploy {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Names = std::vector<std::string>;

FleetSource good(const Result<FleetSource>& source) {
    if (!source.ok()) {
        ADD_FAILURE() << source.error().what << ": " << source.error().why;
        return {};
    }
    return source.value();
}

std::string why(const Result<FleetSource>& source) {
    if (source.ok()) return "";
    EXPECT_EQ(source.error().kind, ErrorKind::config);
    return source.error().what + ": " + source.error().why;
}

TEST(FleetNodes, AsTheFleetProgramWritesThem) {
    const auto source = good(parse_fleet_nodes(R"({
      "web1": {"system": "x86_64-linux", "hostname": "10.0.0.1", "sshUser": "root", "tags": ["web", "eu"]},
      "mac": {"system": "aarch64-darwin", "hostname": "mac.lan", "ssh_user": "luis", "tags": []},
      "db1": {"host": "db1.lan", "sshPort": 2222, "jump": "ops@bastion", "unknown": {"deep": [1]}},
      "x": {"addresses": ["a", "b"], "port": "22", "sshOpts": ["-o", "ConnectTimeout=5"], "tags": null}
    })"));
    EXPECT_EQ(source.name, "FLEET_NODES");
    ASSERT_EQ(source.hosts.size(), 4U);
    const auto& web = source.hosts.at("web1");
    EXPECT_EQ(web.addresses, Names{"10.0.0.1"});
    EXPECT_EQ(web.user, "root");
    EXPECT_EQ(web.tags, (Names{"web", "eu"}));
    EXPECT_EQ(web.type, std::nullopt);
    EXPECT_EQ(source.hosts.at("mac").type, "darwin");
    EXPECT_EQ(source.hosts.at("mac").user, "luis");
    EXPECT_EQ(source.hosts.at("db1").port, 2222);
    EXPECT_EQ(source.hosts.at("db1").jump, "ops@bastion");
    EXPECT_EQ(source.hosts.at("x").addresses, (Names{"a", "b"}));
    EXPECT_EQ(source.hosts.at("x").port, 22);
    EXPECT_EQ(source.hosts.at("x").ssh_options, Names{"ConnectTimeout=5"});
    EXPECT_EQ(source.hosts.at("x").tags, std::nullopt);
    EXPECT_THAT(source.notices, IsEmpty());
}

TEST(FleetNodes, TwoWordsForOneThingMustAgree) {
    EXPECT_EQ(why(parse_fleet_nodes(R"({"a": {"sshUser": "x", "ssh_user": "x"}})")), "");
    EXPECT_THAT(why(parse_fleet_nodes(R"({"a": {"sshUser": "x", "ssh_user": "y"}})")),
                HasSubstr("a: `sshUser` and `ssh_user` say different things"));
    EXPECT_THAT(why(parse_fleet_nodes(R"({"a": {"host": "x", "addresses": ["y"]}})")), HasSubstr("beside another"));
}

TEST(FleetNodes, MistakesNameHostAndMember) {
    const std::pair<const char*, const char*> cases[] = {
        {"", "it is not JSON: empty"},
        {"{", "it is not JSON: {"},
        {"[]", "it is not an object but a array"},
        {R"({"a": 1})", "a: it is not an object"},
        {R"({"a": {"hostname": 1}})", "a: `hostname` is not a text"},
        {R"({"a": {"port": 70000}})", "a: `port` is not a port from 1 to 65535"},
        {R"({"a": {"port": "22x"}})", "a: `port` is not a port"},
        {R"({"a": {"port": -1}})", "a: `port` is not a port"},
        {R"({"a": {"tags": "web"}})", "a: `tags` is not a list"},
        {R"({"a": {"tags": [1]}})", "a: `tags` is not a list"},
        {R"({"a": {"tags": ["a b"]}})", "a: `tags` expects a tag"},
        {R"({"a": {"hostname": "-oProxyCommand=x"}})", "a: `addresses` expects a host name"},
        {R"({"a": {"sshUser": "x y"}})", "a: `user` expects the name of a user"},
    };
    for (const auto& [json, expected] : cases) EXPECT_THAT(why(parse_fleet_nodes(json)), HasSubstr(expected)) << json;
}

TEST(FleetNodes, SizeAndDepthAreBounded) {
    EXPECT_THAT(why(parse_fleet_nodes(std::string(100, '[') + std::string(100, ']'))), HasSubstr("deeper than 16"));
    EXPECT_THAT(why(parse_fleet_nodes("{" + std::string(5U << 20U, ' ') + "}")), HasSubstr("more than 4 MiB"));
    std::string many = "{";
    for (int i = 0; i < 10'001; ++i) many += (i > 0 ? ",\"h" : "\"h") + std::to_string(i) + "\":{}";
    EXPECT_THAT(why(parse_fleet_nodes(many + "}")), HasSubstr("more than 10,000"));
}

TEST(ColmenaNodes, CommandAsksForDeploymentOnly) {
    const auto command = colmena_nodes_command("git+file:///x?rev=abc");
    ASSERT_EQ(command.argv.size(), 6U);
    EXPECT_THAT(Names(command.argv.begin(), command.argv.begin() + 5),
                ElementsAre("colmena", "--config", "git+file:///x?rev=abc", "eval", "-E"));
    EXPECT_THAT(command.argv[5], HasSubstr("node.config.deployment"));
    for (const auto* member : {"targetHost", "targetPort", "targetUser", "tags", "buildOnTarget", "sshOptions"})
        EXPECT_THAT(command.argv[5], HasSubstr(member));
}

TEST(ColmenaNodes, AsTheExpressionPrintsThem) {
    const auto source = good(parse_colmena_nodes(R"({
      "alpha": {"targetHost": "fd12:3456::1", "targetPort": null, "targetUser": "root", "tags": ["tag-a"],
                "buildOnTarget": false, "sshOptions": []},
      "local": {"targetHost": null, "targetPort": 22, "targetUser": null, "tags": [], "buildOnTarget": true,
                "sshOptions": ["-p", "2200", "-A"]}})"));
    EXPECT_EQ(source.name, "colmena hive");
    const auto& alpha = source.hosts.at("alpha");
    EXPECT_EQ(alpha.addresses, Names{"fd12:3456::1"});
    EXPECT_EQ(alpha.user, "root");
    EXPECT_EQ(alpha.port, std::nullopt);
    EXPECT_EQ(alpha.build_on_target, std::nullopt) << "the default says nothing";
    const auto& local = source.hosts.at("local");
    EXPECT_EQ(local.addresses, std::nullopt);
    EXPECT_EQ(local.role, "manual");
    EXPECT_EQ(local.origin.at("role"), "colmena hive (no targetHost)");
    EXPECT_EQ(local.port, 2200);
    EXPECT_EQ(local.user, std::nullopt);
    EXPECT_EQ(local.build_on_target, true);
    EXPECT_THAT(source.notices, ElementsAre(HasSubstr("local: the ssh argument `-A` is left out")));
}

TEST(ColmenaNodes, Mistakes) {
    EXPECT_THAT(why(parse_colmena_nodes("[ERROR] no hive")), HasSubstr("colmena hive cannot be read: it is not JSON"));
    EXPECT_THAT(why(parse_colmena_nodes(R"({"a": {"targetPort": "x"}})")), HasSubstr("a: `targetPort` is not a port"));
    EXPECT_THAT(why(parse_colmena_nodes(R"({"a": {"buildOnTarget": "x"}})")),
                HasSubstr("a: `buildOnTarget` is not true or false"));
    EXPECT_THAT(why(parse_colmena_nodes(R"({"a": []})")), HasSubstr("a: it is not an object"));
}

TEST(DeployRsNodes, CommandLeavesTheSystemsAlone) {
    nix::Setup setup;
    setup.bin_dir = "/nix-bin";
    setup.options["cores"] = "2";
    const auto command = deploy_rs_nodes_command(setup, "git+file:///x\"${y}");
    EXPECT_EQ(command.argv.front(), "/nix-bin/nix");
    EXPECT_THAT(command.argv, Contains("--expr"));
    EXPECT_THAT(command.argv, Contains("cores"));
    EXPECT_THAT(command.argv.back(), HasSubstr(R"(builtins.getFlake "git+file:///x\"\${y}")"));
    EXPECT_THAT(command.argv.back(), ::testing::Not(HasSubstr("path")));
}

TEST(DeployRsNodes, SettingsHoldAtThreeLevels) {
    const auto source = good(parse_deploy_rs_nodes(R"({
      "sshUser": "all", "sshOpts": ["-p", "1"], "remoteBuild": true,
      "nodes": {
        "web1": {"hostname": "10.0.0.1", "sshUser": "node", "sshOpts": ["-o", "ConnectTimeout=5"],
                 "profilesOrder": [], "profiles": {"system": {"sshUser": "profile", "sshOpts": ["-p", "3"]}}},
        "web2": {"hostname": "web2", "sshUser": "node", "profiles": {"system": {"user": "root"}}},
        "web3": {"hostname": "web3", "remoteBuild": false, "profiles": {"system": {}}},
        "bare": {"hostname": "bare"}}})"));
    EXPECT_EQ(source.name, "deploy-rs");
    const auto& web1 = source.hosts.at("web1");
    EXPECT_EQ(web1.user, "profile");
    EXPECT_EQ(web1.port, 3) << "the innermost one";
    EXPECT_EQ(web1.ssh_options, Names{"ConnectTimeout=5"});
    EXPECT_EQ(web1.build_on_target, true);
    EXPECT_EQ(web1.type, std::nullopt);
    EXPECT_EQ(source.hosts.at("web2").user, "node");
    EXPECT_EQ(source.hosts.at("web2").port, 1);
    EXPECT_EQ(source.hosts.at("web3").user, "all");
    EXPECT_EQ(source.hosts.at("web3").build_on_target, std::nullopt);
    EXPECT_EQ(source.hosts.at("bare").addresses, Names{"bare"});
}

TEST(DeployRsNodes, OtherProfilesAreTold) {
    const auto source = good(parse_deploy_rs_nodes(R"({"nodes": {
      "a": {"hostname": "a", "profilesOrder": ["migrate", "service"],
            "profiles": {"service": {}, "migrate": {"sshUser": "m"}}},
      "b": {"hostname": "b", "profiles": {"home-manager": {"user": "alice"}}},
      "c": {"hostname": "c", "profiles": {"system": {}, "extra": {}}}}})"));
    EXPECT_EQ(source.hosts.at("a").type, "custom");
    EXPECT_EQ(source.hosts.at("a").user, "m");
    EXPECT_EQ(source.hosts.at("b").type, "home_manager");
    EXPECT_EQ(source.hosts.at("c").type, std::nullopt);
    EXPECT_THAT(source.notices, ElementsAre("a: beside `migrate`, the profile `service` of deploy-rs takes no part",
                                            "c: beside `system`, the profile `extra` of deploy-rs takes no part"));
}

TEST(DeployRsNodes, NoneAndMistakes) {
    EXPECT_TRUE(good(parse_deploy_rs_nodes("null")).hosts.empty());
    EXPECT_TRUE(good(parse_deploy_rs_nodes("{}")).hosts.empty());
    EXPECT_THAT(why(parse_deploy_rs_nodes(R"({"nodes": []})")), HasSubstr("`nodes` is not an object"));
    EXPECT_THAT(why(parse_deploy_rs_nodes(R"({"nodes": {"a": 1}})")), HasSubstr("a: it is not an object"));
    EXPECT_THAT(why(parse_deploy_rs_nodes(R"({"sshUser": 1})")), HasSubstr("the settings for all nodes: `sshUser`"));
    EXPECT_THAT(why(parse_deploy_rs_nodes(R"({"nodes": {"a": {"profiles": 1}}})")), HasSubstr("`profiles` is not"));
    EXPECT_THAT(why(parse_deploy_rs_nodes(R"({"nodes": {"a": {"profiles": {"system": {"sshOpts": "x"}}}}})")),
                HasSubstr("a.system: `sshOpts` is not a list"));
    EXPECT_THAT(why(parse_deploy_rs_nodes("x")), HasSubstr("deploy-rs cannot be read: it is not JSON"));
}

TEST(SshArguments, EveryFormThatPeopleWrite) {
    FleetRecord record;
    Names notices;
    take_ssh_arguments({"-p2222", "-o ServerAliveInterval=5", "-oConnectTimeout 9", "-C", "-4", "-q", "-l", "me", "-J",
                        "ops@bastion:22", "-o", "Port=1"},
                       "web1", record, notices);
    EXPECT_EQ(record.port, 2222) << "ssh takes the first one";
    EXPECT_EQ(record.user, "me");
    EXPECT_EQ(record.jump, "ops@bastion:22");
    EXPECT_EQ(record.ssh_options,
              (Names{"ServerAliveInterval=5", "ConnectTimeout=9", "Compression=yes", "AddressFamily=inet"}));
    EXPECT_THAT(notices, IsEmpty());
}

TEST(SshArguments, NothingThatRunsAProgramOrMovesTrust) {
    for (const Names& arguments : {Names{"-o", "ProxyCommand=touch x"},
                                   Names{"-oProxyCommand=touch x"},
                                   Names{"-F", "/tmp/x"},
                                   Names{"-i", "/root/key"},
                                   Names{"-o", "StrictHostKeyChecking=no"},
                                   Names{"-o", "UserKnownHostsFile=/dev/null"},
                                   Names{"-A"},
                                   Names{"-S", "x"},
                                   Names{"-w", "1"},
                                   Names{"-L", "1:x:2"},
                                   Names{"-D", "1"},
                                   Names{"touch x"},
                                   Names{"-p"},
                                   Names{"-p", "x"},
                                   Names{"-J", "-x"},
                                   Names{"-l", "-x"},
                                   Names{"-o"},
                                   Names{""},
                                   Names{"-"},
                                   Names{"-o", "LocalCommand touch x"},
                                   Names{"-o", "Hostname=evil"}}) {
        FleetRecord record;
        Names notices;
        take_ssh_arguments(arguments, "web1", record, notices);
        EXPECT_EQ(record, FleetRecord{}) << ::testing::PrintToString(arguments);
        EXPECT_EQ(notices.size(), 1U) << ::testing::PrintToString(arguments);
    }
}

}  // namespace
}  // namespace lockstep::deploy
