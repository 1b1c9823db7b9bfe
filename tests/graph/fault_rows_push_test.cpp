// SPDX-License-Identifier: MIT
// Fault table, rows 20 and 21: the push that moves base, broken at any byte in either direction. A run tells `landed`
// exactly when base is at its commit, and otherwise nothing that is not true.
// LOCKSTEP_PUSH_STEP=n tries every nth byte (scripts/fault-sweep); by default few are.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "graph/fault_rig.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::test {
namespace {

using fakes::Passage;
using fakes::Traffic;
using fakes::Way;

/// How long the trouble lasts.
enum class Until {
    one_connection,  ///< the first connection of the push; git or lockstep may connect again
    the_push,        ///< every connection of the push; then the network is back
    the_end,         ///< every connection of the push; and from then on nobody can be reached
    the_end_at_once  ///< the first connection of the push; and from then on nobody can be reached
};
const char* word(Until until) {
    switch (until) {
        case Until::one_connection:
            return "one connection";
        case Until::the_push:
            return "the push";
        case Until::the_end:
            return "the end";
        case Until::the_end_at_once:
            break;
    }
    return "the end at once";
}
bool for_ever(Until until) {
    return until == Until::the_end || until == Until::the_end_at_once;
}

class PushSweep {
public:
    PushSweep() : machine_(remote_.dir() / "machine", remote_) {}

    /// Bytes of a push that nobody disturbs, up and down.
    Traffic measure() {
        std::size_t before = 0, after = 0;
        machine_.runner().before_push = [&](Command&) { before = remote_.proxy().connections().size(); };
        machine_.runner().after_push = [&](const ExitStatus&) { after = remote_.proxy().connections().size(); };
        EXPECT_EQ(machine_.run().ending.outcome, Outcome::landed);
        EXPECT_EQ(after, before + 1) << "a push takes one connection";
        EXPECT_TRUE(remote_.proxy().await([&](const auto& all) { return all.at(before).over; }));
        remote_.restore();
        return remote_.proxy().connections().at(before);
    }

    /// One run whose first push meets `passage`; checks what must hold of it.
    void strike(const Passage& passage, Until until, std::optional<std::chrono::milliseconds> deadline = std::nullopt) {
        auto& proxy = remote_.proxy();
        bool armed = true;
        machine_.runner().before_push = [&](Command& push) {
            ASSERT_TRUE(push.deadline) << "git has no time limit of its own";
            if (!std::exchange(armed, false)) return;
            if (deadline) push.deadline = deadline;
            const bool alone = until == Until::one_connection || until == Until::the_end_at_once;
            proxy.plan(!alone ? passage : for_ever(until) ? Passage::refuse() : Passage{});
            if (alone) proxy.plan_next(passage);
        };
        machine_.runner().after_push = [&](const ExitStatus& status) {
            timed_out_ += status.kind == ExitStatus::Kind::timed_out ? 1 : 0;
            proxy.plan(for_ever(until) && !armed ? Passage::refuse() : Passage{});
        };
        const auto report = machine_.run();
        proxy.plan({});
        machine_.runner().before_push = nullptr;
        machine_.runner().after_push = nullptr;
        check(report);
        converge(report);
        remote_.restore();
    }

    std::map<std::string, int> endings;
    [[nodiscard]] int timed_out() const { return timed_out_; }
    [[nodiscard]] FaultRemote& remote() { return remote_; }

private:
    /// The allowed end states, and no others.
    void check(const RunReport& report) {
        const auto how = how_it_ended(report);
        const auto tip = remote_.tip();
        const auto& candidate = report.repo.candidate_commit;
        ASSERT_FALSE(candidate.empty()) << how;
        EXPECT_TRUE(tip == remote_.first() || tip == candidate) << "base is at " << tip << "; " << how;
        const bool there = tip == candidate;
        if (report.ending.outcome == Outcome::landed) {
            EXPECT_EQ(report.ending.exit, ExitCode::ok) << how;
            EXPECT_TRUE(there) << "told as landed, and is not: " << how;
            EXPECT_EQ(report.repo.base_after, candidate);
            ++endings["landed"];
            return;
        }
        EXPECT_EQ(report.ending.outcome, Outcome::stopped) << how;
        EXPECT_EQ(report.ending.exit, ExitCode::infrastructure) << how;
        EXPECT_NE(report.repo.base_after, candidate) << how;
        EXPECT_FALSE(report.ending.next_action.empty());
        const bool says_unknown = report.ending.reason.find("unknown") != std::string::npos;
        if (there) {
            EXPECT_TRUE(says_unknown) << "it landed, and the report denies it: " << how;
        }
        ++endings[std::string("infrastructure, ") + (says_unknown ? "told as unknown" : "told as not pushed") +
                  (there ? ", is there" : ", is not there")];
    }

    /// The next run, over a sound network, ends with base one proved commit ahead, whatever became of the push.
    void converge(const RunReport& report) {
        if (report.ending.outcome == Outcome::landed) return;
        const bool there = remote_.tip() != remote_.first();
        const auto again = machine_.run();
        EXPECT_EQ(again.ending.outcome, there ? Outcome::unchanged : Outcome::landed) << how_it_ended(again);
        EXPECT_EQ(remote_.since(remote_.first()).size(), 1U);
    }

