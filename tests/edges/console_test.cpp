// SPDX-License-Identifier: MIT
#include "edges/console.hpp"

#include <gtest/gtest.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers)

#include <map>
#include <set>

#include "edges/console_scene.hpp"
#include "edges/console_words.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using namespace test;

std::string played(ConsoleOptions options, const std::string& evil = "") {
    Pipe pipe;
    StillClock clock;
    options.fd = pipe.fd;
    options.heartbeat = 0ms;
    {
        Console console(options, clock);
        play(console, clock, evil);
        console.stop();
    }
    return pipe.all();
}

TEST(ConsolePlain, TellsTheRunInLines) {
    test::expect_golden("console/plain.txt", played({}));
}

TEST(ConsolePlain, TerminalAskedToBePlainGetsTheSame) {
    EXPECT_EQ(played({.tty = true, .plain = true}), played({}));
    EXPECT_EQ(played({.tty = true, .runner = runner::Kind::other_ci}), played({}));
}

TEST(ConsolePlain, HeartbeatOnlyAfterSilence) {
    Pipe pipe;
    StillClock clock;
    Console console({.fd = pipe.fd, .heartbeat = 0ms}, clock);
    console.tick();
    clock.passed += 10min;
    console.tick();  // nothing runs: nothing to say
    console.on(StageStarted{"land", "pushing"});
    clock.passed += 29s;
    console.tick();
    clock.passed += 1s;
    console.tick();
    console.tick();
    clock.passed += 30s;
    console.tick();
    EXPECT_EQ(pipe.all(), "land: pushing\n… pushing (30 s)\n… pushing (1 min)\n");
}

TEST(ConsolePlain, HeartbeatSaysHowLongItWillTake) {
    Pipe pipe;
    StillClock clock;
    Console console({.fd = pipe.fd, .heartbeat = 0ms}, clock);
    console.on(HostsFound{{"web1"}, 0, 0});
    console.on(BuildStarted{"/d", "linux-6.6", ""});
    console.on(EtaChanged{20min});
    clock.passed += 10min;
    console.tick();
    EXPECT_EQ(pipe.all(), "1 host\n… 1 building: linux-6.6 (10 min) · 0/1 hosts · about 10 min left\n");
}

TEST(ConsoleWords, TimeLeftIsRoundedUp) {
    EXPECT_EQ(time_left(0s), "");
    EXPECT_EQ(time_left(-5s), "");
    EXPECT_EQ(time_left(1ms), "about 10 s left");
    EXPECT_EQ(time_left(10s), "about 10 s left");
    EXPECT_EQ(time_left(41s), "about 50 s left");
    EXPECT_EQ(time_left(51s), "about 1 min left");
    EXPECT_EQ(time_left(60s), "about 1 min left");
    EXPECT_EQ(time_left(61s), "about 2 min left");
    EXPECT_EQ(time_left(2h + 3min + 1s), "about 2 h 4 min left");
}

TEST(ConsolePlain, QuietTellsOnlyWarningsAndFailingHosts) {
    EXPECT_EQ(played({.quiet = true}),
              "✗ db1      a dependency failed: openssl-3.0: builder failed with exit code 1  12 s\n"
              "✗ db2      a dependency failed: openssl-3.0: builder failed with exit code 1  12 s\n"
              "! printer  cannot be built here: needs aarch64-linux  (not required)\n"
              "warning: the disk is nearly full\n"
              "verdict\n");
}

TEST(ConsolePlain, ForeignTextBringsNoEscapesAndNoLines) {
    const auto evil = played({}, k_evil);
    EXPECT_EQ(evil.find('\x1b'), std::string::npos);
    EXPECT_EQ(evil.find('\r'), std::string::npos);
    EXPECT_EQ(evil.find('\x07'), std::string::npos);
    EXPECT_EQ(evil.find("\u009b"), std::string::npos);
}

TEST(ConsolePlain, ColoursOnlyWhenAsked) {
    EXPECT_EQ(played({}).find('\x1b'), std::string::npos);
    EXPECT_NE(played({.color = true}).find("\x1b[31m✗\x1b[0m db1"), std::string::npos);
}

/// Commands that take effect: GitHub reads "::" behind blanks and "##[" anywhere, the act family both at the line
/// start.
std::map<std::string, int> effective(const std::string& log, bool github) {
    static const std::set<std::string> known = {"add-path", "set-env", "error", "group", "endgroup", "stop-commands"};
    std::map<std::string, int> counts;
    std::string stopped;
    for (const auto& line : split(log, '\n')) {
        std::string_view text = line;
        if (github) text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        std::string name, data;
        const auto brackets = text.find("##[");
        if (text.substr(0, 2) == "::" && text.find("::", 2) != std::string_view::npos) {
            const auto end = text.find("::", 2);
            name = text.substr(2, end - 2);
            data = text.substr(end + 2);
        } else if (brackets == 0 || (github && brackets != std::string_view::npos)) {
            name = text.substr(brackets + 3, text.find(']', brackets) - brackets - 3);
        }
        name = name.substr(0, name.find(' '));
        if (!stopped.empty()) {
            if (name == stopped) stopped.clear();
            continue;
        }
        if (known.count(name) == 0) continue;
        if (name == "stop-commands") stopped = data;
        ++counts[name];
    }
    EXPECT_EQ(stopped, "");
    return counts;
}

