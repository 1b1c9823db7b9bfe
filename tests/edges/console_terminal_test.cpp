// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <utility>

#include "edges/console.hpp"
#include "edges/console_scene.hpp"
#include "lockstep/core/text.hpp"
#include "support/temp_dir.hpp"

namespace lockstep {
namespace {

using namespace test;

struct Terminal {
    explicit Terminal(unsigned short columns = 60, unsigned short rows = 24) {
        winsize size{rows, columns, 0, 0};
        int master = -1;
        EXPECT_EQ(openpty(&master, &fd, nullptr, nullptr, &size), 0);
        reader.start(master);
    }
    void resize(unsigned short columns) const {
        const winsize size{24, columns, 0, 0};
        EXPECT_EQ(ioctl(fd, TIOCSWINSZ, &size), 0);
    }
    std::string all() {
        close(fd);
        return reader.all();
    }
    int fd = -1;
    Reader reader;
};

/// The little of a terminal that the live region uses. Anything else it is sent is a failure.
struct Screen {
    explicit Screen(std::string_view bytes) {
        for (std::size_t at = 0; at < bytes.size();) at = step(bytes, at);
    }
    std::size_t step(std::string_view bytes, std::size_t at) {
        const char c = bytes[at];
        if (c == '\n') {
            returned = false;
            if (++row >= lines.size()) lines.emplace_back();
        } else if (c == '\r') {
            returned = true;
        } else if (c == '\x1b') {
            const auto end = bytes.find_first_of("ABCDEFGHJKSTfhlm", at + 2);
            const auto code = std::string(bytes.substr(at + 1, end - at));
            if (code == "[J") {
                lines.resize(row + 1);
                lines[row].clear();
            } else if (code.back() == 'A') {
                row -= static_cast<std::size_t>(std::stoi(code.substr(1)));
            } else if (code == "[?25l" || code == "[?25h") {
                cursor = code.back() == 'h';
            } else if (code != "[?2026h" && code != "[?2026l") {
                ADD_FAILURE() << "unexpected escape " << code;
            }
            return end + 1;
        } else {
            if (std::exchange(returned, false)) lines[row].clear();  // nothing of ours overwrites half a line
            lines[row] += c;
            widest = std::max(widest, columns(lines[row]));
        }
        return at + 1;
    }
    [[nodiscard]] std::string text() const { return join(lines, "\n"); }

