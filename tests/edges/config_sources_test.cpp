// SPDX-License-Identifier: MIT
// Which source of configuration wins, and that all mistakes are told together.
#include "cli/config_sources.hpp"

#include <gtest/gtest.h>

#include "lockstep/core/text.hpp"

namespace lockstep::cli {
namespace {

using Lines = std::vector<std::string>;

RawValue scalar(std::string text) {
    return {.scalar = std::move(text)};
}

Config assembled(const Sources& sources) {
    const auto config = assemble(sources);
    EXPECT_TRUE(config.ok()) << (config.ok() ? "" : config.error().why);
    return config.ok() ? *config : Config{};
}

Lines mistakes(const Sources& sources) {
    const auto config = assemble(sources);
    if (config.ok()) return {};
    EXPECT_EQ(config.error().kind, ErrorKind::config);
    return lines_of(config.error().why);
}

TEST(ConfigSources, NothingIsAllDefaults) {
    EXPECT_EQ(assembled({}), Config{});
}

TEST(ConfigSources, LaterSourcesWin) {
    Sources sources;
    EXPECT_EQ(assembled(sources).prove.slots, 0);
    sources.repository_text =
        "config_version: 1\nprove: {slots: 1, evaluators: 1, tail_lines: 1}\nremote: repository\n";
    EXPECT_EQ(assembled(sources).prove.slots, 1);
    sources.machine_text =
        "config_version: 1\nprove: {slots: 2, evaluators: 2, tail_lines: 2}\nforge: {token_file: /t}\n";
    EXPECT_EQ(assembled(sources).prove.slots, 2);
    sources.variables = {{"LOCKSTEP_PROVE_SLOTS", "3"}, {"LOCKSTEP_PROVE_EVALUATORS", "3"}, {"PATH", "/bin"}};
    EXPECT_EQ(assembled(sources).prove.slots, 3);
    sources.overrides = {{"prove.slots", scalar("4")}};
    const auto config = assembled(sources);
    EXPECT_EQ(config.prove.slots, 4);
    EXPECT_EQ(config.prove.evaluators, 3);
    EXPECT_EQ(config.prove.tail_lines, 2);
    EXPECT_EQ(config.remote, "repository");
    EXPECT_EQ(config.forge.token_file, "/t");
}

TEST(ConfigSources, ListsAreReplacedNotJoined) {
    Sources sources;
    sources.repository_text = "config_version: 1\ntargets: {include: [a, b]}\n";
    sources.variables = {{"LOCKSTEP_TARGETS_INCLUDE", "c, d"}};
    EXPECT_EQ(assembled(sources).targets.include, (Lines{"c", "d"}));
}

TEST(ConfigSources, OptionsOfNixAddUp) {
    Sources sources;
    sources.repository_text = "config_version: 1\nnix: {options: {max-jobs: 1, cores: 1}}\n";
    sources.variables = {{"LOCKSTEP_NIX_OPTIONS", "cores=2\nsandbox=false"}};
    EXPECT_EQ(assembled(sources).nix.options,
              (std::map<std::string, std::string>{{"max-jobs", "1"}, {"cores", "2"}, {"sandbox", "false"}}));
}

TEST(ConfigSources, EmptyVariablesAreNone) {
    Sources sources;
    sources.variables = {{"LOCKSTEP_BASE", ""},
                         {"LOCKSTEP_PROVE_SLOTS", ""},
                         {"LOCKSTEP_TARGETS_INCLUDE", ""},
                         {"LOCKSTEP_NONSENSE", ""}};
    EXPECT_EQ(assembled(sources), Config{});
}

TEST(ConfigSources, UnknownVariablesAreMistakes) {
    Sources sources;
    sources.variables = {{"LOCKSTEP_UPDATE_INPUT", "x"}, {"LOCKSTEP_SLOTS", "4"}, {"LOCKSTEP_QQQQQQQQQQQQ", "x"}};
    EXPECT_EQ(mistakes(sources),
              (Lines{"LOCKSTEP_QQQQQQQQQQQQ: there is no such key",
                     "LOCKSTEP_SLOTS: there is no such key, did you mean LOCKSTEP_PROVE_SLOTS?",
                     "LOCKSTEP_UPDATE_INPUT: there is no such key, did you mean LOCKSTEP_UPDATE_INPUTS?"}));
    sources.variables = {
        {"LOCKSTEP_OPENAPI_DIR", "x"},   {"LOCKSTEP_UPDATE_GOLDEN", "1"}, {"LOCKSTEP_TEST_ANYTHING", "x"},
        {"LOCKSTEP_REQUIRE_NIX", "1"},   {"LOCKSTEP_RUN", "of a hook"},   {"LOCKSTEP_COMMIT", "of a hook"},
        {"LOCKSTEP_HOOK", "before_run"}, {"LOCKSTEP_WAVE", "of a hook"},  {"lockstep_x", "x"}};
    EXPECT_TRUE(mistakes(sources).empty());
}

TEST(ConfigSources, EveryVariableOfTheTableIsKnown) {
    for (const auto& key : config_keys()) {
        Sources sources;
        sources.variables = {{variable_of(key.path), "\x01"}};  // no key takes a control character
        for (const auto& line : mistakes(sources)) EXPECT_EQ(line.find("no such key"), std::string::npos) << line;
    }
}

TEST(ConfigSources, TellsAllMistakesOfAllSourcesTogether) {
    Sources sources;
    sources.repository_text = "config_version: 1\nupdates: {}\nforge: {token_file: x}\n";
    sources.repository_name = "lockstep.yaml";
    sources.machine_text = "prove: {slots: many}\n";
    sources.machine_name = "/etc/lockstep.yaml";
    sources.variables = {{"LOCKSTEP_UPDATE_TIMEOUT", "10"}};
    sources.overrides = {{"commit.name", scalar("bot")}};
    const auto config = assemble(sources);
    ASSERT_FALSE(config.ok());
    EXPECT_EQ(config.error().what, "the configuration has 6 mistakes");
    const auto lines = lines_of(config.error().why);
    ASSERT_EQ(lines.size(), 6U);
    EXPECT_EQ(lines[0], "lockstep.yaml:2:1: unknown key `updates`, did you mean `update`?");
    EXPECT_TRUE(lines[1].starts_with("lockstep.yaml:3:21: `forge.token_file` belongs to the machine")) << lines[1];
    EXPECT_TRUE(lines[2].starts_with("/etc/lockstep.yaml:1:1: `config_version: 1` is missing")) << lines[2];
    EXPECT_EQ(lines[3], "/etc/lockstep.yaml:1:16: `prove.slots` expects a whole number from 0 to 1024, not `many`");
    EXPECT_EQ(lines[4],
              "`LOCKSTEP_UPDATE_TIMEOUT` expects a duration with a unit, such as 90s, 10m or 1h30m, not `10`");
    EXPECT_EQ(lines[5], "`commit.name` is set without `commit.email`; set both or neither");
}

TEST(ConfigSources, NameAndMailMayComeFromTwoPlaces) {
    Sources sources;
    sources.repository_text = "config_version: 1\ncommit: {name: bot}\n";
    EXPECT_EQ(mistakes(sources).size(), 1U);
    sources.variables = {{"LOCKSTEP_COMMIT_EMAIL", "bot@example.org"}};
    EXPECT_EQ(assembled(sources).commit.email, "bot@example.org");
}

}  // namespace
}  // namespace lockstep::cli
