// SPDX-License-Identifier: MIT
// Hosts out of records: who wins, who is named, what is refused.
#include "lockstep/core/fleet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Names = std::vector<std::string>;

FleetInput with_configurations(const Names& names) {
    FleetInput input;
    for (const auto& name : names) input.configurations.push_back({.name = name});
    return input;
}

FleetSource source(const std::string& name, std::map<std::string, FleetRecord> hosts) {
    return {.name = name, .hosts = std::move(hosts), .notices = {}};
}

Fleet merged(const FleetInput& input) {
    auto fleet = merge_fleet(input);
    if (!fleet.ok()) {
        ADD_FAILURE() << fleet.error().what << "\n" << fleet.error().why;
        return {};
    }
    return std::move(fleet).value();
}

std::string refusal(const FleetInput& input) {
    const auto fleet = merge_fleet(input);
    if (fleet.ok()) return "";
    EXPECT_EQ(fleet.error().kind, ErrorKind::config);
    return fleet.error().why;
}

TEST(Fleet, EveryFieldHasAnOriginAndTheFirstSourceWins) {
    auto input = with_configurations({"web1"});
    FleetRecord mine{.port = 2222, .user = "deploy"};
    mine.origin = {{"port", "lockstep.yaml:4"}, {"user", "lockstep.yaml:5"}};
    input.sources = {source("lockstep.yaml", {{"web1", mine}}),
                     source("FLEET_NODES", {{"web1", {.addresses = Names{"10.0.0.1"}, .user = "root"}}})};
    input.defaults.reboot = "if-needed";
    input.defaults.origin["reboot"] = "lockstep.yaml:2";

    const auto fleet = merged(input);
    const auto& host = fleet.hosts.at("web1");
    EXPECT_EQ(host.user, "deploy");
    EXPECT_EQ(host.port, 2222);
    EXPECT_THAT(host.addresses, ElementsAre("10.0.0.1"));
    EXPECT_EQ(host.reboot, "if-needed");
    EXPECT_EQ(host.role, HostRole::deploy);
    EXPECT_TRUE(host.configured);
    EXPECT_EQ(host.origin.at("user"), "lockstep.yaml:5");
    EXPECT_EQ(host.origin.at("addresses"), "FLEET_NODES");
    EXPECT_EQ(host.origin.at("reboot"), "lockstep.yaml:2 (defaults)");
    EXPECT_EQ(host.origin.at("target"), "default: its name");
    EXPECT_EQ(host.origin.at("type"), "nixosConfigurations");
    EXPECT_EQ(host.origin.at("role"), "default");
    for_each_fleet_field([&](const char* field, auto) { EXPECT_EQ(host.origin.count(field), 1U) << field; });
    EXPECT_THAT(fleet.sources, ElementsAre("lockstep.yaml", "FLEET_NODES"));
    ASSERT_EQ(fleet.notices.size(), 1U);
    EXPECT_EQ(fleet.notices[0],
              "web1: `user` is `deploy` by lockstep.yaml:5, and `root` by FLEET_NODES: the first one holds");
}

TEST(Fleet, SourcesThatAgreeAreNoContradiction) {
    auto input = with_configurations({"web1"});
    input.sources = {source("a", {{"web1", {.user = "root"}}}), source("b", {{"web1", {.user = "root"}}})};
    EXPECT_THAT(merged(input).notices, IsEmpty());
}

TEST(Fleet, TagsAndOrderAreAddedUp) {
    auto input = with_configurations({"web1", "db1"});
    input.sources = {source("a", {{"web1", {.tags = Names{"web"}}}, {"db1", {}}}),
                     source("b", {{"web1", {.tags = Names{"eu", "web"}, .after = Names{"db1"}}}})};
    input.tags["prod"] = {.hosts = {"web1", "db1"}, .after = {}, .origin = "lockstep.yaml:9"};
    const auto fleet = merged(input);
    EXPECT_THAT(fleet.hosts.at("web1").tags, ElementsAre("web", "eu", "prod"));
    EXPECT_EQ(fleet.hosts.at("web1").origin.at("tags"), "a, b, lockstep.yaml:9");
    EXPECT_THAT(fleet.members().at("prod"), ElementsAre("db1", "web1"));
    EXPECT_THAT(fleet.notices, IsEmpty());
}