    std::vector<std::string> lines{""};
    std::size_t row = 0, widest = 0;
    bool cursor = true, returned = false;
};

struct Live {
    explicit Live(unsigned short columns = 60, unsigned short rows = 24)
        : terminal(columns, rows), console({.fd = terminal.fd, .tty = true, .heartbeat = 0ms}, clock) {}
    Terminal terminal;
    StillClock clock;
    Console console;
};

TEST(ConsoleTerminal, LeavesTheFinishedLinesAndTheCursor) {
    Live live;
    play(live.console, live.clock);
    live.console.stop();
    const auto bytes = live.terminal.all();
    EXPECT_NE(bytes.find("\x1b[?25l"), std::string::npos);
    const Screen screen(bytes);
    EXPECT_TRUE(screen.cursor);
    test::expect_golden("console/terminal.txt", screen.text());
}

TEST(ConsoleTerminal, ShowsWhatRunsNow) {
    Live live(80);
    auto& console = live.console;
    console.on(HostsFound{{"a", "b", "c"}, 3, 2});
    console.on(host("a", HostState::cached));
    console.on(EvalStarted{"b"});
    console.on(BuildPlanned{220});
    console.on(BuildStarted{"/d1", "zlib-1.3", ""});
    console.on(BuildEnded{"/d1", "zlib-1.3", true, 1s});
    console.on(BuildEnded{"/forged", "forged", true, 1s});
    console.on(BuildStarted{"/d2", "linux-6.6", "builder1"});
    live.clock.passed += 4min;
    console.tick();
    EXPECT_EQ(Screen(live.terminal.all()).text(),
              "3 hosts, 2 evaluators, 3 build slots\n"
              "✓ a  already built\n"
              "1/3 hosts · 1 evaluating · 1 building · 1 of 220 derivations · 4 min\n"
              "  evaluating b  4 min\n"
              "  building linux-6.6 on builder1  4 min\n");
}

/// The first line of the live region.
std::string header_of(Live& live, std::size_t line) {
    live.console.tick();
    return Screen(live.terminal.all()).lines.at(line);
}

TEST(ConsoleTerminal, CountsDownToTheExpectedEnd) {
    for (const auto& [passed, wanted] :
         std::vector<std::pair<std::chrono::seconds, std::string>>{{0s, "0/2 hosts · 0 s · about 4 min left"},
                                                                   {60s, "0/2 hosts · 1 min · about 3 min left"},
                                                                   {61s, "0/2 hosts · 1 min · about 3 min left"},
                                                                   {239s, "0/2 hosts · 3 min · about 10 s left"},
                                                                   {240s, "0/2 hosts · 4 min"},
                                                                   {900s, "0/2 hosts · 15 min"}}) {
        Live live(80);
        live.console.on(HostsFound{{"a", "b"}, 0, 0});
        live.console.on(EtaChanged{4min});
        live.clock.passed += passed;
        EXPECT_EQ(header_of(live, 1), wanted);
    }
}

TEST(ConsoleTerminal, ForgetsAnEndThatNobodyKnowsAnyMore) {
    Live unknown(80), over(80);
    for (auto* live : {&unknown, &over}) {
        live->console.on(HostsFound{{"a"}, 0, 0});
        live->console.on(EtaChanged{4min});
    }
    unknown.console.on(EtaChanged{std::nullopt});
    EXPECT_EQ(header_of(unknown, 1), "0/1 hosts · 0 s");
    over.console.on(ended("prove", StageState::done));
    over.console.on(StageStarted{"land", "pushing"});
    EXPECT_EQ(header_of(over, 2), "pushing · 0 s");
}

TEST(ConsoleTerminal, CountsUnchangedHosts) {
    Live live(80);
    live.console.on(HostsFound{{"a", "b", "c"}, 0, 0});
    live.console.on(host("a", HostState::unchanged));
    live.console.on(host("b", HostState::unchanged));
    live.console.on(host("b", HostState::unchanged));
    EXPECT_EQ(header_of(live, 4), "2/3 hosts, 2 unchanged · 0 s");
}

TEST(ConsoleTerminal, CutsLinesToTheWindowAndTheListToSixLines) {
    Live live(30);
    for (int i = 0; i < 9; ++i)
        live.console.on(BuildStarted{std::to_string(i), "перевод-日本語-" + std::string(40, 'x'), ""});
    live.console.on(StageStarted{"prove", "building with a text that is much too long for the window"});
    live.console.tick();
    const Screen screen(live.terminal.all());
    EXPECT_LE(screen.widest, 29U);
    ASSERT_EQ(screen.lines.size(), 8U) << screen.text();  // header, six lines, the cursor's line
    EXPECT_EQ(screen.lines[6], "  and 4 more");
}

TEST(ConsoleTerminal, FollowsTheWindowWhenItShrinks) {
    Live live(60);
    live.console.on(StageStarted{"prove", std::string(50, 'x')});
    live.console.tick();
    live.terminal.resize(20);  // the terminal wraps the 56 columns of the header into three rows
    live.console.on(Notice{false, "done"});
    const auto bytes = live.terminal.all();
    EXPECT_NE(bytes.find("\x1b[3A\r\x1b[J"
                         "done"),
              std::string::npos)
        << bytes;
}

TEST(ConsoleTerminal, ForeignTextBringsNoEscapes) {
    Live live;
    play(live.console, live.clock, k_evil);
    live.console.on(StageStarted{"x", k_evil});
    live.console.tick();
    live.console.stop();
    auto bytes = live.terminal.all();
    for (const std::string ours : {"\x1b[?25l", "\x1b[?25h", "\x1b[?2026h", "\x1b[?2026l", "\r\x1b[J"})
        bytes = replace_all(bytes, ours, "");
    for (std::size_t at = bytes.find('\x1b'); at != std::string::npos; at = bytes.find('\x1b', at + 1))
        EXPECT_EQ(bytes.find_first_not_of("0123456789", at + 2), bytes.find('A', at)) << bytes.substr(at, 10);
    EXPECT_EQ(bytes.find("\u009b"), std::string::npos);
    EXPECT_EQ(bytes.find('\x07'), std::string::npos);
}

TEST(ConsoleTerminal, AfterStopThereAreOnlyLines) {
    Live live;
    live.console.on(StageStarted{"prove", "building"});
    live.console.tick();
    live.console.stop();
    live.console.stop();
    live.console.on(Notice{false, "later"});
    live.console.tick();
    const Screen screen(live.terminal.all());
    EXPECT_EQ(screen.text(), "later\n");
    EXPECT_TRUE(screen.cursor);
}

TEST(ConsoleTicker, DrawsBesideManyThreadsAndEndsWithStop) {
    Terminal terminal(80);
    StillClock clock;
    Console console({.fd = terminal.fd, .tty = true, .heartbeat = 20ms}, clock);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&console, t] {
            for (int i = 0; i < 50; ++i) {
                console.on(BuildStarted{std::to_string(t), "x", ""});
                console.on(host(std::to_string(t) + "-" + std::to_string(i), HostState::cached));
            }
        });
    for (auto& thread : threads) thread.join();
    console.stop();
    const Screen screen(terminal.all());
    EXPECT_EQ(screen.lines.size(), 201U);
    for (std::size_t i = 0; i + 1 < screen.lines.size(); ++i) EXPECT_TRUE(screen.lines[i].starts_with("✓ ")) << i;
    EXPECT_TRUE(screen.cursor);
}

}  // namespace
}  // namespace lockstep
