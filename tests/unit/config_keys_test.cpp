// SPDX-License-Identifier: MIT
// The table of keys against the Config record: what is accepted, what is refused and with which words.
#include "lockstep/core/config_keys.hpp"

#include <gtest/gtest.h>

#include <set>

namespace lockstep {
namespace {

using namespace std::chrono_literals;

RawValue scalar(std::string text, bool quoted = false) {
    return {.scalar = std::move(text), .quoted = quoted};
}
RawValue list(std::vector<std::string> entries) {
    return {.list = std::move(entries), .shape = RawValue::Shape::list};
}
RawValue map(std::vector<std::pair<std::string, std::string>> entries) {
    return {.map = std::move(entries), .shape = RawValue::Shape::map};
}

std::string complaint(std::string_view path, const RawValue& value) {
    Config config;
    const auto text = set_key(config, *find_key(path), path, value);
    if (text) {
        EXPECT_EQ(config, Config{}) << path << " was changed by a refused value";
    }
    return text.value_or("");
}

Config with(std::string_view path, const RawValue& value) {
    Config config;
    EXPECT_EQ(set_key(config, *find_key(path), path, value), std::nullopt) << path;
    return config;
}

TEST(ConfigKeys, EveryKeyHasItsOwnPathVariableAndWords) {
    std::set<std::string> paths, variables;
    for (const auto& key : config_keys()) {
        EXPECT_TRUE(paths.insert(std::string(key.path)).second) << key.path;
        EXPECT_TRUE(variables.insert(variable_of(key.path)).second) << key.path;
        EXPECT_GT(key.doc.size(), 15U) << key.path;
        EXPECT_EQ(key.type == KeyType::choice, !key.choices.empty()) << key.path;
        EXPECT_EQ(find_key(key.path), &key);
    }
    EXPECT_EQ(variable_of("update.inputs"), "LOCKSTEP_UPDATE_INPUTS");
    EXPECT_EQ(variable_of("forge.status_hosts"), "LOCKSTEP_FORGE_STATUS_HOSTS");
    EXPECT_EQ(find_key("update"), nullptr);
}

TEST(ConfigKeys, WhatAKeyShowsItAlsoAccepts) {
    for (const auto& key : config_keys()) {
        const auto shown = key.show(Config{});
        if (shown.starts_with('[') || shown.starts_with('{'))
            continue;  // flow collections are the YAML loader's business
        const auto value =
            shown == "\"\"" ? scalar("") : scalar(shown.starts_with('"') ? shown.substr(1, shown.size() - 2) : shown);
        EXPECT_EQ(with(key.path, value), Config{}) << key.path;
    }
}

TEST(ConfigKeys, StoresEveryTypeWhereItBelongs) {
    EXPECT_EQ(with("remote", scalar("upstream")).remote, "upstream");
    EXPECT_EQ(with("update.inputs", list({"nixpkgs", "disko"})).update.inputs,
              (std::vector<std::string>{"nixpkgs", "disko"}));
    EXPECT_EQ(with("prove.slots", scalar("1024")).prove.slots, 1024);
    EXPECT_EQ(with("prove.build_timeout", scalar("1h30m")).prove.build_timeout, 90min);
    EXPECT_EQ(with("prove.log_limit", scalar("1GiB")).prove.log_limit, 1ULL << 30);
    EXPECT_TRUE(with("nix.impure", scalar("on")).nix.impure);
    EXPECT_FALSE(with("forge.statuses", scalar("false")).forge.statuses);
    EXPECT_EQ(with("targets.foreign", scalar("evaluate")).targets.foreign, ForeignPolicy::evaluate);
    EXPECT_EQ(with("commit.sign", scalar("never")).commit.sign, SignPolicy::never);
    EXPECT_EQ(with("land.mode", scalar("pull-request")).land.mode, LandMode::pull_request);
    EXPECT_EQ(with("nix.options", map({{"max-jobs", "2"}})).nix.options,
              (std::map<std::string, std::string>{{"max-jobs", "2"}}));
    for (const auto* word : {"on", "true"}) EXPECT_EQ(with("submodules", scalar(word)).submodules, Toggle::on);
    for (const auto* word : {"off", "false"}) EXPECT_EQ(with("submodules", scalar(word)).submodules, Toggle::off);
}

TEST(ConfigKeys, SaysWhatIsExpected) {
    EXPECT_EQ(complaint("prove.slots", scalar("many")),
              "`prove.slots` expects a whole number from 0 to 1024, not `many`");
    EXPECT_EQ(complaint("prove.slots", scalar("1025")),
              "`prove.slots` expects a whole number from 0 to 1024, not `1025`");
    EXPECT_EQ(complaint("prove.slots", scalar("4", true)),
              "`prove.slots` expects a whole number from 0 to 1024 without quotes, not `4`");
    EXPECT_EQ(complaint("prove.slots", list({"1"})), "`prove.slots` expects a whole number from 0 to 1024, not a list");
    EXPECT_EQ(complaint("update.timeout", scalar("10")),
              "`update.timeout` expects a duration with a unit, such as 90s, 10m or 1h30m, not `10`");
    EXPECT_EQ(complaint("update.timeout", scalar("0s")),
              "`update.timeout` expects a duration from 1ms to 30d, not `0s`");
    EXPECT_EQ(complaint("prove.log_limit", scalar("1B")),
              "`prove.log_limit` expects a size from 4KiB to 16GiB, not `1B`");
    EXPECT_EQ(complaint("targets.foreign", scalar("skip")),
              "`targets.foreign` expects require, evaluate or ignore, not `skip`");
    EXPECT_EQ(complaint("alarms.stop", list({"moved", "back*", "*"})), "");
    for (const auto* key : {"alarms.stop", "alarms.ignore"}) {
        const auto text = complaint(key, list({"moved", "mooved"}));
        EXPECT_NE(text.find("from-registry (did you mean moved?), not `[moved, mooved]`"), std::string::npos) << text;
        EXPECT_NE(complaint(key, list({"nothing-*"})), "");
    }
    EXPECT_EQ(complaint("nix.impure", scalar("1")), "`nix.impure` expects true or false, not `1`");
    EXPECT_EQ(complaint("update.inputs", scalar("nixpkgs")),
              "`update.inputs` expects a list, such as [one, two], not `nixpkgs`");
    EXPECT_EQ(complaint("nix.options", scalar("x")), "`nix.options` expects a mapping of names to values, not `x`");
    EXPECT_EQ(complaint("config_version", scalar("2")),
              "`config_version` expects 1, the only version that this program knows, not `2`");
    EXPECT_EQ(complaint("remote", map({})), "`remote` expects a text, not a mapping");
    EXPECT_EQ(complaint("targets.attributes", list({})).find("at least one") == std::string::npos, false);
    EXPECT_EQ(complaint("targets.attributes", list({"nixosConfigurations", "nixosConfigurations"})),
              "`targets.attributes` names nixosConfigurations twice");
}

TEST(ConfigKeys, CleansForeignTextInItsWords) {
    EXPECT_EQ(complaint("prove.slots", scalar("\x1b[31mred\nline")).find('\x1b'), std::string::npos);
    EXPECT_LT(complaint("prove.slots", scalar(std::string(5000, 'x'))).size(), 200U);
}

TEST(ConfigKeys, RefusesWhatOthersWouldTakeForAnOptionOrLeaveTheRepository) {
    const std::vector<std::pair<std::string_view, std::vector<std::string>>> refused{
        {"remote", {"", "-x", "https://example.org/a.git", "a b"}},
        {"base", {"-x", "a..b", "a b", "a.lock", "/a", "a/", "a~1", "a:b", "@", "a@{1}", "a\nb", ".a", "a/.b", "a."}},
        {"branch", {"", "-%Y", "%Y:%m", "%T", "%Q", "a%", "x..%Y", "%Y/", "a b"}},
        {"flake", {"/etc", "..", "a/../..", "-x", "a/-b"}},
        {"time_zone", {"", "/etc/localtime", "../x", "Europe/Brussels;x", "a//b", ":UTC"}},
        {"update.subject", {"", " ", "a\nb", "{host}", "{inputs"}},
        {"commit.name", {"a <b>", "a\nb"}},
        {"commit.email", {"a b", "<a@b>"}},
        {"forge.kind", {"", "gitlab", "directory:"}},
        {"cache.to",
         {"/srv/cache", "ftp://host", "https://me:pw@host", "s3://key@bucket", "ssh-ng://-oProxyCommand=x",
          "ssh-ng://me:pw@host", "file:///a b", "file:///a#b", "file:///c?secret-key=/k", "file:///a\nb", "auto"}},
        {"prove.min_free", {"0", "2", "-1B"}},
        {"prove.min_free_inodes", {"-1", "2k"}},
        {"keep.generations", {"-1", "1001"}},
        {"forge.url", {"git.example.org", "ftp://x", "https://", "https://user@host", "https://host/?q", "https:///x"}},
    };
    for (const auto& [path, values] : refused)
        for (const auto& value : values) EXPECT_NE(complaint(path, scalar(value)), "") << path << " = " << value;
    EXPECT_NE(complaint("update.inputs", list({"--impure"})), "");
    EXPECT_NE(complaint("update.inputs", list({""})), "");
    EXPECT_NE(complaint("targets.include", list({""})), "");
    EXPECT_NE(complaint("targets.attributes", list({"hosts"})), "");
    EXPECT_NE(complaint("forge.failure_labels", list({"a,b"})), "");
    EXPECT_NE(complaint("forge.failure_labels", list({" "})), "");
    EXPECT_NE(complaint("nix.options", map({{"--x", "y"}})), "");
    EXPECT_NE(complaint("nix.options", map({{"x", "y\nz"}})), "");
}

TEST(ConfigKeys, AcceptsWhatPeopleUse) {
    for (const auto* value : {"main", "release/24.11", "feature_x"})
        EXPECT_EQ(complaint("base", scalar(value)), "") << value;
    for (const auto* value : {"flake-update/%Y-%m-%d", "%F", "bot/%G-W%V", "update"})
        EXPECT_EQ(complaint("branch", scalar(value)), "") << value;
    for (const auto* value : {"UTC", "Europe/Brussels", "America/Argentina/Buenos_Aires", "Etc/GMT+5"})
        EXPECT_EQ(complaint("time_zone", scalar(value)), "") << value;
    for (const auto* value : {"", "https://git.example.org", "http://127.0.0.1:3000/git/"})
        EXPECT_EQ(complaint("forge.url", scalar(value)), "") << value;
    for (const auto* value : {"", "file:///srv/cache?compression=zstd", "s3://bucket?region=eu&endpoint=minio.lan",
                              "https://cache.example.org", "ssh-ng://nix@builder", "ssh://host"})
        EXPECT_EQ(complaint("cache.to", scalar(value)), "") << value;
    EXPECT_EQ(with("prove.min_free", scalar("0B")).prove.min_free, 0U);
    EXPECT_EQ(with("keep.generations", scalar("0")).keep.generations, 0);
    EXPECT_EQ(with("flake", scalar("./nixos//hosts/")).flake, "nixos/hosts");
    EXPECT_EQ(with("flake", scalar(".")).flake, "");
    EXPECT_EQ(with("forge.kind", scalar("directory:/srv/pulls")).forge.kind, "directory:/srv/pulls");
    EXPECT_EQ(complaint("targets.attributes", list({"nixosConfigurations", "packages.x86_64-linux"})), "");
}

TEST(ConfigKeys, ListsAndMapsFromOneText) {
    EXPECT_EQ(raw_from_text(KeyType::text_list, "a, b,c").list, (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_TRUE(raw_from_text(KeyType::text_list, " ").list.empty());
    EXPECT_EQ(raw_from_text(KeyType::text_list, "a,,b").list.size(), 3U);  // the empty one is refused by the key
    const auto options = raw_from_text(KeyType::text_map, "max-jobs=2\nsubstituters = https://a https://b?x=y\n");
    EXPECT_EQ(options.map, (std::vector<std::pair<std::string, std::string>>{
                               {"max-jobs", "2"}, {"substituters", "https://a https://b?x=y"}}));
    EXPECT_EQ(raw_from_text(KeyType::text, " a,b ").scalar, " a,b ");
}

TEST(ConfigKeys, OptionsOfSeveralSourcesAddUp) {
    auto config = with("nix.options", map({{"max-jobs", "2"}, {"cores", "1"}}));
    EXPECT_EQ(set_key(config, *find_key("nix.options"), "nix.options", map({{"cores", "4"}})), std::nullopt);
    EXPECT_EQ(config.nix.options, (std::map<std::string, std::string>{{"max-jobs", "2"}, {"cores", "4"}}));
}

TEST(ConfigKeys, RepositoryMayNotSetWhatBelongsToTheMachine) {
    const auto token = refused_in_repository(*find_key("forge.token_file"), scalar("x"));
    ASSERT_TRUE(token.has_value());
    EXPECT_NE(token->find("--token-file"), std::string::npos);
    EXPECT_NE(token->find("LOCKSTEP_FORGE_TOKEN_FILE"), std::string::npos);
    EXPECT_TRUE(refused_in_repository(*find_key("nix.bin_dir"), scalar("x")).has_value());
    for (const auto* path : {"cache.to", "cache.signing_key_file"}) {
        const auto refused = refused_in_repository(*find_key(path), scalar("x"));
        ASSERT_TRUE(refused.has_value()) << path;
        EXPECT_EQ(refused->find("--nix-bin"), std::string::npos) << *refused;
    }
    for (const auto* name :
         {"plugin-files", "post-build-hook", "extra-plugin-files", "builders", "sandbox", "extra-sandbox-paths",
          "access-tokens", "netrc-file", "trusted-public-keys", "extra-trusted-substituters",
          "allow-unsafe-native-code-during-evaluation", "store", "require-sigs", "secret-key-files", "diff-hook",
          "impure-env", "accept-flake-config", "ssl-cert-file"})
        EXPECT_TRUE(refused_in_repository(*find_key("nix.options"), map({{name, "x"}})).has_value()) << name;
    for (const auto* name : {"max-jobs", "cores", "substituters", "extra-substituters", "experimental-features",
                             "eval-cache", "keep-going"})
        EXPECT_FALSE(refused_in_repository(*find_key("nix.options"), map({{name, "x"}})).has_value()) << name;
    EXPECT_FALSE(refused_in_repository(*find_key("remote"), scalar("x")).has_value());
}

TEST(ConfigKeys, NamesTheNearestKey) {
    EXPECT_EQ(unknown_key_text("updates"), "unknown key `updates`, did you mean `update`?");
    EXPECT_EQ(unknown_key_text("update.input"), "unknown key `update.input`, did you mean `update.inputs`?");
    EXPECT_EQ(unknown_key_text("slots"), "unknown key `slots`, did you mean `prove.slots`?");
    EXPECT_EQ(unknown_key_text("zzzzzzzz"), "unknown key `zzzzzzzz`");
}

TEST(ConfigKeys, SeesContradictions) {
    Config config;
    EXPECT_TRUE(contradictions(config).empty());
    config.commit.name = "lockstep";
    EXPECT_EQ(contradictions(config),
              (std::vector<std::string>{"`commit.name` is set without `commit.email`; set both or neither"}));
    config.commit.email = "a@b";
    EXPECT_TRUE(contradictions(config).empty());
    config.base = config.branch = "main";
    EXPECT_EQ(contradictions(config).size(), 1U);
    config.cache.signing_key_file = "/k";
    EXPECT_EQ(contradictions(config).size(), 2U);
    config.cache.to = "file:///c";
    EXPECT_EQ(contradictions(config).size(), 1U);
}

}  // namespace
}  // namespace lockstep