TEST(Fleet, HostsOfTheFlakeAloneAreBuiltAndNotTouched) {
    auto input = with_configurations({"web1", "db1", "installer"});
    input.configurations[2].proved = false;
    input.configurations.push_back({.name = "mac", .type = ProfileType::darwin});
    input.configurations.push_back({.name = "alice", .type = ProfileType::home_manager});
    input.sources = {source("a", {{"web1", {}}})};
    const auto fleet = merged(input);
    EXPECT_THAT(fleet.names(), ElementsAre("db1", "mac", "web1"));
    EXPECT_EQ(fleet.hosts.at("db1").role, HostRole::build_only);
    EXPECT_EQ(fleet.hosts.at("mac").type, ProfileType::darwin);
    ASSERT_EQ(fleet.notices.size(), 1U);
    EXPECT_THAT(fleet.notices[0], HasSubstr("db1, mac: only the flake knows them, so they are built and not touched"));

    input.implicit = true;
    const auto implicit = merged(input);
    EXPECT_EQ(implicit.hosts.at("db1").role, HostRole::deploy);
    EXPECT_EQ(implicit.hosts.at("db1").origin.at("role"), "fleet.implicit");
    EXPECT_THAT(implicit.hosts.at("db1").addresses, ElementsAre("db1"));
    EXPECT_THAT(implicit.notices, IsEmpty());
}

TEST(Fleet, ATagAloneIsNoRecord) {
    auto input = with_configurations({"web1", "iso"});
    input.configurations[1].proved = false;
    input.tags["lab"] = {.hosts = {"web1", "iso"}, .after = {}, .origin = "f:1"};
    input.defaults.role = "deploy";
    const auto fleet = merged(input);
    EXPECT_EQ(fleet.hosts.at("web1").role, HostRole::build_only);
    EXPECT_EQ(fleet.hosts.at("iso").role, HostRole::build_only);
    EXPECT_THAT(fleet.hosts.at("web1").tags, ElementsAre("lab"));
}

TEST(Fleet, AHostWithoutConfigurationIsAMistakeUnlessItsRoleNeedsNone) {
    auto input = with_configurations({"web1"});
    input.sources = {source("FLEET_NODES", {{"web2", {}}})};
    const auto why = refusal(input);
    EXPECT_THAT(why, HasSubstr("web2 is known to FLEET_NODES only, but the flake has no nixosConfigurations.web2"));
    EXPECT_THAT(why, HasSubstr("did you mean web1?"));
    for (const auto* role : {"build_only", "monitor_only", "ignore"}) {
        input.sources[0].hosts["web2"].role = role;
        EXPECT_EQ(refusal(input), "") << role;
        EXPECT_FALSE(merged(input).hosts.at("web2").configured);
    }
    input.sources[0].hosts["web2"].role = "manual";
    EXPECT_THAT(refusal(input), HasSubstr("web2"));
    input.sources[0].hosts["web2"].role = "deploy";
    input.sources[0].hosts["web2"].type = "custom";
    EXPECT_EQ(refusal(input), "");
    input.sources[0].hosts["web2"] = {.target = "web1"};
    EXPECT_EQ(refusal(input), "");
    EXPECT_TRUE(merged(input).hosts.at("web2").configured);
    EXPECT_THAT(merged(input).names(), ElementsAre("web2")) << "web1 is the configuration of web2";
}

TEST(Fleet, TheTypeFollowsFromTheFlake) {
    FleetInput input;
    input.configurations = {{.name = "mac", .type = ProfileType::darwin}, {.name = "mac"}};
    input.sources = {source("a", {{"mac", {}}})};
    EXPECT_EQ(merged(input).hosts.at("mac").type, ProfileType::darwin);
    input.sources[0].hosts["mac"].type = "nixos";
    EXPECT_EQ(merged(input).hosts.at("mac").type, ProfileType::nixos);
    input.sources[0].hosts["mac"].type = "home_manager";
    EXPECT_THAT(refusal(input), HasSubstr("homeConfigurations.mac"));
}

