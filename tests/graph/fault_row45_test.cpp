// SPDX-License-Identifier: MIT
// Row 45: a hook that hangs, floods, or leaves a daemon is held by the limits that builders have.
#include <gmock/gmock.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill

#include "edges/dir_run_store.hpp"
#include "edges/supervisor.hpp"
#include "edges/system_clock.hpp"
#include "lockstep/app/hooks.hpp"
#include "support/prove_bench.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr milliseconds k_soon{300};

struct FaultRow45 : ::testing::Test {
    Hooks hooks(HookPoint point, std::vector<std::string> lines) {
        wishes.lines[point] = std::move(lines);
        return Hooks(wishes, {.run = "run-1", .command = "deploy", .commit = "c0ffee"},
                     {supervisor, *store, clock, events});
    }
    [[nodiscard]] std::string log(const std::string& name) const {
        return read_file(dir / "run/hooks" / (name + ".log"));
    }
    /// The process id that a hook wrote down.
    [[nodiscard]] pid_t pid_in(const std::string& name) const { return std::stoi(read_file(dir / name)); }
    [[nodiscard]] std::vector<std::string> notices() const {
        std::vector<std::string> texts;
        for (const auto& event : events.events())
            if (const auto* notice = std::get_if<Notice>(&event)) texts.push_back(notice->text);
        return texts;
    }
    static bool lives(pid_t pid) { return kill(pid, 0) == 0; }

    TempDir dir;
    SystemClock clock;
    RecordingSink events;
    std::unique_ptr<DirRunStore> store = DirRunStore::create(dir / "run", "run-1", clock).value();
    Supervisor supervisor{{"PATH=/usr/bin:/bin", "DIR=" + dir.path().string(), "LOCKSTEP_WAVE=of another run"}};
    HookWishes wishes;
};

TEST_F(FaultRow45, AHookThatHangsIsEndedWithItsChildrenByTheDeadline) {
    wishes.timeout = k_soon;
    auto hanging =
        hooks(HookPoint::before_run,
              {"trap '' TERM; sleep 1000 & echo $! > $DIR/child; echo $$ > $DIR/self; echo begun; wait; wait"});
    const auto no = hanging.before(hanging.facts(HookPoint::before_run));
    ASSERT_TRUE(no);
    EXPECT_THAT(*no, HasSubstr("hook before_run took longer than 300ms and was ended"));
    EXPECT_THAT(*no, HasSubstr("(hooks/before_run.log)"));
    EXPECT_FALSE(lives(pid_in("child")));
    EXPECT_FALSE(lives(pid_in("self")));
    EXPECT_THAT(log("before_run"), HasSubstr("begun\n"));
    EXPECT_THAT(log("before_run"), EndsWith("took longer than 300ms and was ended\n"));
}

TEST_F(FaultRow45, AHookThatFloodsIsCapped) {
    wishes.log_limit = 64 << 10;
    auto flood = hooks(HookPoint::before_run, {"head -c 30000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 3"});
    const auto no = flood.before(flood.facts(HookPoint::before_run));
    ASSERT_TRUE(no);
    EXPECT_THAT(*no, HasSubstr("hook before_run exited with code 3: the end (hooks/before_run.log)"));
    EXPECT_LT(no->size(), 500U);
    EXPECT_LE(std::filesystem::file_size(dir / "run/hooks/before_run.log"), 66U << 10);
    EXPECT_THAT(log("before_run"), HasSubstr("the end\n"));
}

TEST_F(FaultRow45, ADaemonThatKeepsThePipeOpenHoldsNobodyUp) {
    auto daemon =
        hooks(HookPoint::before_run, {"sleep 1000 & echo $! > $DIR/kept; setsid sleep 1000 & echo $! > $DIR/away"});
    EXPECT_EQ(daemon.before(daemon.facts(HookPoint::before_run)), std::nullopt);
    EXPECT_FALSE(lives(pid_in("kept")));
    EXPECT_THAT(notices(), ::testing::ElementsAre(HasSubstr("hook before_run: it left processes behind")));
}

