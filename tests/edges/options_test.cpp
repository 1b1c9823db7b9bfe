// SPDX-License-Identifier: MIT
// The command line: what scripts rely on, and what people get told when they mistype.
#include "cli/options.hpp"

#include <gtest/gtest.h>

#include <set>

#include "lockstep/core/text.hpp"

namespace lockstep::cli {
namespace {

using Words = std::vector<std::string>;

Options parsed(const Words& args) {
    const auto options = parse_options(args);
    EXPECT_TRUE(options.ok()) << join(args, " ") << ": " << (options.ok() ? "" : options.error().what);
    return options.ok() ? *options : Options{};
}

/// "what | why | hint"
std::string refused(const Words& args) {
    const auto options = parse_options(args);
    if (options.ok()) return "accepted";
    EXPECT_EQ(options.error().kind, ErrorKind::usage);
    return options.error().what + " | " + options.error().why + " | " + options.error().hint;
}

const RawValue* override_of(const Options& options, std::string_view key) {
    for (const auto& [path, value] : options.overrides)
        if (path == key) return &value;
    return nullptr;
}

TEST(Options, DefaultsOfRun) {
    const auto options = parsed({"run"});
    EXPECT_EQ(options.command, "run");
    EXPECT_EQ(options.repo, ".");
    EXPECT_EQ(options.color, "auto");
    EXPECT_TRUE(options.overrides.empty());
    EXPECT_FALSE(options.text || options.json || options.plain || options.quiet || options.dry_run ||
                 options.detailed_exit_code || options.hosts_from_flags);
    EXPECT_FALSE(options.config_file || options.run_dir || options.now || options.output);
}

TEST(Options, ValuesAfterSpaceOrEqualsSign) {
    for (const auto& args :
         {Words{"run", "--repo", "/srv/fleet", "--slots", "4"}, Words{"run", "--repo=/srv/fleet", "--slots=4"}}) {
        const auto options = parsed(args);
        EXPECT_EQ(options.repo, "/srv/fleet");
        ASSERT_NE(override_of(options, "prove.slots"), nullptr);
        EXPECT_EQ(override_of(options, "prove.slots")->scalar, "4");
    }
}

TEST(Options, EveryFlagOfTheProgram) {
    const auto options = parsed({"run",
                                 "--repo",
                                 "r",
                                 "--flake",
                                 "nixos",
                                 "--config",
                                 "c.yaml",
                                 "--remote",
                                 "up",
                                 "--base",
                                 "main",
                                 "--host",
                                 "a,b",
                                 "--host",
                                 "web-*",
                                 "--exclude",
                                 "iso",
                                 "--input",
                                 "nixpkgs",
                                 "--exclude-input",
                                 "secrets",
                                 "--forge",
                                 "directory:/p",
                                 "--forge-url",
                                 "https://x.org/git",
                                 "--token-file",
                                 "/t",
                                 "--run-dir",
                                 "/r",
                                 "--slots",
                                 "2",
                                 "--evaluators",
                                 "3",
                                 "--json",
                                 "--plain",
                                 "--quiet",
                                 "--color",
                                 "never",
                                 "--now",
                                 "2026-11-21T02:00:00Z",
                                 "--nix-bin",
                                 "/n",
                                 "--dry-run",
                                 "--detailed-exit-code",
                                 "--exit-zero-on",
                                 "pr,alarm",
                                 "--exit-zero-on=nothing",
                                 "--attributes",
                                 "nixosConfigurations,checks.x86_64-linux",
                                 "--foreign",
                                 "ignore",
                                 "--branch",
                                 "u/%F",
                                 "--nix-option",
                                 "max-jobs=2",
                                 "--nix-option",
                                 "cores=1"});
    EXPECT_EQ(options.config_file, "c.yaml");
    EXPECT_EQ(options.run_dir, "/r");
    EXPECT_EQ(options.now, "2026-11-21T02:00:00Z");
    EXPECT_EQ(options.color, "never");
    EXPECT_TRUE(options.json && options.plain && options.quiet && options.dry_run && options.detailed_exit_code &&
                options.hosts_from_flags);
    EXPECT_EQ(options.exit_zero_on, (Words{"pr", "alarm", "nothing"}));
    EXPECT_EQ(override_of(options, "targets.include")->list, (Words{"a,b", "web-*"}))
        << "names of hosts may hold commas";
    EXPECT_EQ(override_of(options, "targets.attributes")->list, (Words{"nixosConfigurations", "checks.x86_64-linux"}));
    EXPECT_EQ(override_of(options, "nix.options")->map,
              (std::vector<std::pair<std::string, std::string>>{{"max-jobs", "2"}, {"cores", "1"}}));
    Config config;
    for (const auto& [path, value] : options.overrides)
        EXPECT_EQ(set_key(config, *find_key(path), path, value), std::nullopt);
    EXPECT_EQ(config.flake, "nixos");
    EXPECT_EQ(config.remote, "up");
    EXPECT_EQ(config.base, "main");
    EXPECT_EQ(config.targets.exclude, Words{"iso"});
    EXPECT_EQ(config.update.inputs, Words{"nixpkgs"});
    EXPECT_EQ(config.update.exclude, Words{"secrets"});
    EXPECT_EQ(config.forge.kind, "directory:/p");
    EXPECT_EQ(config.forge.url, "https://x.org/git");
    EXPECT_EQ(config.forge.token_file, "/t");
    EXPECT_EQ(config.prove.evaluators, 3);
    EXPECT_EQ(config.nix.bin_dir, "/n");
    EXPECT_EQ(config.targets.foreign, ForeignPolicy::ignore);
    EXPECT_EQ(config.branch, "u/%F");
}

TEST(Options, BuildTakesHostsAsOperands) {
    const auto options = parsed({"build", "web1", "--host", "db*", "--", "-odd"});
    EXPECT_EQ(override_of(options, "targets.include")->list, (Words{"db*", "web1", "-odd"}));
    EXPECT_EQ(options.operands, (Words{"web1", "-odd"}));
    EXPECT_TRUE(options.hosts_from_flags);
    EXPECT_FALSE(parsed({"build"}).hosts_from_flags);
    EXPECT_TRUE(parsed({"build"}).overrides.empty());
}

TEST(Options, SmallCommands) {
    const auto diff = parsed({"lockdiff", "--markdown", "-", "new.lock"});
    EXPECT_TRUE(diff.markdown);
    EXPECT_EQ(diff.operands, (Words{"-", "new.lock"}));
    EXPECT_EQ(parsed({"schema", "report"}).operands, Words{"report"});
    EXPECT_TRUE(parsed({"schema"}).operands.empty());
    const auto init = parsed({"init", "--force", "--output", "-"});
    EXPECT_TRUE(init.force);
    EXPECT_EQ(init.output, "-");
    EXPECT_TRUE(parsed({"doctor", "--json"}).json);
    EXPECT_EQ(parsed({"doctor", "--learn-host-keys", "new"}).learn_host_keys, "new");
}

TEST(Options, WhatStandsBehindDashesIsForHosts) {
    const auto exec = parsed({"fleet", "exec", "@web", "--json", "--", "sh", "--json", "--", "-c", ""});
    EXPECT_EQ(exec.operands, (Words{"exec", "@web"}));
    EXPECT_EQ(exec.command_words, (Words{"sh", "--json", "--", "-c", ""}));
    EXPECT_TRUE(exec.json);
    EXPECT_TRUE(parsed({"fleet", "exec", "web1", "--"}).command_words.empty());
    EXPECT_TRUE(parsed({"build", "--", "web1"}).command_words.empty()) << "only of fleet";
}

TEST(Options, HelpAndVersionWinOverEverything) {
    for (const auto& args : {Words{"help"}, Words{"--help"}, Words{"-h"}})
        EXPECT_TRUE(parsed(args).text.value_or("").starts_with("lockstep keeps"));
    for (const auto& args :
         {Words{"help", "run"}, Words{"run", "--help"}, Words{"run", "-h"}, Words{"run", "surplus", "--help"}})
        EXPECT_TRUE(parsed(args).text.value_or("").starts_with("lockstep run:")) << join(args, " ");
    EXPECT_TRUE(parsed({"lockdiff", "--help"}).text.value_or("").starts_with("lockstep lockdiff:"));
    EXPECT_TRUE(parsed({"--version"}).text.value_or("").starts_with("lockstep "));
}

TEST(Options, UnknownCommands) {
    EXPECT_EQ(refused({}), "no command was given |  | `lockstep help` lists the commands");
    EXPECT_EQ(refused({"rnu"}), "there is no command `rnu` |  | did you mean `run`?");
    EXPECT_EQ(refused({"help", "biuld"}), "there is no command `biuld` |  | did you mean `build`?");
    EXPECT_EQ(refused({"frobnicate"}), "there is no command `frobnicate` |  | `lockstep help` lists the commands");
    for (const auto* planned : {"flow", "serve", "trigger", "metrics", "completion", "verify"})
        EXPECT_TRUE(refused({planned}).starts_with("there is no command")) << planned;
    EXPECT_TRUE(refused({"--json", "run"}).starts_with("the command comes first, not `--json`"));
    EXPECT_TRUE(refused({""}).starts_with("there is no command ``"));
    EXPECT_EQ(refused({"\x1b[31m"}).find('\x1b'), std::string::npos);
}

TEST(Options, UnknownFlags) {
    EXPECT_EQ(refused({"run", "--exlude", "x"}),
              "`lockstep run` has no flag `--exlude` |  | did you mean `--exclude`?");
    EXPECT_EQ(refused({"run", "--slot=4"}), "`lockstep run` has no flag `--slot` |  | did you mean `--slots`?");
    EXPECT_EQ(refused({"build", "--dry-run"}),
              "`lockstep build` has no flag `--dry-run` | it is a flag of `lockstep run`, `lockstep deploy`, `lockstep "
              "fleet` | `lockstep help "
              "build` lists its flags");
    EXPECT_TRUE(refused({"run", "-x"}).starts_with("unknown flag `-x`"));
    EXPECT_TRUE(refused({"run", "-qx=1"}).starts_with("unknown flag `-qx=1`"));
    for (const auto* odd : {"--", "--a", "--=x", "---json", "--operands=x", "--json-", "--json--x"})
        EXPECT_NE(refused({"run", odd, "x"}), "accepted") << odd;
}

TEST(Options, ThereIsNoTokenFlag) {
    for (const auto& args : {Words{"run", "--token", "secret"}, Words{"run", "--token=secret"}}) {
        const auto text = refused(args);
        EXPECT_NE(text.find("--token-file"), std::string::npos);
        EXPECT_EQ(text.find("secret"), std::string::npos) << "the secret is not repeated";
    }
}

TEST(Options, Values) {
    EXPECT_EQ(refused({"run", "--repo"}), "--repo needs a value: --repo DIR |  | `lockstep help run` lists its flags");
    EXPECT_EQ(refused({"run", "--repo="}), "--repo needs a value: --repo DIR |  | `lockstep help run` lists its flags");
    EXPECT_EQ(refused({"run", "--repo", ""}).find("accepted"), std::string::npos);
    EXPECT_EQ(refused({"run", "--repo", "--json"}),
              "--repo needs a value: --repo DIR | `--json` looks like a flag | a value that starts with a dash is "
              "written --repo=--json");
    EXPECT_EQ(parsed({"run", "--repo=-x"}).repo, "-x");
    EXPECT_EQ(refused({"run", "--json=yes"}), "--json takes no value |  | write --json");
    EXPECT_EQ(refused({"run", "--slots", "many"}),
              "`--slots` expects a whole number from 0 to 1024, not `many` |  | `lockstep help run` lists its flags");
    EXPECT_TRUE(
        refused({"run", "--slots=-1"}).starts_with("`--slots` expects a whole number from 0 to 1024, not `-1`"));
    EXPECT_TRUE(refused({"run", "--branch=-x"}).starts_with("`--branch` expects a branch name"));
    EXPECT_TRUE(refused({"run", "--forge", "gitlab"}).starts_with("`--forge` expects auto, github"));
    EXPECT_TRUE(refused({"build", "--attributes", "hosts"}).starts_with("`--attributes` expects attribute sets"));
    EXPECT_TRUE(refused({"run", "--nix-option", "=x"}).starts_with("`--nix-option` expects names and values"));
    EXPECT_TRUE(refused({"run", "--color", "sometimes"}).starts_with("--color does not know `sometimes`"));
    EXPECT_TRUE(refused({"run", "--now", "yesterday"}).starts_with("--now does not know `yesterday`"));
    EXPECT_EQ(refused({"run", "--exit-zero-on", "pr,alram"}),
              "--exit-zero-on does not know `alram` |  | did you mean `alarm`?");
    EXPECT_TRUE(refused({"run", "--exit-zero-on", "internal"}).starts_with("--exit-zero-on does not know"))
        << "bugs are never green";
    EXPECT_TRUE(refused({"deploy", "--exit-zero-on", "rolled-back,deploy-unknown"})
                    .starts_with("--exit-zero-on does not take `deploy-unknown` |  | a host that needs a person"));
    EXPECT_EQ(parsed({"deploy", "--exit-zero-on", "rolled-back,approval"}).exit_zero_on,
              (Words{"rolled-back", "approval"}));
    EXPECT_TRUE(refused({"run", "--exit-zero-on", "pr,"}).starts_with("--exit-zero-on does not know ``"));
    EXPECT_TRUE(
        refused({"lockdiff", "--json", "--markdown", "a", "b"}).starts_with("--json and --markdown contradict"));
}

TEST(Options, Operands) {
    EXPECT_EQ(refused({"run", "web1"}),
              "`lockstep run` takes no operands | it was given: web1 | hosts are chosen by --host");
    EXPECT_EQ(refused({"lockdiff", "a"}),
              "`lockstep lockdiff` takes OLD NEW | it was given: a | `lockstep help lockdiff`");
    EXPECT_EQ(refused({"lockdiff", "a", "b", "c"}).find("accepted"), std::string::npos);
    EXPECT_TRUE(refused({"schema", "pipeline"}).starts_with("there is no schema `pipeline`"));
    EXPECT_TRUE(refused({"help", "run", "build"}).starts_with("`lockstep help` takes one command"));
    EXPECT_TRUE(refused({"build", ""}).starts_with("`--host` expects names or globs"));
}

TEST(Options, TableIsConsistent) {
    std::set<std::string_view> names;
    for (const auto& option : option_table()) {
        EXPECT_TRUE(names.insert(option.name).second) << option.name;
        EXPECT_NE(option.name, "token");
        if (!option.key.empty()) {
            EXPECT_NE(find_key(option.key), nullptr) << option.name;
            EXPECT_FALSE(option.argument.empty()) << option.name;
        }
        for (const auto& word : words(option.commands))
            EXPECT_TRUE(word == "all" || find_command(word) != nullptr) << option.name << ": " << word;
    }
}

TEST(Options, EveryFlagIsAcceptedByEveryCommandThatListsIt) {
    const std::set<std::string_view> numbers{"slots", "evaluators"};
    for (const auto& command : command_table()) {
        for (const auto& option : option_table()) {
            if (!takes(command, option)) continue;
            std::string value = numbers.count(option.name) > 0 ? "1"
                                : option.name == "color"       ? "auto"
                                : option.name == "now"         ? "@1"
                                : option.name == "foreign"     ? "ignore"
                                                               : "x";
            if (option.name == "evaluation-memory") value = "1GiB";
            if (option.name == "deadline") value = "2h";
            if (option.name == "ignore-alarm") value = "moved";
            if (option.name == "attributes") value = "nixosConfigurations";
            if (option.name == "forge") value = "none";
            if (option.name == "forge-url") value = "https://x";
            if (option.name == "nix-option") value = "cores=1";
            if (option.name == "exit-zero-on") value = "pr";
            if (option.name == "strategy") value = "rolling";
            if (option.name == "tolerate") value = "10%";
            if (option.name == "canary") value = "web1";
            if (option.name == "backend") value = "colmena";
            if (option.name == "land-after") value = "canary";
            Words args{std::string(command.name), "--" + std::string(option.name)};
            if (!option.argument.empty()) args.push_back(value);
            for (std::size_t i = 0; i < command.least; ++i) args.emplace_back("operand");
            EXPECT_TRUE(parse_options(args).ok()) << join(args, " ");
        }
    }
}

}  // namespace
}  // namespace lockstep::cli