    FaultRemote remote_;
    Machine machine_;
    int timed_out_ = 0;
};

std::uint64_t step() {
    const char* text = std::getenv("LOCKSTEP_PUSH_STEP");
    return text == nullptr ? 0 : std::strtoull(text, nullptr, 10);
}

/// Every nth byte; by default every 400th and the edges.
std::set<std::uint64_t> places(std::uint64_t total) {
    std::set<std::uint64_t> all{0, 1, total - 1, total};
    for (std::uint64_t at = 0; at<total; at += step()> 0 ? step() : 400) all.insert(at);
    return all;
}

void tell(const std::string& what, int runs, const PushSweep& sweep) {
    if (step() == 0) return;
    std::printf("%s: %d runs", what.c_str(), runs);
    for (const auto& [how, count] : sweep.endings) std::printf("; %s: %d", how.c_str(), count);
    std::printf("\n");
    std::fflush(stdout);
}

class FaultRow20 : public ::testing::TestWithParam<Until> {};

TEST_P(FaultRow20, PushCutAnywhereEndsInAnAllowedState) {
    PushSweep sweep;
    const auto whole = sweep.measure();
    ASSERT_GT(whole.up, 500U);
    ASSERT_GT(whole.down, 500U);
    int runs = 0;
    for (const bool reset : {false, true})
        for (const Way way : {Way::up, Way::down})
            for (const auto at : places(way == Way::up ? whole.up : whole.down)) {
                if (reset && step() == 0 && at % 400 != 0) continue;
                SCOPED_TRACE(std::string(way == Way::up ? "up " : "down ") + std::to_string(at) +
                             (reset ? " reset, until " : " closed, until ") + word(GetParam()));
                // Up: at the very byte, so that the server may still be at work when the answer is lost. Down: only
                // when there is a byte that the client will not get, so that the work is done.
                sweep.strike(way == Way::up ? Passage::cut_at(way, at, reset) : Passage::cut_beyond(way, at, reset),
                             GetParam());
                ++runs;
                if (::testing::Test::HasFailure()) return;
            }
    EXPECT_GT(sweep.endings["landed"], 0);
    if (for_ever(GetParam())) {
        EXPECT_GT(sweep.endings["infrastructure, told as unknown, is there"], 0) << "the sweep met no lost answer";
        EXPECT_GT(sweep.endings["infrastructure, told as unknown, is not there"], 0);
    }
    EXPECT_EQ(sweep.remote().bare().try_git({"fsck", "--strict"}).status, 0);
    tell("cut of " + std::to_string(whole.up) + " bytes up, " + std::to_string(whole.down) + " down, until " +
             word(GetParam()),
         runs, sweep);
}

INSTANTIATE_TEST_SUITE_P(Network, FaultRow20,
                         ::testing::Values(Until::one_connection, Until::the_push, Until::the_end,
                                           Until::the_end_at_once),
                         [](const auto& one) { return replace_all(word(one.param), " ", "_"); });

// libcurl sends the push again when the connection ended without an answer; the lease then refuses what is there.
TEST(FaultRow20Scenes, PushThatWasSentTwiceAndBuiltUponHasLanded) {
    FaultRemote remote;
    Machine machine(remote.dir() / "machine", remote);
    auto& faults = remote.server().faults();
    faults.on("POST", "/git-receive-pack$", fakes::fault::cut_after_work());
    faults.on("POST", "/git-receive-pack$", fakes::fault::second_writer([&] {
                  remote.others_commit({{"README", "on top"}});
              }),
              {2, 1});
    const auto report = machine.run();
    ASSERT_EQ(faults.applied(), 2) << how_it_ended(report);
    EXPECT_EQ(report.ending.outcome, Outcome::landed) << how_it_ended(report);
    const auto since = remote.since(remote.first());
    ASSERT_EQ(since.size(), 2U);
    EXPECT_EQ(since.front(), report.repo.candidate_commit);
}

TEST(FaultRow21, PushThatHangsEndsByItsOwnDeadlineAndIsSettled) {
    PushSweep sweep;
    const auto whole = sweep.measure();
    int runs = 0;
    for (const Way way : {Way::up, Way::down})
        for (const Until until : {Until::the_push, Until::the_end})
            for (const auto at : places(way == Way::up ? whole.up : whole.down)) {
                if (at >= (way == Way::up ? whole.up : whole.down)) continue;  // nothing left to hold
                if (step() == 0 && at % 800 != 0 && at > 1) continue;
                SCOPED_TRACE(std::string(way == Way::up ? "up " : "down ") + std::to_string(at) + ", until " +
                             word(until));
                sweep.strike(Passage::stall(way, at), until, std::chrono::milliseconds(400));
                ++runs;
                if (::testing::Test::HasFailure()) return;
            }
    EXPECT_GE(sweep.timed_out(), runs) << "every one of them was ended by us";
    EXPECT_GT(sweep.endings["landed"], 0);
    tell("stalled", runs, sweep);
}

}  // namespace
}  // namespace lockstep::test