TEST_F(FaultRow45, AHookThatDoesNotReadWhatItIsToldIsNoTrouble) {
    auto deaf = hooks(HookPoint::before_wave, {"exec <&-; true"});
    auto facts = deaf.facts(HookPoint::before_wave);
    facts.hosts.assign(20'000, "a-host-of-many");
    EXPECT_EQ(deaf.before(facts), std::nullopt);
}

TEST_F(FaultRow45, AHookReadsWhatItIsAbout) {
    wishes.lines[HookPoint::after_host] = {"cat > $DIR/json", "env | sort > $DIR/env"};
    auto one = hooks(HookPoint::before_host, {});
    auto facts = one.facts(HookPoint::after_host);
    facts.host = "web1";
    facts.address = "10.0.0.1";
    facts.user = "deploy";
    facts.outcome = "confirmed";
    one.after(facts);
    EXPECT_EQ(read_file(dir / "json"),
              R"({"schema":"lockstep-hook/1","hook":"after_host","run":"run-1","command":"deploy","commit":"c0ffee",)"
              R"("host":"web1","address":"10.0.0.1","user":"deploy","outcome":"confirmed"})"
              "\n");
    for (const std::string line : {"FLEET_NODE=web1\n", "FLEET_HOST=10.0.0.1\n", "FLEET_USER=deploy\n",
                                   "LOCKSTEP_RUN=run-1\n", "LOCKSTEP_COMMIT=c0ffee\n", "LOCKSTEP_HOOK=after_host\n"})
        EXPECT_THAT(read_file(dir / "env"), HasSubstr(line));
    EXPECT_THAT(read_file(dir / "env"), Not(HasSubstr("LOCKSTEP_WAVE")));
}

TEST_F(FaultRow45, NothingOfAHostBecomesPartOfTheCommandLine) {
    auto hook = hooks(HookPoint::before_host, {"echo \"[$FLEET_NODE] $# $0\""});
    auto facts = hook.facts(HookPoint::before_host);
    facts.host = "$(touch $DIR/made); `touch $DIR/made` \"'";
    EXPECT_EQ(hook.before(facts), std::nullopt);
    EXPECT_FALSE(std::filesystem::exists(dir / "made"));
    EXPECT_EQ(hook_command("line", facts, milliseconds(1)).argv,
              (std::vector<std::string>{"/bin/sh", "-c", "line", "lockstep-hook"}));
}

TEST_F(FaultRow45, BeforeSomethingTheFirstThatFailsIsTheLastUnlessItOnlyWarns) {
    const std::vector<std::string> lines{"echo 1 >> $DIR/trace", "echo 2 >> $DIR/trace; false", "echo 3 >> $DIR/trace"};
    auto stops = hooks(HookPoint::before_run, lines);
    EXPECT_TRUE(stops.before(stops.facts(HookPoint::before_run)));
    EXPECT_EQ(read_file(dir / "trace"), "1\n2\n");
    EXPECT_EQ(stops.words(), "2 hooks run, 1 of them failed");
    EXPECT_THAT(notices(), IsEmpty());
    std::filesystem::remove(dir / "trace");
    wishes.stop = false;
    auto warns = hooks(HookPoint::before_run, lines);
    EXPECT_EQ(warns.before(warns.facts(HookPoint::before_run)), std::nullopt);
    EXPECT_EQ(read_file(dir / "trace"), "1\n2\n3\n");
    EXPECT_THAT(notices(), SizeIs(1));
}

TEST_F(FaultRow45, AfterSomethingEachIsRunWhateverBecameOfTheOthers) {
    auto after = hooks(HookPoint::after_run, {"false", "echo 2 >> $DIR/trace", "exit 9"});
    after.after(after.facts(HookPoint::after_run));
    EXPECT_EQ(read_file(dir / "trace"), "2\n");
    EXPECT_EQ(after.failed(), 2U);
    EXPECT_THAT(notices(), SizeIs(2));
}

}  // namespace
}  // namespace lockstep::test