TEST(Fleet, AHostToDeployThatIsNotProvedIsTold) {
    auto input = with_configurations({"web1"});
    input.configurations[0].proved = false;
    input.sources = {source("a", {{"web1", {}}})};
    EXPECT_THAT(merged(input).notices, ElementsAre(HasSubstr("web1: is to be deployed, but takes no part")));
}

TEST(Fleet, DefaultsLeaveTheJumpHostAlone) {
    auto input = with_configurations({"web1", "bastion", "gate"});
    input.defaults.jump = "ops@bastion:2222,10.0.0.9";
    input.sources = {source("a", {{"web1", {}}, {"bastion", {}}, {"gate", {.addresses = Names{"10.0.0.9"}}}})};
    const auto fleet = merged(input);
    EXPECT_EQ(fleet.hosts.at("web1").jump, "ops@bastion:2222,10.0.0.9");
    EXPECT_EQ(fleet.hosts.at("bastion").jump, "");
    EXPECT_EQ(fleet.hosts.at("gate").jump, "");
}

TEST(Fleet, RefusesWhatCouldBeAnOptionOrShellText) {
    using fleet::check_address, fleet::check_name, fleet::check_tag, fleet::check_user;
    for (const auto* good : {"web1", "alice@web1", "a.b", "x_y-z", "b\xc3\xbcro", "a:1+2"})
        EXPECT_EQ(check_name(good), std::nullopt) << good;
    for (const auto* bad : {"",
                            "-oProxyCommand=x",
                            "a b",
                            "a\tb",
                            "a\nb",
                            "a;b",
                            "$(x)",
                            "`x`",
                            "a|b",
                            "a&b",
                            "@web",
                            "!x",
                            "a,b",
                            "*",
                            "a\"b",
                            "a'b",
                            "a/b",
                            "a\\b",
                            "\x1b[0m",
                            "a\xe2\x80\xae"
                            "b",
                            "\xff",
                            ".x"})
        EXPECT_NE(check_name(bad), std::nullopt) << bad;
    for (const auto* good : {"10.0.0.1", "fd00::1", "[fd00::1]", "fe80::1%eth0", "web1.example.org", "web_1"})
        EXPECT_EQ(check_address(good), std::nullopt) << good;
    for (const auto* bad : {"", "-x", "a b", "a;b", "root@web1", "[web1]", "a/b", "http://x", "b\xc3\xbcro", "[-x]"})
        EXPECT_NE(check_address(bad), std::nullopt) << bad;
    EXPECT_THAT(*check_address("root@web1"), HasSubstr("the field `user`"));
    for (const auto* bad : {"", "-l", "a b", "a@b", "a:b", "x;y"}) EXPECT_NE(check_user(bad), std::nullopt) << bad;
    for (const auto* bad : {"", "@web", "a b", "-x", "a&b"}) EXPECT_NE(check_tag(bad), std::nullopt) << bad;
    for (const auto* good : {"b", "u@b:22", "u@[fd00::1]:22", "a,b:1"})
        EXPECT_EQ(fleet::check_jump(good), std::nullopt) << good;
    for (const auto* bad : {"", "u@", "@b", "b:", "b:0", "b:99999", "a,,b", "-J x", "a b"})
        EXPECT_NE(fleet::check_jump(bad), std::nullopt) << bad;
    EXPECT_EQ(fleet::check_ssh_option("ConnectTimeout=5"), std::nullopt);
    for (const auto* bad : {"", "x", "=x", "a b=c", "ConnectTimeout=", "Port=22", "proxyjump=x", "A=\n"})
        EXPECT_NE(fleet::check_ssh_option(bad), std::nullopt) << bad;
    EXPECT_THAT(fleet::jump_hosts("u@[fd00::1]:22,b"), ElementsAre("fd00::1", "b"));
}

