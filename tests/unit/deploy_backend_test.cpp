// SPDX-License-Identifier: MIT
// Foreign programs as translations: what is typed for each version, what is refused, and what the page says about it.
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "lockstep/adapters/deploy_backend.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using deploy::Ability;
using deploy::BackendRow;
using deploy::BackendWish;
using deploy::SwitchAction;
using deploy::Tool;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* k_path = "/nix/store/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-nixos-system-web1";

std::string answers(const std::string& file) {
    return read_file(std::string(LOCKSTEP_TEST_DATA) + "/backends/" + file + ".txt");
}

deploy::ForeignSwitch wish_of(SwitchAction action) {
    deploy::ForeignSwitch wish;
    wish.node = "web1";
    wish.attribute = "web1";
    wish.flake = "git+file:///srv/fleet?rev=c0ffee&ref=HEAD";
    wish.path = k_path;
    wish.action = action;
    wish.target.host = "10.0.0.1";
    wish.target.user = "deploy";
    wish.target.become = "sudo -n";
    wish.ssh_config = "/tmp/lockstep-ssh/web1.conf";
    wish.room = "/run/lockstep/run-1-foreign";
    wish.may_return = true;
    return wish;
}

std::string text_of(const Command& command) {
    std::string text;
    for (const auto& [name, value] : command.env_set) text += name + "=" + value + "\n";
    for (const auto& word : command.argv) text += "  " + word + "\n";
    return text;
}

struct Version {
    const char* backend;
    const char* version;
};

class BackendCommands : public ::testing::TestWithParam<Version> {};

TEST_P(BackendCommands, AreTheseForThisVersion) {
    const auto& row = *deploy::find_backend(GetParam().backend);
    const auto tool = deploy::parse_tool(answers(std::string(GetParam().backend) + "-" + GetParam().version));
    EXPECT_TRUE(deploy::check_tool(row, tool).ok());
    std::string text;
    nix::Setup setup;
    setup.version = nix::parse_version("nix (Nix) 2.26.3").value();
    text += "foresee\n" + text_of(row.foresee(setup, wish_of(SwitchAction::switch_to)));
    for (const auto& [name, action, ability] :
         {std::tuple{"switch", SwitchAction::switch_to, Ability::switch_live},
          std::tuple{"test", SwitchAction::test, Ability::test}, std::tuple{"boot", SwitchAction::boot, Ability::boot}})
        if (row.can(ability, tool)) text += std::string(name) + "\n" + text_of(row.activate(tool, wish_of(action)));
    expect_golden(std::string("backends/") + GetParam().backend + "-" + GetParam().version + ".txt", text);
}

