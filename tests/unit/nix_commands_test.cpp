// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lockstep/adapters/nix.hpp"

namespace lockstep::nix {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::Pair;

constexpr const char* k_features = "--extra-experimental-features";
constexpr const char* k_both = "nix-command flakes";

Setup setup(const char* version = "nix (Nix) 2.26.3") {
    Setup result;
    result.version = parse_version(version).value();
    return result;
}

TEST(NixVersion, KnownForms) {
    const auto nix = parse_version("nix (Nix) 2.8.0\n").value();
    EXPECT_EQ(nix, (Version{"2.8.0", "Nix", 2, 8}));
    EXPECT_FALSE(nix.update_takes_inputs());
    EXPECT_FALSE(nix.has_config_show());
    const auto sid = parse_version("nix (Nix) 2.34.8").value();
    EXPECT_TRUE(sid.update_takes_inputs());
    EXPECT_TRUE(sid.has_config_show());
    EXPECT_TRUE(parse_version("nix (Nix) 2.19.0").value().update_takes_inputs());
    EXPECT_FALSE(parse_version("nix (Nix) 2.19.0").value().has_config_show());
    const auto pre = parse_version("nix (Nix) 2.36.0pre20260101_abcdef").value();
    EXPECT_EQ(pre.minor, 36);
    const auto lix = parse_version("nix (Lix, like Nix) 2.90.0\nSystem type: x").value();
    EXPECT_EQ(lix.implementation, "Lix");
    EXPECT_TRUE(lix.update_takes_inputs());
    const auto determinate = parse_version("nix (Determinate Nix 3.11.1) 2.31.1").value();
    EXPECT_EQ(determinate, (Version{"2.31.1", "Determinate Nix", 2, 31}));
}

TEST(NixVersion, OldAndForeignProgramsAreRefused) {
    for (const char* text :
         {"", "nix (Nix) 2.7.9", "nix (Nix) 1.11", "nix (Nix) two", "nix (Nix) 2", "git version 2.39", "nix 2.8"}) {
        const auto version = parse_version(text);
        ASSERT_FALSE(version.ok()) << text;
        EXPECT_EQ(version.error().kind, ErrorKind::config);
        EXPECT_FALSE(version.error().hint.empty());
    }
}

TEST(NixCommands, ProgramsComeFromTheNamedDirectory) {
    EXPECT_THAT(version_command("").argv, ElementsAre("nix", "--version"));
    EXPECT_THAT(version_command("/opt/x/bin").argv, ElementsAre("/opt/x/bin/nix", "--version"));
    auto with_dir = setup();
    with_dir.bin_dir = "/opt/x/bin/";
    EXPECT_EQ(with_dir.program("nix-store"), "/opt/x/bin/nix-store");
}

TEST(NixCommands, SettingsAreAskedByTheVersionsOwnName) {
    EXPECT_THAT(settings_command(setup("nix (Nix) 2.8.0")).argv,
                ElementsAre("nix", "show-config", k_features, k_both, "--json"));
    EXPECT_THAT(settings_command(setup()).argv, ElementsAre("nix", "config", "show", k_features, k_both, "--json"));
}

TEST(NixCommands, UpdateOfEverything) {
    UpdateRequest request;
    request.worktree = "/w/t";
    EXPECT_THAT(update_command(setup("nix (Nix) 2.8.0"), request).argv,
                ElementsAre("nix", "flake", "update", k_features, k_both, "--", "git+file:///w/t"));
    const auto command = update_command(setup(), request);
    EXPECT_THAT(command.argv, ElementsAre("nix", "flake", "update", k_features, k_both, "--flake", "git+file:///w/t"));
    EXPECT_EQ(command.cwd, "/w/t");
    EXPECT_EQ(command.deadline, Millis(600'000));
    EXPECT_EQ(command.stdin_text, "");
    EXPECT_THAT(command.env_set, Contains(Pair("GIT_TERMINAL_PROMPT", "0")));
}

TEST(NixCommands, UpdateOfSomeInputs) {
    UpdateRequest request;
    request.worktree = "/w/t";
    request.flake_dir = "sub dir";
    request.submodules = true;
    request.inputs = {"nixpkgs", "-x"};
    constexpr const char* k_url = "git+file:///w/t?dir=sub%20dir&submodules=1";
    EXPECT_THAT(update_command(setup("nix (Nix) 2.8.0"), request).argv,
                ElementsAre("nix", "flake", "lock", k_features, k_both, "--update-input", "nixpkgs", "--update-input",
                            "-x", "--", k_url));
    EXPECT_THAT(update_command(setup(), request).argv,
                ElementsAre("nix", "flake", "update", k_features, k_both, "--flake", k_url, "--", "nixpkgs", "-x"));
}

TEST(NixCommands, PinnedFlakes) {
    EXPECT_EQ(pinned_flake("/r", "abc", "", false), "git+file:///r?rev=abc&ref=HEAD");
    EXPECT_EQ(pinned_flake("/a b#?%ü&", "abc", "d&e", true),
              "git+file:///a%20b%23%3F%25%C3%BC%26?rev=abc&ref=HEAD&dir=d%26e&submodules=1");
    EXPECT_TRUE(check_repository_path(setup("nix (Nix) 2.8.0"), "/home/me/.local/state/x+1").ok());
    EXPECT_FALSE(check_repository_path(setup("nix (Nix) 2.8.0"), "/home/me/my fleet").ok());
    EXPECT_TRUE(check_repository_path(setup("nix (Nix) 2.26.3"), "/home/me/my fleet").ok());
}

TEST(NixCommands, OptionsReachEveryEvaluatingOrBuildingCall) {
    auto with_options = setup();
    with_options.options = {{"cores", "1"}, {"sandbox", "relaxed"}};
    const std::vector<Command> commands = {
        update_command(with_options, {}),
        names_command(with_options, "f", {"nixosConfigurations"}),
        evaluate_command(with_options, "f", {make_target("nixosConfigurations", TargetKind::nixos, "a")}, "0123"),
        realise_command(with_options, {{"/s/a.drv"}, 1, Millis(0), Millis(0)}),
        dry_run_command(with_options, {"/s/a.drv"}),
        invalid_paths_command(with_options, {"/s/a"}),
        settings_command(with_options)};
    for (const auto& command : commands) {
        const auto at = std::find(command.argv.begin(), command.argv.end(), "--option");
        ASSERT_TRUE(command.argv.end() - at >= 6) << command.label;
        EXPECT_THAT(std::vector<std::string>(at, at + 6),
                    ElementsAre("--option", "cores", "1", "--option", "sandbox", "relaxed"));
    }
}

TEST(NixCommands, EvaluationNeverWritesAndIsPureUnlessAsked) {
    const auto target = make_target("nixosConfigurations", TargetKind::nixos, "a");
    const auto pure = evaluate_command(setup(), "f", {target}, "0123");
    EXPECT_THAT(pure.argv,
                IsSupersetOf({"--no-update-lock-file", "--no-write-lock-file", "--no-eval-cache", "--json"}));
    EXPECT_THAT(pure.argv, Not(Contains("--impure")));
    EXPECT_LT(pure.stop.grace, StopPolicy{}.grace) << "a busy evaluation is deaf to SIGTERM";
    auto impure = setup();
    impure.impure = true;
    EXPECT_THAT(evaluate_command(impure, "f", {target}, "0123").argv, Contains("--impure"));
    EXPECT_THAT(names_command(impure, "f", {}).argv, Contains("--impure"));
}

TEST(NixCommands, TheExpressionNeverShowsTheWholeNonce) {
    const auto target = make_target("nixosConfigurations", TargetKind::nixos, "a.b \"${c}\"");
    const auto expression = evaluate_command(setup(), "f", {target}, "0123456789abcdef").argv.back();
    EXPECT_THAT(expression, Not(HasSubstr("0123456789abcdef")));
    EXPECT_THAT(expression, HasSubstr("\"01234567\" + \"89abcdef\""));
    EXPECT_THAT(expression,
                HasSubstr(R"([ "nixosConfigurations" "a.b \"\${c}\"" "config" "system" "build" "toplevel" ])"));
}

TEST(NixCommands, SystemsStayWholeInSetPaths) {
    EXPECT_THAT(names_command(setup(), "f", {"checks.x86_64-linux"}).argv.back(),
                HasSubstr(R"(${"checks.x86_64-linux"} = names [ "checks" "x86_64-linux" ])"));
}

TEST(NixCommands, RealiseLimitsAreWholeSeconds) {
    const auto command = realise_command(setup(), {{"/s/a.drv", "/s/b.drv"}, 3, Millis(1500), Millis(60'000)});
    EXPECT_THAT(command.argv, ElementsAre("nix-store", "--realise", k_features, k_both, "--keep-going", "--max-jobs",
                                          "3", "--log-format", "internal-json", "-v", "--timeout", "2",
                                          "--max-silent-time", "60", "/s/a.drv", "/s/b.drv"));
    EXPECT_GT(command.silence, Millis(60'000)) << "Nix ends a silent builder first, and says so";
    const auto unlimited = realise_command(setup(), {{"/s/a.drv"}, 1, Millis(0), Millis(0)});
    EXPECT_FALSE(unlimited.silence);
    EXPECT_THAT(unlimited.argv, Not(Contains("--timeout")));
    EXPECT_THAT(unlimited.argv, Not(Contains("--max-silent-time")));
}

TEST(NixCommandsDeathTest, AnEmptyRealisationIsABug) {
    EXPECT_DEATH((void)realise_command(setup(), {}), "empty");
    EXPECT_DEATH((void)invalid_paths_command(setup(), {"--delete"}), "starts_with");
}

TEST(NixCommands, DryRunText) {
    const auto plan = parse_dry_run(
        "these 2 derivations will be built:\n  /s/a.drv\n  /s/b.drv\n"
        "these 3 paths will be fetched (1.50 MiB download, 10.00 MiB unpacked):\n  /s/x\n  /s/y\n  /s/z\nwarning: x\n  "
        "/s/not\n");
    EXPECT_THAT(plan.build, ElementsAre("/s/a.drv", "/s/b.drv"));
    EXPECT_THAT(plan.fetch, ElementsAre("/s/x", "/s/y", "/s/z"));
    EXPECT_EQ(plan.download, "1.50 MiB");
    EXPECT_EQ(plan.unpacked, "10.00 MiB");
    EXPECT_TRUE(parse_dry_run("").build.empty());
    EXPECT_THAT(parse_dry_run("this derivation will be built:\n  /s/a.drv\n").build, ElementsAre("/s/a.drv"));
}

TEST(NixCommands, InvalidPathsAreOnlyPaths) {
    EXPECT_THAT(parse_invalid_paths("/s/a\nwarning: x\n/s/b\n"), ElementsAre("/s/a", "/s/b"));
}

}  // namespace
}  // namespace lockstep::nix
