// SPDX-License-Identifier: MIT
// How the roots of a run come and go; that they protect is the contract test's business.
#include "app/keep_roots.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "edges/gc_roots.hpp"
#include "fakes/registered_roots.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

using fakes::ScriptedProcesses;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Notices final : public EventSink {
public:
    void on(const Event& event) noexcept override {
        if (const auto* notice = std::get_if<Notice>(&event)) texts.push_back(notice->text);
    }
    std::vector<std::string> texts;
};

class RunRootsTest : public ::testing::Test {
protected:
    RunRootsTest() { processes.script = fakes::register_roots; }
    std::set<std::string> rooted() {
        std::set<std::string> found;
        for (const auto& [name, target] : links.links((dir / "roots").string()))
            if (target.starts_with("/s/")) found.insert(target);
        return found;
    }

    TempDir dir;
    ScriptedProcesses processes;
    DiskRootLinks links;
    Notices notices;
    std::shared_ptr<RunRoots> roots =
        std::make_shared<RunRoots>(nix::Setup{}, (dir / "roots").string(), processes, links, notices);
};

TEST_F(RunRootsTest, LinksInReserveAreUsedWithoutAProcess) {
    roots->reserve(3);
    EXPECT_THAT(processes.commands(), SizeIs(1));
    roots->add({"/s/a", "/s/b"});
    roots->add({"/s/c", "/s/a"});
    EXPECT_EQ(rooted(), (std::set<std::string>{"/s/a", "/s/b", "/s/c"}));
    EXPECT_THAT(processes.commands(), SizeIs(1));
    roots->release();
    EXPECT_FALSE(std::filesystem::exists(dir / "roots"));
    EXPECT_TRUE(notices.texts.empty());
}

TEST_F(RunRootsTest, WhatComesDuringARegistrationGoesTogetherWithTheNext) {
    processes.held = true;
    std::set<std::string> all;
    for (int i = 0; i < 40; ++i) {
        all.insert("/s/" + std::to_string(i));
        roots->add({"/s/" + std::to_string(i)});
    }
    EXPECT_EQ(roots->pending(), 40u);
    ASSERT_TRUE(processes.end_next());
    ASSERT_TRUE(processes.end_next());
    EXPECT_FALSE(processes.end_next()) << "two processes for 40 paths";
    roots->wait();
    EXPECT_EQ(rooted(), all);
    roots->release();
}

TEST_F(RunRootsTest, ManyAreRegisteredInPortions) {
    std::vector<std::string> many;
    for (int i = 0; i < 300; ++i) many.push_back("/s/" + std::to_string(i));
    roots->add(many);
    roots->wait();
    EXPECT_THAT(rooted(), SizeIs(300));
    EXPECT_THAT(processes.commands(), SizeIs(3));
    roots->release();
}

TEST_F(RunRootsTest, TroubleIsOneWarningAndTheRunGoesOn) {
    processes.script = [](const Command&) { return ScriptedProcesses::fails("error: daemon refused\n"); };
    roots->add({"/s/a"});
    roots->add({"/s/b"});
    roots->wait();
    EXPECT_EQ(roots->pending(), 1u);
    ASSERT_THAT(notices.texts, SizeIs(1));
    EXPECT_THAT(notices.texts.front(), HasSubstr("daemon refused"));
    EXPECT_THAT(processes.commands(), SizeIs(1));
    roots->release();
}

TEST_F(RunRootsTest, AFolderThatCannotBeMadeIsAWarningToo) {
    write_file(dir / "roots", "in the way");
    roots->add({"/s/a"});
    roots->wait();
    EXPECT_THAT(notices.texts, SizeIs(1));
    EXPECT_THAT(processes.commands(), SizeIs(0));
    roots->release();
    EXPECT_EQ(read_file(dir / "roots"), "in the way");
}

TEST_F(RunRootsTest, AnInterruptionIsNotTrouble) {
    processes.script = [](const Command&) { return ScriptedProcesses::ends(ExitStatus::Kind::interrupted); };
    roots->add({"/s/a"});
    roots->wait();
    roots->add({"/s/b"});
    roots->release();
    EXPECT_TRUE(notices.texts.empty());
    EXPECT_THAT(processes.commands(), SizeIs(1));
}

}  // namespace
}  // namespace lockstep::test
