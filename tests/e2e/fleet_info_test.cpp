// SPDX-License-Identifier: MIT
// `lockstep fleet info` with the real program: one fleet out of lockstep.yaml, FLEET_NODES, a recorded Colmena hive
// and the flake's own nodes of deploy-rs.
#include <algorithm>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_nodes = R"({"db1": {"system": "x86_64-linux", "hostname": "10.0.0.2", "sshUser": "root",
                                           "tags": ["db"]}})";
constexpr const char* k_hive = R"({"web1": {"targetHost": "10.0.0.9", "targetPort": 2222, "targetUser": "root",
                                            "tags": ["hive"], "buildOnTarget": true, "sshOptions": ["-A"]}})";

class FleetInfo : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }

    /// Hosts "web1", "db1" and "spare"; a hive if there is a `colmena`, and one node for deploy-rs.
    void publish_fleet(const std::string& yaml) {
        fleet.part("catalogue", "tls", {});
        fleet.host("spare", {.text = "spare"});
        publish_small_fleet();
        const std::string outputs = "outputs = inputs: {\n";
        auto flake = read_file(fleet.repository() / "flake.nix");
        flake.insert(flake.find(outputs) + outputs.size(),
                     "    colmenaHive = { };\n"
                     "    deploy = { sshUser = \"ops\"; nodes.web1 = { hostname = \"web1.lan\";\n"
                     "      profiles.system.path = throw \"a system\"; }; };\n");
        publish_file("flake.nix", flake);
        publish_file("lockstep.yaml", yaml);
    }
    /// A `colmena` that prints this on standard output and its arguments into a file.
    void install_colmena(const std::string& out, int code = 0) const {
        const auto program = lab / "bin/colmena";
        write_file(program, "#!/bin/sh\nprintf '%s\\n' \"$@\" >'" + (lab / "colmena-args").string() + "'\ncat <<'E'\n" +
                                out + "\nE\nexit " + std::to_string(code) + "\n");
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    }
    [[nodiscard]] LockstepEnd info(const std::vector<std::string>& operands = {},
                                   std::vector<std::string> environment = {}) const {
        const char* path = getenv("PATH");
        environment.push_back("PATH=" + (lab / "bin").string() + ":" + (path == nullptr ? "" : path));
        std::vector<std::string> arguments{"fleet", "info"};
        arguments.insert(arguments.end(), operands.begin(), operands.end());
        return run(arguments, environment);
    }
};

constexpr const char* k_yaml = R"(config_version: 1
fleet:
  defaults: {reboot: if-needed}
  hosts:
    web1:
      addresses: [10.0.0.1]
      tags: [web]
      after: ["@db"]
  tags: {db: {hosts: [db1]}}
)";

TEST_F(FleetInfo, MergesEverybodyWhoKnowsHosts) {
    publish_fleet(k_yaml);
    install_colmena(k_hive);
    const Witness witness(*this);
    const auto end = info({"--json"}, {std::string("FLEET_NODES=") + k_nodes});
    ASSERT_EQ(end.code, 0) << end.err;
    const auto all = json::parse(end.out);
    EXPECT_EQ(all["sources"], json::parse(R"(["lockstep.yaml", "FLEET_NODES", "colmena hive", "deploy-rs"])"));
    ASSERT_EQ(all["hosts"].size(), 3U);
    const auto& db = all["hosts"][0];
    const auto& spare = all["hosts"][1];
    const auto& web = all["hosts"][2];
    EXPECT_EQ(db["addresses"], json::parse(R"(["10.0.0.2"])"));
    EXPECT_EQ(db["origin"]["addresses"], "FLEET_NODES");
    EXPECT_EQ(db["origin"]["reboot"], "lockstep.yaml:3 (defaults)");
    EXPECT_EQ(spare["role"], "build_only");
    EXPECT_EQ(web["addresses"], json::parse(R"(["10.0.0.1"])"));
    EXPECT_EQ(web["origin"]["addresses"], "lockstep.yaml:6");
    EXPECT_EQ(web["port"], 2222);
    EXPECT_EQ(web["origin"]["port"], "colmena hive");
    EXPECT_EQ(web["user"], "root");
    EXPECT_EQ(web["tags"], json::parse(R"(["web", "hive"])"));
    EXPECT_EQ(web["build_on_target"], true);
    EXPECT_EQ(web["role"], "deploy");
    const auto notices = all["notices"].dump();
    EXPECT_THAT(notices,
                HasSubstr("web1: `addresses` is [10.0.0.1] by lockstep.yaml:6, and [10.0.0.9] by colmena hive"));
    EXPECT_THAT(notices, HasSubstr("[web1.lan] by deploy-rs"));
    EXPECT_THAT(notices, HasSubstr("`user` is `root` by colmena hive, and `ops` by deploy-rs"));
    EXPECT_THAT(notices, HasSubstr("colmena hive: web1: the ssh argument `-A` is left out"));
    EXPECT_THAT(notices, HasSubstr("spare: only the flake knows it"));
    EXPECT_THAT(end.err, HasSubstr("spare: only the flake knows it")) << "people are told as well";
    EXPECT_THAT(read_file(lab / "colmena-args"), HasSubstr("--config\ngit+file://"));
    witness.expect_unchanged();
    EXPECT_TRUE(lockstep.run_dirs().empty()) << "looking leaves no run behind";
}

