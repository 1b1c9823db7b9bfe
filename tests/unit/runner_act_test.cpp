// SPDX-License-Identifier: MIT
// Our log lines through the act family's own expressions, and what the runner adapter promises beyond them.
#include <gtest/gtest.h>

#include <random>
#include <regex>
#include <set>

#include "lockstep/adapters/runner.hpp"
#include "lockstep/core/text.hpp"
#include "support/utf8.hpp"

namespace lockstep::runner {
namespace {

const std::string k_token = "0123456789abcdef0123456789abcdef";

/// Commands that take effect, as act's command handler finds them: both expressions are its own, and they are greedy.
std::vector<std::string> act_commands(const std::string& log) {
    static const std::regex colons("^::([^ ]+)( .+)?::([^\r\n]*)[\r\n]*$");
    static const std::regex brackets("^##\\[([^ ]+)( .+)?\\]([^\r\n]*)[\r\n]*$");
    static const std::set<std::string> known = {"set-env",    "set-output",  "add-path",      "debug", "warning",
                                                "error",      "add-mask",    "stop-commands", "group", "endgroup",
                                                "save-state", "add-matcher", "notice",        "echo"};
    std::vector<std::string> names;
    std::string resume;
    for (const auto& line : split(log, '\n')) {
        std::smatch match;
        if (!std::regex_match(line, match, colons) && !std::regex_match(line, match, brackets)) continue;
        const auto name = match[1].str();
        if (!resume.empty()) {
            if (name == resume) resume.clear();
            continue;
        }
        if (known.count(name) == 0) continue;
        if (name == "stop-commands") resume = match[3].str();
        names.push_back(name);
    }
    EXPECT_EQ(resume, "") << "commands stay off";
    return names;
}

std::vector<std::string> corpus() {
    std::vector<std::string> texts = {
        "::set-env name=PATH::/evil",
        "::stop-commands::x\n::x::\n::add-path::/evil",
        "##[add-path]/evil",
        "x\r::add-path::/evil\r",
        "\u2028::add-path::/evil\u2029\u0085::add-path::/evil",
        "a::b set-env::c\n::group::set-env name=A::b",
        "::" + k_token + "::\n::add-path::/evil",
        "##[" + k_token + "]\n::add-path::/evil",
        "::0123456789ABCDEF0123456789ABCDEF::\n::add-path::/evil",
    };
    std::mt19937 random(7);
    const std::vector<std::string> pieces = {"::",       "##[",   "]",      "\n", "\r", " ",
                                             "add-path", k_token, "\x1b[m", ":",  "x"};
    for (int i = 0; i < 1000; ++i) {
        std::string text;
        for (int n = 0; n < 10; ++n) text += pieces[random() % pieces.size()];
        texts.push_back(text + test::hostile_bytes(random, 4));
    }
    return texts;
}

TEST(RunnerAct, ForeignTextIsNeverACommand) {
    for (const auto& text : corpus()) {
        ASSERT_EQ(act_commands("before\n" + foreign_block(text, k_token) + "after\n"),
                  std::vector<std::string>{"stop-commands"})
            << text;
        ASSERT_TRUE(act_commands(harmless(text) + "\n").empty()) << text;
    }
}

TEST(RunnerAct, DataOfOurCommandsNamesNoOther) {
    for (const auto& text : corpus())
        for (const auto& name :
             act_commands(command("error", {{"title", text}}, text) + "\n" + group_start(text) + "\n"))
            ASSERT_TRUE(name == "error" || name == "group") << name << " from " << text;
}

TEST(RunnerForeignBlock, DropsTheTokenInAnyCase) {
    const auto block = foreign_block("one\nx ::0123456789ABCDEF0123456789abcdef:: y\ntwo", k_token);
    EXPECT_EQ(block, "::stop-commands::" + k_token + "\none\ntwo\n::" + k_token + "::\n");
}

TEST(RunnerSplitCommands, KeepsColoursAndSplitsCommands) {
    EXPECT_EQ(split_commands("\x1b[31m✗\x1b[0m web1 ##[error]\n ::add-path::x\nstd::string"),
              "\x1b[31m✗\x1b[0m web1 # #[error]\n : :add-path::x\nstd::string");
}

TEST(RunnerOutputValues, NameTheRunDirectory) {
    const auto value = [](std::string_view path) {
        for (const auto& [name, text] : output_values({}, path))
            if (name == "run_dir") return text;
        return std::string("missing");
    };
    EXPECT_EQ(value("/state/runs/7/report.json"), "/state/runs/7");
    EXPECT_EQ(value("report.json"), "");
    EXPECT_EQ(value(""), "");
}

TEST(RunnerPrivateVariables, AskPassProgramsAndTokenLists) {
    for (const char* name :
         {"GIT_ASKPASS", "SSH_ASKPASS", "NIX_ACCESS_TOKENS", "OPENAI_API_KEY", "FORGEJO_STEP_SUMMARY"})
        EXPECT_TRUE(is_private_variable(name)) << name;
    for (const char* name : {"LOCKSTEP_TEST_TOKEN", "GIT_AUTHOR_NAME", "GIT_COMMITTER_EMAIL", "GIT_SSH_COMMAND",
                             "SSH_AUTH_SOCK", "NIX_PATH", "NIX_CONFIG", "XDG_RUNTIME_DIR", "GITHUB_WORKSPACE"})
        EXPECT_FALSE(is_private_variable(name)) << name;
}

}  // namespace
}  // namespace lockstep::runner
