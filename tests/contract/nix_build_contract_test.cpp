// SPDX-License-Identifier: MIT
// What lockstep relies on when it builds: realisation, validity, derivation files, and traps that the design walks
// around.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "lockstep/adapters/nix.hpp"
#include "support/fleet_fixture.hpp"
#include "support/lab_evaluation.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Kind = Recipe::Kind;

class NixBuildContract : public ::testing::Test {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

TEST_F(NixBuildContract, RealiseBuildsWhatItCanAndValiditySaysWhat) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("catalogue", "shared", {});
    fleet.part("catalogue", "broken", {Kind::fails});
    fleet.host("good", {.parts = {"catalogue.shared"}});
    fleet.host("bad1", {.text = "1", .parts = {"catalogue.broken", "catalogue.shared"}});
    fleet.host("bad2", {.text = "2", .parts = {"catalogue.broken"}});
    const auto flake = fleet.pinned(fleet.commit("x"));
    const auto drvs = evaluate(lab, flake, hosts({"bad1", "bad2", "good"})).drvs;
    ASSERT_EQ(drvs.size(), 3u);
    nix::RealiseRequest request{.drvs = {}, .slots = 2};
    for (const auto& [name, drv] : drvs) request.drvs.push_back(drv);
    const auto ran = lab.run(nix::realise_command(lab.setup(), request));
    EXPECT_NE(ran.code, 0);
    EXPECT_EQ(ran.out, "") << "a partial failure prints no path";
    EXPECT_TRUE(lab.valid(out_path(drvs.at("good"))));
    EXPECT_FALSE(lab.valid(out_path(drvs.at("bad1"))));
    EXPECT_FALSE(lab.valid(out_path(drvs.at("bad2"))));

    std::map<std::string, int> starts;
    std::map<std::uint64_t, std::string> drv_of;
    std::map<std::string, std::string> logs;
    nix::LineSplitter splitter;
    splitter.feed(ran.err, [&](std::string_view line) {
        const auto record = nix::parse_log_line(line);
        if (record.kind == nix::LogRecord::Kind::build_start) {
            ++starts[record.drv];
            drv_of[record.id] = record.drv;
        }
        if (record.kind == nix::LogRecord::Kind::build_line) logs[drv_of[record.id]] += record.text + "\n";
    });
    for (const auto& [drv, count] : starts) {
        EXPECT_EQ(count, 1) << drv << ": a shared failing derivation is built once";
        if (derivation_name(drv) == "fixture-broken") {
            EXPECT_THAT(logs[drv], HasSubstr("does not compile"));
        }
    }
    EXPECT_EQ(starts.size(), 3u) << "shared, broken, good";
}

TEST_F(NixBuildContract, ARealisedDerivationIsDoneAtOnce) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("a", {});
    const auto drv = lab.derivation(fleet.pinned(fleet.commit("x")), "a");
    ASSERT_FALSE(drv.empty());
    const auto plan = nix::parse_dry_run(lab.run(nix::dry_run_command(lab.setup(), {drv})).err);
    EXPECT_THAT(plan.build, ElementsAre(drv));
    EXPECT_FALSE(lab.valid(out_path(drv))) << "a dry run builds nothing";
    const nix::RealiseRequest request{.drvs = {drv}, .slots = 1};
    EXPECT_EQ(lab.run(nix::realise_command(lab.setup(), request)).code, 0);
    EXPECT_TRUE(lab.valid(out_path(drv)));
    EXPECT_THAT(nix::parse_dry_run(lab.run(nix::dry_run_command(lab.setup(), {drv})).err).build, IsEmpty());
    const auto again = lab.run(nix::realise_command(lab.setup(), request));
    EXPECT_EQ(again.code, 0);
    EXPECT_THAT(again.err, Not(HasSubstr("\"type\":105,")));
}

TEST_F(NixBuildContract, ForeignSystemsShowInTheDerivation) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("board", {Kind::foreign_system, "mips64el-linux"});
    fleet.host("exotic", {Kind::exotic_feature});
    const auto flake = fleet.pinned(fleet.commit("x"));
    const auto drvs = evaluate(lab, flake, hosts({"board", "exotic"})).drvs;
    DrvGraph graph;
    const auto read = [](const std::string& path) -> Result<std::string> { return read_file(path); };
    const auto settings = lab.run(nix::settings_command(lab.setup()));
    const auto can = nix::parse_settings(settings.out, [](const std::string& path) { return read_file(path); });
    ASSERT_TRUE(can.ok()) << settings.err;
    EXPECT_EQ(can->system, this_system());
    EXPECT_FALSE(can->systems.contains(graph.node(graph.add(drvs.at("board"), read).value()).system));
    const auto exotic = graph.node(graph.add(drvs.at("exotic"), read).value());
    EXPECT_TRUE(can->systems.contains(exotic.system));
    EXPECT_THAT(exotic.required_features, ElementsAre("lockstep-exotic"));
    EXPECT_FALSE(can->features.contains("lockstep-exotic"));
    EXPECT_EQ(can->max_jobs, 2);
    for (const auto& [name, drv] : drvs) {
        EXPECT_NE(lab.run(nix::realise_command(lab.setup(), {.drvs = {drv}, .slots = 1})).code, 0);
        EXPECT_FALSE(lab.valid(out_path(drv)));
    }
}

TEST_F(NixBuildContract, TheGraphHasWhatNixSaysTheClosureIs) {
    NixLab lab;
    FleetFixture fleet(lab);
    for (const std::string name : {"p1", "p2", "p3"}) fleet.part("catalogue", name, {.text = name});
    fleet.part("catalogue", "top", {.parts = {"catalogue.p1", "catalogue.p2"}});
    fleet.host("a", {.parts = {"catalogue.top", "catalogue.p2"}});
    const auto drv = lab.derivation(fleet.pinned(fleet.commit("x")), "a");
    DrvGraph graph;
    const auto root = graph.add(drv, [](const std::string& path) -> Result<std::string> { return read_file(path); });
    ASSERT_TRUE(root.ok());
    std::vector<std::string> mine, nix_says;
    for (const auto index : graph.closure(*root)) mine.push_back(graph.node(index).path);
    std::istringstream lines(run_ok({"nix-store", "--query", "--requisites", drv}, lab.environment()));
    for (std::string line; std::getline(lines, line);)
        if (line.ends_with(".drv")) nix_says.push_back(line);
    EXPECT_THAT(mine, ::testing::UnorderedElementsAreArray(nix_says));
    EXPECT_EQ(mine.size(), 4u);
    for (const auto& path : mine) {
        auto outputs = run_ok({"nix-store", "--query", "--outputs", path}, lab.environment());
        EXPECT_EQ(graph.node(*graph.find(path)).outputs.at(0) + "\n", outputs);
    }
}

// ── traps that the design walks around ────────────────────────────────────────────────────────────────────────────

TEST_F(NixBuildContract, RealisingNothingSucceeds) {
    NixLab lab;
    EXPECT_EQ(run_program({"nix-store", "--realise"}, lab.environment()).code, 0) << "why an empty request is a bug";
}

TEST_F(NixBuildContract, BuildingADerivationPathBuildsNothingFrom215On) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("a", {});
    const auto drv = lab.derivation(fleet.pinned(fleet.commit("x")), "a");
    EXPECT_EQ(run_program({"nix", "build", "--no-link", drv}, lab.environment()).code, 0);
    const bool old = lab.setup().version.minor < 15;
    EXPECT_EQ(lab.valid(out_path(drv)), old) << "why `nix build` is not used";
}

}  // namespace
}  // namespace lockstep::test