TEST(Fleet, HarmlessOptionsAreAClosedSet) {
    EXPECT_TRUE(fleet::is_harmless_ssh_option("connecttimeout=5"));
    for (const auto* option : {"ProxyCommand=x", "LocalCommand=x", "KnownHostsCommand=x", "Match=exec x", "Include=x",
                               "PKCS11Provider=x", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null",
                               "ForwardAgent=yes", "HostKeyAlias=x", "SendEnv=*", "ControlPath=x", "IdentityAgent=x"})
        EXPECT_FALSE(fleet::is_harmless_ssh_option(option)) << option;
}

TEST(Fleet, TellsAllMistakesAtOnceWithTheirOrigin) {
    auto input = with_configurations({"web1", "db1"});
    FleetRecord bad{.addresses = Names{"-oProxyCommand=x"}, .after = Names{"db2", "@wen"}, .role = "boss"};
    bad.origin["addresses"] = "f:3";
    input.sources = {source("S", {{"web1", bad}, {"-x", {}}, {"db1", {.tags = Names{"web"}}}})};
    input.tags["x"] = {.hosts = {"nobody"}, .after = {"@nothing"}, .origin = "f:9"};
    const auto why = refusal(input);
    EXPECT_THAT(why, HasSubstr("f:3: `addresses` of web1 expects a host name"));
    EXPECT_THAT(why, HasSubstr("S: the name of a host expects"));
    EXPECT_THAT(why, HasSubstr("S: `role` of web1 expects deploy, build_only"));
    EXPECT_THAT(why, HasSubstr("S: web1 comes after `db2`, which nobody knows (did you mean db1?)"));
    EXPECT_THAT(why, HasSubstr("S: web1 comes after `@wen`, which nobody knows (did you mean @web?)"));
    EXPECT_THAT(why, HasSubstr("f:9: the tag `x` has a host `nobody`, which nobody knows"));
    EXPECT_THAT(why, HasSubstr("f:9: @x comes after `@nothing`"));
}

TEST(Fleet, AHostThatIsTouchedNeedsAnAddress) {
    auto input = with_configurations({"alice@web1"});
    input.sources = {source("S", {{"alice@web1", {}}})};
    EXPECT_THAT(refusal(input), HasSubstr("alice@web1 has no address"));
    input.sources[0].hosts["alice@web1"].role = "build_only";
    EXPECT_EQ(refusal(input), "");
}

TEST(Fleet, StrangeNamesOfTheFlakeAreTold) {
    const auto fleet = merged(with_configurations({"a b", "web1"}));
    EXPECT_THAT(fleet.names(), ElementsAre("web1"));
    EXPECT_THAT(fleet.notices, ::testing::Contains(HasSubstr("`a b`: no host of the fleet, because of the name")));
}

TEST(Fleet, InfoNamesFieldsAndOrigins) {
    auto input = with_configurations({"web1", "db1"});
    input.sources = {source("S", {{"web1", {.addresses = Names{"10.0.0.1", "10.0.0.2"}, .port = 22, .user = "root"}},
                                  {"db1", {.jump = "web1"}}})};
    const auto fleet = merged(input);
    const auto text = fleet_info_text(fleet, {"web1"});
    EXPECT_THAT(text, HasSubstr("addresses        [10.0.0.1, 10.0.0.2]  S\n"));
    EXPECT_THAT(text, Not(HasSubstr("identity_file"))) << "what nobody set says nothing";
    const auto rows = fleet_info_text(fleet, fleet.names(), 1);
    EXPECT_THAT(rows, HasSubstr("HOST  ROLE"));
    EXPECT_THAT(rows, HasSubstr("root@10.0.0.1:22 (+1)"));
    EXPECT_THAT(rows, HasSubstr("db1 via web1"));

    const auto json = nlohmann::json::parse(fleet_info_json(fleet, fleet.names()));
    EXPECT_EQ(json["schema"], "lockstep-fleet/1");
    ASSERT_EQ(json["hosts"].size(), 2U);
    EXPECT_EQ(json["hosts"][1]["name"], "web1");
    EXPECT_EQ(json["hosts"][1]["port"], 22);
    EXPECT_EQ(json["hosts"][1]["origin"]["port"], "S");
    EXPECT_TRUE(json["hosts"][0]["user"].is_null());
    EXPECT_EQ(json["hosts"][0]["role"], "deploy");
}

}  // namespace
}  // namespace lockstep
