// SPDX-License-Identifier: MIT
// lockstep.yaml as people write it, get it wrong, and as attackers write it.
#include "edges/yaml_config.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "lockstep/core/init_file.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

Lines mistakes_of(std::string_view text, bool machine_file = false) {
    Config config;
    Lines lines;
    for (const auto& mistake : load_yaml(text, "f", machine_file, config)) lines.push_back(mistake_line(mistake));
    return lines;
}

bool mentions(const Lines& lines, std::string_view part) {
    for (const auto& line : lines)
        if (line.find(part) != std::string::npos) return true;
    return false;
}

Config load(std::string_view text, bool machine_file = false) {
    Config config;
    for (const auto& mistake : load_yaml(text, "f", machine_file, config)) ADD_FAILURE() << mistake_line(mistake);
    return config;
}

TEST(YamlConfig, ReadsEveryType) {
    const auto config = load(R"(
config_version: 1
base: main
flake: nixos
submodules: on
update:
  inputs: [nixpkgs, "home-manager"]
  timeout: 90s
  subject: "flake.lock: {inputs}"
targets:
  exclude:
    - iso
    - 'vm-*'
  foreign: evaluate
prove: {slots: 4, log_limit: 1MiB}
nix:
  impure: true
  options: {max-jobs: 2, keep-going: true, substituters: "https://a https://b"}
)");
    EXPECT_EQ(config.base, "main");
    EXPECT_EQ(config.flake, "nixos");
    EXPECT_EQ(config.submodules, Toggle::on);
    EXPECT_EQ(config.update.inputs, (Lines{"nixpkgs", "home-manager"}));
    EXPECT_EQ(config.update.timeout, 90s);
    EXPECT_EQ(config.update.subject, "flake.lock: {inputs}");
    EXPECT_EQ(config.targets.exclude, (Lines{"iso", "vm-*"}));
    EXPECT_EQ(config.targets.foreign, ForeignPolicy::evaluate);
    EXPECT_EQ(config.prove.slots, 4);
    EXPECT_EQ(config.prove.log_limit, 1ULL << 20);
    EXPECT_TRUE(config.nix.impure);
    EXPECT_EQ(config.nix.options.at("keep-going"), "true");
    EXPECT_EQ(config.nix.options.at("substituters"), "https://a https://b");
}

TEST(YamlConfig, EmptyFilesAreAllDefaults) {
    for (const auto* text : {"", "\n\n", "# only words\n", "---\n", "---\n# words\n...\n", "{}"})
        EXPECT_EQ(load(text), Config{}) << text;
}

TEST(YamlConfig, JsonIsYaml) {
    EXPECT_EQ(load(R"({"config_version": 1, "prove": {"slots": 2}, "targets": {"include": ["a"]}})").prove.slots, 2);
}

TEST(YamlConfig, GroupsMayBeEmpty) {
    EXPECT_EQ(load("config_version: 1\nupdate:\n  # inputs: []\nprove: {}\n"), Config{});
}

TEST(YamlConfig, NeedsItsVersion) {
    EXPECT_TRUE(mentions(mistakes_of("base: main\n"), "f:1:1: `config_version: 1` is missing"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 2\n"), "f:1:17: `config_version` expects 1"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: '1'\n"), "`config_version` expects 1"));
}

TEST(YamlConfig, ReportsEveryMistakeWithItsPlace) {
    EXPECT_EQ(
        mistakes_of("config_version: 1\nupdates:\n  inputs: []\nprove:\n  slots: many\n  evaluators: 4\n  evaluators: "
                    "5\nupdate: 3\nremote:\n"),
        (Lines{"f:2:1: unknown key `updates`, did you mean `update`?",
               "f:5:10: `prove.slots` expects a whole number from 0 to 1024, not `many`",
               "f:7:3: key `evaluators` stands twice in this mapping", "f:8:9: `update` expects a mapping of its keys",
               "f:9:1: `remote` has no value; leave the line out for the default"}));
}

TEST(YamlConfig, KeysWithoutMistakesAreSetAllTheSame) {
    Config config;
    EXPECT_EQ(load_yaml("config_version: 1\nbase: main\nprove: {slots: x}\n", "f", false, config).size(), 1U);
    EXPECT_EQ(config.base, "main");
}

