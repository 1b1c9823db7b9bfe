// SPDX-License-Identifier: MIT
// Help, man page and the published pages, against golden files and against what the man program says of them.
#include "cli/help.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::cli {
namespace {

std::size_t columns(std::string_view line) {
    std::size_t count = 0;
    for (const char c : line) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1U : 0U;
    return count;
}

void expect_narrow(std::string_view text) {
    for (const auto& line : split(text, '\n')) {
        EXPECT_LE(columns(line), 80U) << line;
        EXPECT_FALSE(line.ends_with(' ')) << "\"" << line << "\"";
    }
}

TEST(Help, Program) {
    expect_narrow(program_help());
    test::expect_golden("help/program.txt", program_help());
}

class CommandHelp : public ::testing::TestWithParam<std::string> {};

TEST_P(CommandHelp, Golden) {
    const auto text = command_help(*find_command(GetParam()));
    expect_narrow(text);
    EXPECT_LT(text.find("Examples:"), text.find("Flags:"));
    test::expect_golden("help/" + GetParam() + ".txt", text);
}

INSTANTIATE_TEST_SUITE_P(Commands, CommandHelp,
                         ::testing::Values("run", "plan", "build", "doctor", "init", "lockdiff", "schema", "resume",
                                           "status", "why", "history", "report", "unlock", "fleet", "deploy", "approve",
                                           "notify"),
                         [](const auto& row) { return row.param; });

TEST(Help, EveryCommandHasGoldenHelpAndExamplesThatParse) {
    EXPECT_EQ(command_table().size(), 17U) << "add the new command to CommandHelp";
    for (const auto& command : command_table()) {
        std::size_t examples = 0;
        for (const auto& example : example_table()) examples += example.command == command.name ? 1U : 0U;
        EXPECT_GT(examples, 0U) << command.name;
    }
    for (const auto& example : example_table()) {
        auto line = std::string(example.line.substr(
            example.line.rfind("lockstep ") == std::string_view::npos ? 0 : example.line.find("lockstep ")));
        line = replace_all(line.substr(0, line.find(" > ")), "'", "");
        auto args = words(line);
        ASSERT_EQ(args.front(), "lockstep") << example.line;
        args.erase(args.begin());
        EXPECT_TRUE(parse_options(args).ok()) << example.line;
    }
}

TEST(Help, NamesEveryExitCodeOnce) {
    const auto text = program_help();
    for (const auto& row : exit_table()) EXPECT_NE(text.find(std::string(row.doc)), std::string::npos) << row.doc;
}

TEST(ManPage, PublishedPageIsCurrent) {
    test::expect_golden("../../docs/lockstep.1", man_page());
}

TEST(ManPage, HasEveryCommandFlagAndExitCode) {
    const auto text = replace_all(man_page(), "\\-", "-");
    for (const auto& command : command_table())
        EXPECT_NE(text.find("\\fB" + std::string(command.name) + "\\fR"), std::string::npos) << command.name;
    for (const auto& option : option_table())
        EXPECT_NE(text.find("\\fB--" + std::string(option.name) + "\\fR"), std::string::npos) << option.name;
    for (const auto& row : exit_table())
        EXPECT_NE(text.find("\\fB" + std::to_string(static_cast<int>(row.code)) + "\\fR\n"), std::string::npos);
}

TEST(ManPage, RoffHasNoComplaints) {
    if (std::system("command -v groff >/dev/null 2>&1") != 0) GTEST_SKIP() << "groff is not installed";
    const test::TempDir dir;
    test::write_file(dir / "lockstep.1", man_page());
    const auto command =
        "groff -man -Tutf8 -ww -z '" + (dir / "lockstep.1").string() + "' >'" + (dir / "said").string() + "' 2>&1";
    EXPECT_EQ(std::system(command.c_str()), 0);
    EXPECT_EQ(test::read_file(dir / "said"), "");
}

TEST(ConfigReference, PublishedPageIsCurrent) {
    const std::string marker = "<!-- made from the table of keys; LOCKSTEP_UPDATE_GOLDEN=1 rewrites it -->\n\n";
    const auto page = test::read_file(std::string(LOCKSTEP_SOURCE_DIR) + "/docs/CONFIG.md");
    const auto at = page.find(marker);
    ASSERT_NE(at, std::string::npos);
    test::expect_golden("../../docs/CONFIG.md",
                        page.substr(0, at) + marker + config_reference_markdown() + "\n" + flags_markdown());
}

}  // namespace
}  // namespace lockstep::cli