INSTANTIATE_TEST_SUITE_P(Versions, BackendCommands,
                         ::testing::Values(Version{"colmena", "0.4.0"}, Version{"colmena", "0.5.0-pre"},
                                           Version{"deploy-rs", "2021-06"}, Version{"deploy-rs", "2023-11"},
                                           Version{"deploy-rs", "2025-12"}, Version{"nixos-rebuild", "24.05"},
                                           Version{"nixos-rebuild", "25.05"}, Version{"nixos-rebuild", "26.05"}),
                         [](const auto& each) {
                             auto name = std::string(each.param.backend) + "_" + each.param.version;
                             std::replace_if(
                                 name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                             return name;
                         });

TEST(Backends, EmbeddedIsTheFirstAndNamesAreFound) {
    EXPECT_EQ(deploy::backends().front().name, "embedded");
    EXPECT_FALSE(deploy::backends().front().foreign());
    for (const auto& row : deploy::backends()) EXPECT_EQ(deploy::find_backend(row.name), &row);
    EXPECT_EQ(deploy::find_backend("nixops"), nullptr);
}

TEST(Backends, ForeignProgramsAskNobodyAndAreGivenOurKeysOnly) {
    for (const auto& row : deploy::backends()) {
        if (!row.foreign()) continue;
        const auto text = text_of(row.activate({}, wish_of(SwitchAction::switch_to)));
        EXPECT_THAT(text, HasSubstr("GIT_TERMINAL_PROMPT=0")) << row.name;
        EXPECT_THAT(text, HasSubstr("/tmp/lockstep-ssh/web1.conf")) << row.name;
        EXPECT_THAT(text, Not(HasSubstr("--reboot"))) << "waits for ever";
        EXPECT_THAT(text, Not(HasSubstr("streaming"))) << row.name;
    }
}

TEST(Backends, DeployRsGoesBackByItselfOnlyWhereThatLeadsToTheRecordedSystem) {
    const auto& row = *deploy::find_backend("deploy-rs");
    const auto tool = deploy::parse_tool(answers("deploy-rs-2025-12"));
    auto wish = wish_of(SwitchAction::switch_to);
    EXPECT_THAT(text_of(row.activate(tool, wish)), HasSubstr("--magic-rollback\n  true"));
    wish.may_return = false;
    EXPECT_THAT(text_of(row.activate(tool, wish)),
                AllOf(HasSubstr("--magic-rollback\n  false"), HasSubstr("--auto-rollback\n  false")));
    wish.may_return = true;
    wish.action = SwitchAction::boot;
    EXPECT_THAT(text_of(row.activate(tool, wish)), AllOf(HasSubstr("--magic-rollback\n  false"), HasSubstr("--boot")));
}

TEST(Backends, APathThatIsNoPathIsNotForeseen) {
    EXPECT_EQ(deploy::parse_foreseen(std::string("\"") + k_path + "\"\n"), k_path);
    EXPECT_EQ(deploy::parse_foreseen(std::string(k_path) + "\n"), k_path);
    for (const char* text : {"", "\"\"", "null", "/etc/passwd", "/nix/store/x; reboot", "/nix/store/../../bin/sh"})
        EXPECT_EQ(deploy::parse_foreseen(text), std::nullopt) << text;
}

TEST(Backends, FlagsAreWordsOfTheHelp) {
    const auto tool = deploy::parse_tool("prog 1.2\n  -x, --one-flag <V>  text --two\n[--three] a--four -- --5\n");
    EXPECT_EQ(tool.version, "prog 1.2");
    EXPECT_THAT(tool.flags, ::testing::ElementsAre("--one-flag", "--three", "--two"));
}

TEST(Backends, AProgramThatIsTooOldIsRefused) {
    const auto& colmena = *deploy::find_backend("colmena");
    const auto old = deploy::check_tool(colmena, deploy::parse_tool(answers("colmena-0.3.2")));
    ASSERT_FALSE(old.ok());
    EXPECT_THAT(old.error().what, HasSubstr("0.3.2"));
    EXPECT_THAT(old.error().why, HasSubstr("0.4"));
    EXPECT_FALSE(old.error().hint.empty());
    const auto& deploy_rs = *deploy::find_backend("deploy-rs");
    const auto other = deploy::check_tool(deploy_rs, deploy::parse_tool("deploy 3.0\n --help\n"));
    ASSERT_FALSE(other.ok());
    EXPECT_THAT(other.error().what, HasSubstr("--skip-checks"));
}

/// What is wanted so that the ability is needed; nullopt: nothing refuses it, it is told.
std::optional<BackendWish> wish_for(Ability ability) {
    BackendWish wish{.host = "web1"};
    switch (ability) {
        case Ability::switch_live:
            return wish;
        case Ability::test:
            wish.action = SwitchAction::test;
            return wish;
        case Ability::boot:
            wish.action = SwitchAction::boot;
            return wish;
        case Ability::prove_first:
            wish.prove_first = true;
            return wish;
        case Ability::own_machine:
            wish.own_machine = true;
            return wish;
        case Ability::darwin:
            wish.type = ProfileType::darwin;
            return wish;
        case Ability::home_manager:
            wish.type = ProfileType::home_manager;
            return wish;
        case Ability::reboot:
        case Ability::proved_path:
        case Ability::returns_alone:
            return std::nullopt;
    }
    return std::nullopt;
}

TEST(Backends, WhatOneCannotDoIsRefusedForEachRowOfTheTable) {
    const Tool oldest;  // knows no flag
    for (const auto& row : deploy::backends()) {
        for (const auto ability : deploy::all_abilities()) {
            const auto wish = wish_for(ability);
            if (!wish) continue;
            const auto checked = deploy::check_abilities(row, oldest, {BackendWish{.host = "db1"}, *wish});
            EXPECT_EQ(checked.ok(), row.can(ability, oldest)) << row.name << " " << static_cast<int>(ability);
            if (checked.ok()) continue;
            EXPECT_THAT(checked.error().what, HasSubstr(std::string(row.name) + " cannot deploy web1"));
            EXPECT_THAT(checked.error().why, HasSubstr("web1: " + std::string(row.name)));
            EXPECT_FALSE(checked.error().hint.empty());
        }
    }
}

TEST(Backends, HostsThatAreNoNixosHaveNoOtherActionThanSwitch) {
    const auto& row = deploy::backends().front();
    for (const auto type : {ProfileType::darwin, ProfileType::home_manager}) {
        BackendWish wish{.host = "mac", .type = type};
        EXPECT_TRUE(deploy::check_abilities(row, {}, {wish}).ok());
        wish.action = SwitchAction::boot;
        const auto boot = deploy::check_abilities(row, {}, {wish});
        ASSERT_FALSE(boot.ok());
        EXPECT_THAT(boot.error().why, HasSubstr("no other action than switch"));
        wish.action = SwitchAction::switch_to;
        wish.prove_first = true;
        EXPECT_FALSE(deploy::check_abilities(row, {}, {wish}).ok());
    }
}

TEST(Backends, AFlagGivesAnAbility) {
    const auto& row = *deploy::find_backend("deploy-rs");
    const BackendWish boot{.host = "web1", .action = SwitchAction::boot};
    EXPECT_FALSE(deploy::check_abilities(row, deploy::parse_tool(answers("deploy-rs-2021-06")), {boot}).ok());
    EXPECT_TRUE(deploy::check_abilities(row, deploy::parse_tool(answers("deploy-rs-2023-11")), {boot}).ok());
}

TEST(Backends, OtherWaysToRootThanSudoAreRefusedWhereTheProgramHasNone) {
    const BackendWish wish{.host = "web1", .become = "doas"};
    for (const auto& row : deploy::backends())
        EXPECT_EQ(deploy::check_abilities(row, {}, {wish}).ok(), !row.only_sudo) << row.name;
    EXPECT_TRUE(deploy::find_backend("nixos-rebuild")->only_sudo);
}

TEST(Backends, ThePlanSaysThatNobodyBringsAHostBack) {
    for (const auto& row : deploy::backends()) {
        const auto notices = deploy::backend_notices(row, {});
        if (row.foreign())
            EXPECT_THAT(notices,
                        Contains(AllOf(HasSubstr(std::string(row.name)), HasSubstr("nothing brings a host back"))));
        else
            EXPECT_TRUE(notices.empty());
    }
    const Tool newest = deploy::parse_tool(answers("nixos-rebuild-26.05"));
    EXPECT_THAT(deploy::backend_notices(*deploy::find_backend("nixos-rebuild"), newest),
                Not(Contains(HasSubstr("evaluates"))));
}

TEST(Backends, TheTableOfThePageIsTheRegistry) {
    const auto page = read_file(std::string(LOCKSTEP_SOURCE_DIR) + "/docs/DEPLOY.md");
    EXPECT_THAT(page, HasSubstr("\n" + deploy::backend_table() + "\n")) << deploy::backend_table();
}

}  // namespace
}  // namespace lockstep::test