TEST(YamlConfig, WrongShapes) {
    EXPECT_TRUE(mentions(mistakes_of("- a\n- b\n"), "f:1:1: expects a mapping at the top"));
    EXPECT_TRUE(mentions(mistakes_of("hello\n"), "f:1:1: expects a mapping at the top"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\n[a, b]: c\n"), "f:2:1: expects a word as key"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\ntargets: {include: [[a]]}\n"),
                         "f:2:21: `targets.include` expects plain texts"));
    EXPECT_TRUE(
        mentions(mistakes_of("config_version: 1\ntargets: {include: [~]}\n"), "`targets.include` expects plain texts"));
    EXPECT_TRUE(
        mentions(mistakes_of("config_version: 1\nnix: {options: {a: [b]}}\n"), "`nix.options` expects plain texts"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nnix: {options: {a: 1, a: 2}}\n"), "key `a` stands twice"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nremote: {a: b}\n"), "`remote` expects a text, not a mapping"));
}

TEST(YamlConfig, LeavesOutTheClevererHalfOfYaml) {
    EXPECT_EQ(mistakes_of("config_version: 1\nbase: &a main\nremote: *a\nprove:\n  <<: {slots: 1}\nflake: !!str x\n"),
              (Lines{"f:2:7: anchors (`&name`) are not allowed; repeat the value",
                     "f:3:9: aliases (`*name`) are not allowed; repeat the value",
                     "f:5:3: merge keys (`<<`) are not allowed; repeat the values",
                     "f:6:8: tags (`!name`) are not allowed"}));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\n---\nconfig_version: 1\n"), "f:3:1: only one document"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nupdate: &u {}\n"), "anchors"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nupdate: !!map {}\n"), "tags"));
}

