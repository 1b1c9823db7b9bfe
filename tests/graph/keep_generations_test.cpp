// SPDX-License-Identifier: MIT
// Which landed generations stay, host by host.
#include "app/keep_generations.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "edges/gc_roots.hpp"
#include "fakes/registered_roots.hpp"
#include "lockstep/core/sanitize.hpp"
#include "support/temp_dir.hpp"

namespace lockstep::test {
namespace {

namespace fs = std::filesystem;
using fakes::ScriptedProcesses;
using ::testing::SizeIs;
using Names = std::vector<std::string>;

class KeepLanded : public ::testing::Test {
protected:
    KeepLanded() { processes.script = fakes::register_roots; }

    Result<void> land(const std::string& run, const std::vector<LandedHost>& hosts, int generations = 3) {
        KeepRequest request{
            .folder = (dir / "keep").string(), .run_id = run, .generations = generations, .landed = hosts};
        for (const auto& host : hosts) request.fleet.push_back(host.name);
        request.fleet.insert(request.fleet.end(), others.begin(), others.end());
        return keep_landed(request, processes, links);
    }
    /// What a garbage collection would find.
    std::set<std::string> rooted() {
        std::set<std::string> found;
        const auto slots = (dir / "keep/slots").string();
        for (const auto& folder : links.folders(slots))
            for (const auto& [name, target] : links.links(slots + "/" + folder)) found.insert(target);
        return found;
    }
    using Roots = std::set<std::string>;

    TempDir dir;
    ScriptedProcesses processes;
    DiskRootLinks links;
    Names others;
};

TEST_F(KeepLanded, TheLastGenerationsStayAndOlderOnesGo) {
    for (const auto* run : {"r1", "r2", "r3", "r4"})
        ASSERT_TRUE(land(run, {{"web", {std::string("/s/web-") + run}}, {"db", {"/s/db"}}}).ok());
    EXPECT_EQ(rooted(), (Roots{"/s/web-r2", "/s/web-r3", "/s/web-r4", "/s/db"}));
    EXPECT_THAT(links.links((dir / "keep/hosts/web").string()), SizeIs(3));
    EXPECT_THAT(links.links((dir / "keep/hosts/db").string()), SizeIs(1)) << "the same again is no generation";
    EXPECT_EQ(last_landed((dir / "keep").string(), "web", links), "/s/web-r4");
    EXPECT_EQ(last_landed((dir / "keep").string(), "nobody", links), "");
    ASSERT_TRUE(land("r5", {{"web", {"/s/web-r4"}}, {"db", {"/s/db"}}}, 1).ok());
    EXPECT_EQ(rooted(), (Roots{"/s/web-r4", "/s/db"}));
    ASSERT_TRUE(land("r6", {{"web", {"/s/web-r4"}}, {"db", {"/s/db"}}}, 0).ok());
    EXPECT_EQ(rooted(), Roots{});
    EXPECT_THAT(links.folders((dir / "keep/hosts").string()), SizeIs(0));
}

TEST_F(KeepLanded, NothingNewNeedsNoProcess) {
    ASSERT_TRUE(land("r1", {{"web", {"/s/web"}}}).ok());
    ASSERT_TRUE(land("r2", {{"web", {"/s/web"}}}).ok());
    EXPECT_THAT(processes.commands(), SizeIs(1));
    fs::remove_all(dir / "keep/slots");
    ASSERT_TRUE(land("r3", {{"web", {"/s/web"}}}).ok());
    EXPECT_EQ(rooted(), Roots{"/s/web"}) << "links that got lost come back";
}

TEST_F(KeepLanded, EveryOutputOfAHostIsKeptAndEqualOnesOnce) {
    ASSERT_TRUE(land("r1", {{"a", {"/s/a", "/s/a-lib"}}, {"b", {"/s/a"}}}).ok());
    EXPECT_EQ(rooted(), (Roots{"/s/a", "/s/a-lib"}));
    EXPECT_EQ(fakes::roots_asked_for(processes.commands().back()), 2u);
    ASSERT_TRUE(land("r2", {{"a", {"/s/a", "/s/a-lib"}}, {"b", {"/s/b"}}}).ok());
    EXPECT_THAT(links.links((dir / "keep/hosts/a").string()), SizeIs(2)) << "two outputs, one generation";
}

TEST_F(KeepLanded, HostsThatFailedThisTimeKeepTheirsAndHostsThatAreGoneDoNot) {
    ASSERT_TRUE(land("r1", {{"web", {"/s/web"}}, {"lab", {"/s/lab"}}, {"old", {"/s/old"}}}).ok());
    others = {"lab"};
    ASSERT_TRUE(land("r2", {{"web", {"/s/web2"}}}).ok());
    EXPECT_EQ(rooted(), (Roots{"/s/web", "/s/web2", "/s/lab"}));
}

TEST_F(KeepLanded, HostNamesMayBeAnything) {
    const Names names{"../../etc", "a/b", "", ".", "Web", "web", "\x1b[31m", std::string(500, 'x')};
    std::vector<LandedHost> hosts;
    Roots expected;
    for (std::size_t i = 0; i < names.size(); ++i) {
        hosts.push_back({names[i], {"/s/" + std::to_string(i)}});
        expected.insert("/s/" + std::to_string(i));
    }
    ASSERT_TRUE(land("r1", hosts).ok());
    EXPECT_EQ(rooted(), expected);
    EXPECT_THAT(links.folders((dir / "keep/hosts").string()), SizeIs(names.size()));
    EXPECT_FALSE(fs::exists(dir / "etc"));
}

TEST_F(KeepLanded, WhatWasRootedStaysSoWhenNixRefuses) {
    ASSERT_TRUE(land("r1", {{"web", {"/s/1"}}}).ok());
    processes.script = [](const Command&) { return ScriptedProcesses::fails("error: daemon refused\n"); };
    const auto refused = land("r2", {{"web", {"/s/2"}}}, 1);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().kind, ErrorKind::infrastructure);
    EXPECT_EQ(refused.error().why, "error: daemon refused");
    EXPECT_EQ(rooted(), Roots{"/s/1"});
    processes.script = fakes::register_roots;
    ASSERT_TRUE(land("r3", {{"web", {"/s/2"}}}, 1).ok());
    EXPECT_EQ(rooted(), Roots{"/s/2"});
}

TEST_F(KeepLanded, AFailureHalfwayIsMadeGoodByTheNextLanding) {
    write_file(dir / "keep/hosts", "in the way");
    EXPECT_FALSE(land("r1", {{"web", {"/s/1"}}}).ok());
    EXPECT_EQ(rooted(), Roots{});
    fs::remove(dir / "keep/hosts");
    ASSERT_TRUE(land("r2", {{"web", {"/s/1"}}}).ok());
    EXPECT_EQ(rooted(), Roots{"/s/1"});
}

}  // namespace
}  // namespace lockstep::test
