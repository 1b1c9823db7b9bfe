// SPDX-License-Identifier: MIT
// When copies to a cache start, what goes with which, and what is tried again.
#include "app/keep_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/manual_clock.hpp"
#include "fakes/scripted_processes.hpp"

namespace lockstep::test {
namespace {

using fakes::ScriptedProcesses;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Paths = std::vector<std::string>;

Paths paths_of(const Command& command) {
    const auto dashes = std::find(command.argv.begin(), command.argv.end(), "--");
    return dashes == command.argv.end() ? Paths{} : Paths(dashes + 1, command.argv.end());
}

bool is_signing(const Command& command) {
    return std::find(command.argv.begin(), command.argv.end(), "sign") != command.argv.end();
}

class CacheCopierTest : public ::testing::Test {
protected:
    std::shared_ptr<CacheCopier> copier(CacheTarget target = {.to = "file:///srv/cache"}) {
        return std::make_shared<CacheCopier>(std::move(target), processes, clock);
    }
    std::vector<Paths> copies() {
        std::vector<Paths> result;
        for (const auto& command : processes.commands()) result.push_back(paths_of(command));
        return result;
    }

    ScriptedProcesses processes;
    fakes::ManualClock clock;
};

TEST_F(CacheCopierTest, WhatComesDuringACopyGoesTogetherWithTheNext) {
    processes.held = true;
    const auto cache = copier();
    cache->add({"/s/a"});
    cache->add({"/s/b", "/s/a"});
    cache->add({"/s/c"});
    EXPECT_THAT(copies(), ElementsAre(Paths{"/s/a"}));
    ASSERT_TRUE(processes.end_next());
    EXPECT_THAT(copies(), ElementsAre(Paths{"/s/a"}, Paths{"/s/b", "/s/c"}));
    ASSERT_TRUE(processes.end_next());
    const auto outcome = cache->finish(false);
    EXPECT_EQ(outcome.copied, 3u);
    EXPECT_EQ(outcome.processes, 2);
    EXPECT_EQ(copy_warning(outcome, "file:///srv/cache"), "");
}

TEST_F(CacheCopierTest, HostsOfARedRunStayAtHomeWhenAskedTo) {
    const auto red = copier({.to = "file:///c", .only_if_green = true});
    red->add({"/s/a"});
    EXPECT_EQ(red->finish(false), CopyOutcome{});
    EXPECT_THAT(copies(), IsEmpty());
    const auto green = copier({.to = "file:///c", .only_if_green = true});
    green->add({"/s/a"});
    EXPECT_THAT(copies(), IsEmpty());
    EXPECT_EQ(green->finish(true).copied, 1u);
    EXPECT_THAT(copies(), ElementsAre(Paths{"/s/a"}));
}

TEST_F(CacheCopierTest, AFailureIsTriedAgainAfterPauses) {
    int failures = 2;
    processes.script = [&](const Command&) {
        return failures-- > 0 ? ScriptedProcesses::fails("error: cannot connect\n") : ScriptedProcesses::Ending{};
    };
    const auto cache = copier();
    cache->add({"/s/a"});
    const auto outcome = cache->finish(true);
    EXPECT_EQ(outcome.copied, 1u);
    EXPECT_EQ(outcome.processes, 3);
    EXPECT_EQ(outcome.why, "");
    EXPECT_THAT(clock.sleeps, ElementsAre(Millis(2000), Millis(4000)));
}

TEST_F(CacheCopierTest, ACacheThatIsDownIsLeftAloneAndNamedWithItsWords) {
    processes.script = [](const Command&) { return ScriptedProcesses::fails("error: cannot connect\n"); };
    const auto cache = copier();
    for (const auto* path : {"/s/a", "/s/b", "/s/c", "/s/d"}) cache->add({path});
    EXPECT_THAT(copies(), SizeIs(2)) << "two failures in a row are enough until the end";
    const auto outcome = cache->finish(true);
    EXPECT_THAT(outcome.failed, ElementsAre("/s/a", "/s/b", "/s/c", "/s/d"));
    EXPECT_EQ(outcome.copied, 0u);
    EXPECT_LE(outcome.processes, 5);
    EXPECT_EQ(
        copy_warning(outcome, "https://cache"),
        "4 paths could not be copied to https://cache (infrastructure: error: cannot connect); 0 paths are there");
}

TEST_F(CacheCopierTest, OneBadPathCostsTheOthersNothing) {
    processes.script = [](const Command& command) {
        const auto paths = paths_of(command);
        return std::count(paths.begin(), paths.end(), "/s/bad") > 0 ? ScriptedProcesses::fails("error: hash mismatch\n")
                                                                    : ScriptedProcesses::Ending{};
    };
    const auto cache = copier();
    cache->add({"/s/a", "/s/bad", "/s/c"});
    const auto outcome = cache->finish(true);
    EXPECT_THAT(outcome.failed, ElementsAre("/s/bad"));
    EXPECT_EQ(outcome.copied, 2u);
    EXPECT_THAT(outcome.why, HasSubstr("hash mismatch"));
}

TEST_F(CacheCopierTest, AHangingCacheIsWaitedForOnce) {
    processes.script = [](const Command&) { return ScriptedProcesses::ends(ExitStatus::Kind::timed_out); };
    const auto cache = copier({.to = "https://cache", .timeout = Millis(1000)});
    cache->add({"/s/a"});
    cache->add({"/s/b"});
    const auto outcome = cache->finish(true);
    EXPECT_THAT(outcome.failed, ElementsAre("/s/a", "/s/b"));
    EXPECT_EQ(outcome.processes, 1);
    EXPECT_FALSE(outcome.interrupted);
    EXPECT_EQ(processes.commands().front().deadline, Millis(1000));
}

TEST_F(CacheCopierTest, AnInterruptedRunCopiesNoFurther) {
    processes.script = [](const Command&) { return ScriptedProcesses::ends(ExitStatus::Kind::interrupted); };
    const auto cache = copier();
    cache->add({"/s/a"});
    const auto outcome = cache->finish(true);
    EXPECT_TRUE(outcome.interrupted);
    EXPECT_EQ(outcome.processes, 1);
    EXPECT_THAT(outcome.failed, ElementsAre("/s/a"));
}

TEST_F(CacheCopierTest, StoresThatDoNotSignGetSignedPaths) {
    const auto cache = copier({.to = "ssh-ng://host", .signing_key_file = "/k"});
    cache->add({"/s/a"});
    const auto commands = processes.commands();
    ASSERT_EQ(commands.size(), 2u);
    EXPECT_TRUE(is_signing(commands[0]));
    EXPECT_FALSE(is_signing(commands[1]));
    EXPECT_EQ(cache->finish(true).copied, 1u);

    processes.script = [](const Command& command) {
        return is_signing(command) ? ScriptedProcesses::fails("error: not trusted\n") : ScriptedProcesses::Ending{};
    };
    const auto refused = copier({.to = "ssh-ng://host", .signing_key_file = "/k"});
    refused->add({"/s/a"});
    const auto outcome = refused->finish(true);
    EXPECT_THAT(outcome.failed, ElementsAre("/s/a"));
    EXPECT_THAT(outcome.why, HasSubstr("not trusted"));
}

TEST_F(CacheCopierTest, FarTooManyPathsGoInPortions) {
    Paths many;
    for (int i = 0; i < 4500; ++i) many.push_back("/s/" + std::to_string(i));
    const auto cache = copier();
    cache->add(many);
    EXPECT_EQ(cache->finish(true).copied, many.size());
    EXPECT_THAT(copies(), ElementsAre(SizeIs(2000), SizeIs(2000), SizeIs(500)));
}

}  // namespace
}  // namespace lockstep::test