TEST(YamlConfig, SyntaxErrorsHaveAPlace) {
    const auto lines = mistakes_of("config_version: 1\nupdate: [a, b\nprove: }\n");
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines.front().starts_with("f:3:")) << lines.front();
    EXPECT_TRUE(mentions(lines, "not valid YAML"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\n\tbase: x\n"), "f:2:1: not valid YAML"));
}

TEST(YamlConfig, SurvivesHostileFiles) {
    EXPECT_TRUE(mentions(mistakes_of(std::string((1 << 20) + 1, '#')), "larger than 1 MiB"));
    EXPECT_TRUE(mentions(mistakes_of(std::string_view("a\0b", 3)), "not UTF-8"));
    for (const auto* text : {"a: \xff", "a: \xc3",
                             "\xff\xfe"
                             "a",
                             "a: \xed\x20"})
        EXPECT_TRUE(mentions(mistakes_of(text), "not UTF-8"));
    EXPECT_TRUE(mentions(mistakes_of("a: " + std::string(5000, '[')), "more than 32 levels deep"));
    EXPECT_TRUE(mentions(mistakes_of("a: " + std::string(40, '[') + std::string(40, ']')), "more than 32 levels deep"));
    for (const std::string unit :
         {"[", "{", "- ", "? ", "{a: ", "a: [", "&a ", "!t ", "*a ", "\"", "'", "|\n", "[[],"}) {
        std::string bomb;
        while (bomb.size() < 20'000) bomb += unit;
        EXPECT_FALSE(mistakes_of(bomb).empty()) << unit;
    }
    std::string aliases = "a0: &a0 [x]\n";
    for (int i = 1; i < 30; ++i) {
        const auto before = "*a" + std::to_string(i - 1);
        aliases += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + "," + before + "]\n";
    }
    EXPECT_TRUE(mentions(mistakes_of(aliases), "aliases"));
    std::string many = "config_version: 1\n";
    for (int i = 0; i < 5000; ++i) many += "key" + std::to_string(i) + ": 1\n";
    EXPECT_EQ(mistakes_of(many).size(), 100U);
    EXPECT_EQ(mistakes_of("config_version: 1\n\"\\e[31mred\\n\": 1\n"), (Lines{"f:2:1: unknown key `red`"}));
}

TEST(YamlConfig, MachineKeysOnlyInTheMachinesFile) {
    const auto* text =
        "config_version: 1\nforge:\n  token_file: /run/secrets/token\nnix: {bin_dir: /opt/nix/bin, options: "
        "{post-build-hook: x}}\n";
    const auto config = load(text, true);
    EXPECT_EQ(config.forge.token_file, "/run/secrets/token");
    EXPECT_EQ(config.nix.bin_dir, "/opt/nix/bin");
    const auto lines = mistakes_of(text);
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_TRUE(
        lines[0].starts_with("f:3:15: `forge.token_file` belongs to the machine: set it in the file given by --config"))
        << lines[0];
    EXPECT_TRUE(lines[1].starts_with("f:4:16: `nix.bin_dir` belongs to the machine")) << lines[1];
    EXPECT_TRUE(lines[2].starts_with("f:4:39: `nix.options.post-build-hook` belongs to the machine")) << lines[2];
}

TEST(YamlConfig, ReadsBackWhatInitWrites) {
    EXPECT_EQ(load(init_file({})), Config{});
    InitFacts facts;
    facts.flake = "nixos";
    facts.base = "production";
    facts.forge_kind = "gitea";
    facts.forge_url = "https://git.example.org/sub";
    facts.attributes = {"nixosConfigurations", "packages.x86_64-linux"};
    facts.foreign_hosts = {{"pi", "aarch64-linux"}, {"a\nbase: evil", "x"}};
    facts.likely_not_hosts = {"iso", "odd [name]: \"x\" # \\", "grün"};
    const auto text = init_file(facts);
    auto config = load(text);
    EXPECT_EQ(config.flake, "nixos");
    EXPECT_EQ(config.base, "production");
    EXPECT_EQ(config.forge.kind, "gitea");
    EXPECT_EQ(config.forge.url, "https://git.example.org/sub");
    EXPECT_EQ(config.targets.attributes, facts.attributes);
    EXPECT_EQ(config.targets.foreign, ForeignPolicy::evaluate);
    EXPECT_TRUE(config.targets.exclude.empty());  // only proposed

    auto accepted = text;
    accepted.erase(accepted.find("# exclude: [iso"), 2);
    EXPECT_EQ(load(accepted).targets.exclude, (Lines{"iso", "odd \\[name\\]: \"x\" # \\\\", "grün"}));
}

TEST(YamlConfig, EveryDefaultOfInitReadsBackWhenUncommented) {
    std::string all;
    std::istringstream lines(init_file({}));
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find("# ");
        const auto word = at == std::string::npos ? std::string() : line.substr(at + 2, line.find(':', at) - at - 2);
        const bool is_key = !word.empty() &&
                            word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos &&
                            line.find(": ") != std::string::npos;
        all += is_key ? line.erase(at, 2) + "\n" : line + "\n";
    }
    EXPECT_EQ(load(all), Config{}) << all;
    EXPECT_NE(all.find("\n  attach_logs: true"), std::string::npos);
}

TEST(YamlConfig, ExamplesLoad) {
    EXPECT_NE(load(test::read_file(std::string(LOCKSTEP_TEST_EXAMPLES) + "/small-fleet/lockstep.yaml")), Config{});
}

TEST(YamlConfig, ReadsTheFleet) {
    const auto config = load(R"(config_version: 1
fleet:
  implicit: true
  colmena: off
  defaults: {user: deploy, reboot: if-needed}
  hosts:
    web1.example.org:
      addresses: [10.0.0.1, fd00::1]
      port: 2222
      tags: web
      after: ["@db"]
      ssh_options: [ConnectTimeout=5]
      optional: yes
    db1:
    mac: {role: monitor_only, type: darwin}
  tags:
    db: {hosts: [db1], after: [mac]}
    empty:
)");
    const auto& fleet = config.fleet;
    EXPECT_TRUE(fleet.implicit);
    EXPECT_EQ(fleet.colmena, Toggle::off);
    EXPECT_EQ(fleet.defaults.user, "deploy");
    EXPECT_EQ(fleet.defaults.origin.at("user"), "f:5");
    ASSERT_EQ(fleet.hosts.size(), 3U);
    const auto& web = fleet.hosts.at("web1.example.org");
    EXPECT_EQ(web.addresses, (Lines{"10.0.0.1", "fd00::1"}));
    EXPECT_EQ(web.port, 2222);
    EXPECT_EQ(web.tags, Lines{"web"});
    EXPECT_EQ(web.after, Lines{"@db"});
    EXPECT_EQ(web.ssh_options, Lines{"ConnectTimeout=5"});
    EXPECT_EQ(web.optional, true);
    EXPECT_EQ(web.offline_ok, std::nullopt);
    EXPECT_EQ(web.origin.at("port"), "f:9");
    EXPECT_EQ(fleet.hosts.at("db1"), FleetRecord{});
    EXPECT_EQ(fleet.hosts.at("mac").role, "monitor_only");
    EXPECT_EQ(fleet.tags.at("db").hosts, Lines{"db1"});
    EXPECT_EQ(fleet.tags.at("db").after, Lines{"mac"});
    EXPECT_EQ(fleet.tags.at("db").origin, "f:17");
    EXPECT_EQ(fleet.tags.count("empty"), 1U);
}

TEST(YamlConfig, FleetMistakesHaveAPlaceAndTheNearestKey) {
    const auto lines = mistakes_of(R"(config_version: 1
fleet:
  implict: true
  defaults:
    usr: x
    addresses: [a]
  hosts:
    web1:
      prot: 22
      port: 70000
      user: "-l"
      reboot: sometimes
      tags: {a: b}
      web1.port: 22
      after:
    "-oProxyCommand=x": {}
    web2: [a]
    web1: {}
  tags:
    web: {host: [a], after: ["a b"]}
)");
    const std::vector<std::string> expected = {
        "f:3:3: unknown key `fleet.implict`, did you mean `fleet.implicit`?",
        "f:5:5: unknown key `fleet.defaults.usr`, did you mean `fleet.defaults.user`?",
        "f:6:5: unknown key `fleet.defaults.addresses`",
        "f:9:7: unknown key `fleet.hosts.web1.prot`, did you mean `port`?",
        "f:10:13: `fleet.hosts.web1.port` expects a whole number from 1 to 65535, not `70000`",
        "f:11:13: `fleet.hosts.web1.user` expects the name of a user, not `-l`",
        "f:12:15: `fleet.hosts.web1.reboot` expects never, if-needed or always, not `sometimes`",
        "f:13:13: `fleet.hosts.web1.tags` expects one text or a list of them, not a mapping",
        "f:14:7: unknown key `fleet.hosts.web1.web1.port`",
        "f:15:7: `fleet.hosts.web1.after` has no value; leave the line out for the default",
        "f:16:5: a name in `fleet.hosts` expects a name of letters",
        "f:17:11: `fleet.hosts.web2` expects a mapping of its keys",
        "f:18:5: key `web1` stands twice in this mapping",
        "f:20:11: unknown key `fleet.tags.web.host`, did you mean `hosts`?",
        "f:20:29: `fleet.tags.web.after` expects names of hosts or @tags, not `a b`",
    };
    ASSERT_EQ(lines.size(), expected.size()) << ::testing::PrintToString(lines);
    for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(lines[i].substr(0, expected[i].size()), expected[i]) << lines[i];
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nfleet.hosts.*.port: 22\n"), "unknown key"));
    EXPECT_TRUE(mentions(mistakes_of("config_version: 1\nfleet: {hosts: {web1: &a {}, web2: *a}}\n"), "anchors"));
}

TEST(YamlConfig, TheRepositoryMayNotRunProgramsThroughItsHosts) {
    const std::string text =
        "config_version: 1\nfleet: {hosts: {web1: {identity_file: /root/key, ssh_options: [\"ProxyCommand=touch "
        "x\"]}}}\n";
    const auto lines = mistakes_of(text);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_TRUE(mentions(lines, "`identity_file` belongs to the machine"));
    EXPECT_TRUE(mentions(lines, "the ssh option `ProxyCommand=touch x` belongs to the machine"));
    const auto config = load(text, true);
    EXPECT_EQ(config.fleet.hosts.at("web1").identity_file, "/root/key");
    EXPECT_EQ(config.fleet.hosts.at("web1").ssh_options, Lines{"ProxyCommand=touch x"});
}

TEST(YamlConfig, TheMachinesFileOverridesFieldsOfAHost) {
    Config config;
    const std::string head = "config_version: 1\nfleet: {hosts: {web1: ";
    EXPECT_TRUE(load_yaml(head + "{user: a, port: 1, tags: [x]}}}\n", "repo", false, config).empty());
    EXPECT_TRUE(load_yaml(head + "{user: b, tags: []}}}\n", "machine", true, config).empty());
    const auto& host = config.fleet.hosts.at("web1");
    EXPECT_EQ(host.user, "b");
    EXPECT_EQ(host.port, 1);
    EXPECT_EQ(host.tags, Lines{});
    EXPECT_EQ(host.origin.at("user"), "machine:2");
    EXPECT_EQ(host.origin.at("port"), "repo:2");
}

}  // namespace
}  // namespace lockstep