TEST(ConsoleActions, ForeignTextIsNeverACommand) {
    const std::map<std::string, int> ours = {{"group", 2}, {"endgroup", 2}, {"stop-commands", 1}};
    for (const auto kind : {runner::Kind::github, runner::Kind::gitea, runner::Kind::forgejo})
        for (const bool color : {false, true})
            for (const std::string evil :
                 {"", "\n::add-path::/evil", "##[add-path]/evil", "\r##[set-env name=A]b", k_evil.c_str()}) {
                const auto log = played({.tty = true, .color = color, .runner = kind}, evil);
                EXPECT_EQ(effective(log, true), ours) << log;
                EXPECT_EQ(effective(log, false), ours) << log;
            }
}

TEST(ConsoleActions, BlocksOfOurOwnAreSplitToo) {
    Pipe pipe;
    const StillClock clock;
    Console console({.fd = pipe.fd, .runner = runner::Kind::github, .heartbeat = 0ms}, clock);
    console.foreign("  ::add-path::/evil\ntable ##[error]x");
    EXPECT_EQ(pipe.all(), "  : :add-path::/evil\ntable # #[error]x\n");
}

TEST(ConsoleActions, EveryTailHasATokenOfItsOwn) {
    Pipe pipe;
    const StillClock clock;
    Console console({.fd = pipe.fd, .runner = runner::Kind::github, .heartbeat = 0ms}, clock);
    console.on(host("a", HostState::failed, {"one"}));
    console.on(host("b", HostState::failed, {"two"}));
    std::set<std::string> tokens;
    for (const auto& line : lines_of(pipe.all()))
        if (line.starts_with("::stop-commands::")) tokens.insert(line.substr(17));
    ASSERT_EQ(tokens.size(), 2U);
    for (const auto& token : tokens) EXPECT_EQ(token.size(), 32U);
}

TEST(ConsoleOutputTest, ReaderThatIsGoneEndsNothing) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    ConsoleOutput output(ends[1]);
    output.write("nobody\n");
    output.write("reads\n");
    sigset_t pending;
    sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
    close(ends[1]);
}

TEST(ConsoleOutputTest, ReaderThatDoesNotReadLosesTextButNotTheNextLine) {
    int ends[2];
    ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
    ConsoleOutput output(ends[1]);
    output.write(std::string(1 << 20, 'x'), 1ms);  // more than a pipe holds: returns although nobody reads
    output.write("lost\n", 1ms);
    std::string buffer(2 << 20, '\0');
    EXPECT_GT(read(ends[0], buffer.data(), buffer.size()), 0);
    output.write("seen\n", 1ms);
    close(ends[1]);
    const auto got = read(ends[0], buffer.data(), buffer.size());
    close(ends[0]);
    ASSERT_GT(got, 0);
    EXPECT_EQ(buffer.substr(0, static_cast<std::size_t>(got)), "\nseen\n");
}

TEST(ConsoleWords, StagesSayHowTheyEnded) {
    const Paint paint(false);
    EXPECT_EQ(stage_end_line(ended("land", StageState::done), paint), "land: done (1 min 5 s)");
    EXPECT_EQ(stage_end_line(ended("land", StageState::skipped), paint), "land: skipped");
    EXPECT_EQ(stage_end_line(ended("land", StageState::failed, "no\nway"), paint), "land: failed (1 min 5 s): no way");
    auto event = ended("land", StageState::done);
    event.text = "main is at 1234";
    EXPECT_EQ(stage_end_line(event, paint), "land: main is at 1234 (1 min 5 s)");
}

TEST(ConsoleColor, FollowsTheConventions) {
    const auto color = [](std::string_view when, bool tty, const std::map<std::string, std::string>& env) {
        return use_color(when, tty, [&](const char* name) {
            const auto found = env.find(name);
            return found == env.end() ? std::string() : found->second;
        });
    };
    EXPECT_TRUE(color("auto", true, {}));
    EXPECT_FALSE(color("auto", false, {}));
    EXPECT_TRUE(color("always", false, {{"NO_COLOR", "1"}}));
    EXPECT_FALSE(color("never", true, {{"CLICOLOR_FORCE", "1"}}));
    EXPECT_FALSE(color("auto", true, {{"NO_COLOR", "1"}}));
    EXPECT_FALSE(color("auto", true, {{"NO_COLOR", "1"}, {"CLICOLOR_FORCE", "1"}}));
    EXPECT_TRUE(color("auto", true, {{"NO_COLOR", ""}}));
    EXPECT_TRUE(color("auto", false, {{"CLICOLOR_FORCE", "1"}}));
    EXPECT_FALSE(color("auto", false, {{"CLICOLOR_FORCE", "0"}}));
    EXPECT_FALSE(color("auto", true, {{"TERM", "dumb"}}));
    EXPECT_FALSE(color("auto", true, {{"CLICOLOR", "0"}}));
}

}  // namespace
}  // namespace lockstep