TEST_F(FleetInfo, TextNamesOriginsAndSelectorsChoose) {
    publish_fleet(k_yaml);
    const auto one = info({"@web"});
    ASSERT_EQ(one.code, 0) << one.err;
    EXPECT_THAT(one.out, HasSubstr("web1\n"));
    EXPECT_THAT(one.out, HasSubstr("lockstep.yaml:6"));
    EXPECT_THAT(one.out, HasSubstr("deploy-rs"));
    EXPECT_THAT(one.out, Not(HasSubstr("db1")));
    EXPECT_THAT(one.err, HasSubstr("`colmena` is not on PATH"));
    for (const auto& every : {info(), info({"--all"}), info({"web1", "--all"})}) {
        EXPECT_THAT(every.out, HasSubstr("HOST   ROLE"));
        EXPECT_EQ(std::count(every.out.begin(), every.out.end(), '\n'), 4) << "one line for each host";
    }
    const auto rest = info({"--json", "!@web"});
    EXPECT_EQ(json::parse(rest.out)["hosts"].size(), 2U) << rest.err;
    EXPECT_EQ(json::parse(info({"--json", "--all"}).out)["hosts"].size(), 3U);

    const auto unknown = info({"web2"});
    EXPECT_EQ(unknown.code, 64);
    EXPECT_EQ(unknown.out, "");
    EXPECT_THAT(unknown.err, HasSubstr("no host is called `web2`"));
    EXPECT_THAT(unknown.err, HasSubstr("did you mean `web1`?"));
    const auto predicate = info({"failed(last)"});
    EXPECT_EQ(predicate.code, 64) << "nothing was deployed, so that no host is meant";
    EXPECT_THAT(predicate.err, HasSubstr("failed(last)"));
    const auto command = run({"fleet", "inof"});
    EXPECT_EQ(command.code, 64);
    EXPECT_THAT(command.err, HasSubstr("did you mean `lockstep fleet info`?"));
    EXPECT_EQ(run({"fleet"}).code, 64);
}

TEST_F(FleetInfo, MistakesOfEverySourceEndWithTheirName) {
    publish_fleet(k_yaml);
    const auto nodes = info({}, {"FLEET_NODES={\"web1\": {\"hostname\": \"-oProxyCommand=x\"}}"});
    EXPECT_EQ(nodes.code, 78);
    EXPECT_THAT(nodes.err, HasSubstr("FLEET_NODES"));
    EXPECT_THAT(nodes.err, HasSubstr("web1: `addresses` expects"));
    const auto stranger = info({}, {"FLEET_NODES={\"web7\": {\"hostname\": \"10.0.0.7\"}}"});
    EXPECT_EQ(stranger.code, 78);
    EXPECT_THAT(stranger.err, HasSubstr("web7 is known to FLEET_NODES only"));

    install_colmena("no JSON at all");
    EXPECT_EQ(info().code, 78);
    EXPECT_THAT(info().err, HasSubstr("colmena hive cannot be read\n  it is not JSON: no JSON at all"));
    install_colmena("", 1);
    EXPECT_THAT(info().err, HasSubstr("listing the nodes of the Colmena hive failed"));
    EXPECT_EQ(info({}, {"LOCKSTEP_FLEET_COLMENA=off"}).code, 0);
}

TEST_F(FleetInfo, ConfigurationComesFromTheBaseAndTheMachineOverrides) {
    publish_fleet(k_yaml);
    write_file(fleet.repository() / "lockstep.yaml", "config_version: 1\nfleet: {hosts: {nobody: {}}}\n");
    write_file(lab / "machine.yaml",
               "config_version: 1\nfleet:\n  implicit: true\n  hosts:\n    web1: {user: root, identity_file: /k}\n");
    const auto end = info({"--json", "--config", (lab / "machine.yaml").string()});
    ASSERT_EQ(end.code, 0) << end.err;
    const auto hosts = json::parse(end.out)["hosts"];
    ASSERT_EQ(hosts.size(), 3U);
    EXPECT_EQ(hosts[1]["role"], "deploy");
    EXPECT_EQ(hosts[2]["user"], "root");
    EXPECT_THAT(hosts[2]["origin"]["user"].get<std::string>(), HasSubstr("machine.yaml:5"));
    EXPECT_EQ(hosts[2]["identity_file"], "/k");
    EXPECT_EQ(hosts[2]["addresses"][0], "10.0.0.1");
}

}  // namespace
}  // namespace lockstep::test
