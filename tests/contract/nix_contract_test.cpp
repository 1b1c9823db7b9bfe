// SPDX-License-Identifier: MIT
// What lockstep relies on of the real Nix, asked from the one on PATH. Run with each Nix that is supported:
//     PATH=/opt/other-nix/bin:$PATH contract_tests --gtest_filter='Nix*Contract.*'
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/nix.hpp"
#include "support/fleet_fixture.hpp"
#include "support/lab_evaluation.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using Kind = Recipe::Kind;

class NixContract : public ::testing::Test {
protected:
    void SetUp() override { LOCKSTEP_NEEDS_NIX(); }
};

/// A linked worktree on a branch of its own, in a bare repository, as a run makes it.
std::filesystem::path linked_worktree(const NixLab& lab, const FleetFixture& fleet, const std::string& commit) {
    const auto bare = lab / "private.git", worktree = lab / "worktree";
    run_ok({"git", "clone", "--quiet", "--bare", fleet.repository().string(), bare.string()}, lab.environment());
    lab.git(bare, {"worktree", "add", "--quiet", "-b", "update", worktree.string(), commit});
    return worktree;
}

std::string input_rev(const std::filesystem::path& lock_file, const std::string& input) {
    const auto text = read_file(lock_file);
    const auto node = text.find("\"" + input + "\": {\n      \"locked\"");
    const auto rev = text.find("\"rev\": \"", node);
    return node == std::string::npos ? "" : text.substr(rev + 8, 40);
}

// ── names and evaluation ──────────────────────────────────────────────────────────────────────────────────────────

TEST_F(NixContract, AnyHostNameWorks) {
    NixLab lab;
    FleetFixture fleet(lab);
    const std::vector<std::string> names = {
        "core01.example.org", "with \"quotes\"", "with space", "${x} $y", "new\nline", "ünïcödé",
        "back\\slash",        "12start",         "-dash",      "a/../b",  "<script>",  "T490s"};
    for (const auto& name : names) fleet.host(name, {});
    const auto flake = fleet.pinned(fleet.commit("names"));
    const auto seen = lab.names(flake);
    EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(names));
    const auto result = evaluate(lab, flake, hosts(seen));
    EXPECT_EQ(result.code, 0) << result.text;
    EXPECT_EQ(result.drvs.size(), names.size());
    ASSERT_EQ(result.events.size(), 2 * seen.size());
    for (std::size_t i = 0; i < seen.size(); ++i) {
        EXPECT_EQ(result.events[2 * i].index, i);
        EXPECT_EQ(result.events[2 * i + 1].drv, result.drvs.at(seen[i]));
    }
}

TEST_F(NixContract, AllKindsOfSetsAndMissingOnes) {
    NixLab lab;
    FleetFixture fleet(lab);
    const auto packages = "packages." + this_system(), checks = "checks." + this_system();
    for (const std::string set :
         {"nixosConfigurations", "darwinConfigurations", "homeConfigurations", packages.c_str(), checks.c_str()})
        fleet.host("one.two", {.text = set}, set);
    const auto flake = fleet.pinned(fleet.commit("sets"));
    const auto ran =
        lab.run(nix::names_command(lab.setup(), flake,
                                   {"nixosConfigurations", "darwinConfigurations", "homeConfigurations", packages,
                                    checks, "devShells." + this_system(), "packages.mips-linux"}));
    const auto names = nix::parse_names(ran.out);
    ASSERT_TRUE(names.ok()) << ran.err;
    EXPECT_FALSE(names->at("devShells." + this_system()).has_value());
    EXPECT_FALSE(names->at("packages.mips-linux").has_value());
    EXPECT_THAT(*names->at(checks), ElementsAre("one.two"));
    for (const auto& set : {std::string("darwinConfigurations"), std::string("homeConfigurations"), packages, checks}) {
        const auto drv = lab.derivation(flake, "one.two", set);
        ASSERT_FALSE(drv.empty()) << set;
        EXPECT_EQ(read_drv(drv).env.at("text"), set);
    }
}

TEST_F(NixContract, AFailingHostCostsOnlyItself) {
    for (const auto kind : {Kind::throws, Kind::missing_attribute, Kind::infinite_recursion}) {
        NixLab lab;
        FleetFixture fleet(lab);
        fleet.host("a", {});
        fleet.host("b", {kind});
        fleet.host("c", {});
        const auto flake = fleet.pinned(fleet.commit("x"));
        const auto result = evaluate(lab, flake, hosts({"a", "b", "c"}));
        EXPECT_NE(result.code, 0);
        ASSERT_EQ(result.events.size(), 3u) << result.text;
        EXPECT_EQ(result.events[1].kind, nix::EvalEvent::Kind::end);
        EXPECT_TRUE(std::filesystem::exists(result.events[1].drv));
        EXPECT_EQ(result.events[2].index, 1u);
        EXPECT_TRUE(result.drvs.empty());
        const auto rest = evaluate(lab, flake, hosts({"c"}));
        EXPECT_EQ(rest.drvs.size(), 1u);
    }
}

TEST_F(NixContract, AFlakeThatIsBrokenAsAWholeBlamesNoHost) {
    for (const std::string lock : {"<<<<<<< conflict\n{}", "{ \"version\": 99 }"}) {
        NixLab lab;
        FleetFixture fleet(lab);
        fleet.part("catalogue", "p", {});
        fleet.host("a", {.parts = {"catalogue.p"}});
        fleet.commit("x");
        write_file(fleet.repository() / "flake.lock", lock);
        lab.git(fleet.repository(), {"commit", "--quiet", "--all", "-m", "break the lock"});
        const auto result = evaluate(lab, fleet.pinned(fleet.head()), hosts({"a"}));
        EXPECT_NE(result.code, 0);
        EXPECT_THAT(result.events, IsEmpty());
        EXPECT_EQ(
            nix::classify_evaluation_failure({.kind = ExitStatus::Kind::exited, .code = result.code}, result.text),
            CauseClass::evaluation)
            << result.text;
    }
}

TEST_F(NixContract, DerivationsAreThoseOfPlainNix) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("catalogue", "p", {});
    fleet.host("a", {.parts = {"catalogue.p"}});
    const auto commit = fleet.commit("x");
    const auto plain =
        run_program({"nix", "eval", "--raw", ".#nixosConfigurations.a.config.system.build.toplevel.drvPath"},
                    lab.environment(), fleet.repository().string());
    ASSERT_EQ(plain.code, 0) << plain.err;
    EXPECT_EQ(lab.derivation(fleet.pinned(commit), "a"), plain.out);
    const auto worktree = linked_worktree(lab, fleet, commit);
    EXPECT_EQ(lab.derivation(nix::pinned_flake(worktree.string(), commit, "", false), "a"), plain.out);
}

TEST_F(NixContract, AnyCommitCanBePinnedThroughAnotherOnesWorktree) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("a", {.text = "1"});
    const auto first = fleet.commit("first");
    fleet.host("a", {.text = "2"});
    const auto second = fleet.commit("second");
    const auto worktree = linked_worktree(lab, fleet, first);
    lab.git(worktree, {"checkout", "--quiet", "--detach"});
    const auto text_of = [&](const std::string& commit) {
        return read_drv(lab.derivation(nix::pinned_flake(worktree.string(), commit, "", false), "a")).env.at("text");
    };
    EXPECT_EQ(text_of(first), "1");
    EXPECT_EQ(text_of(second), "2");
    write_file(worktree / "flake.nix", "broken");
    EXPECT_EQ(text_of(second), "2");
}

TEST_F(NixContract, FlakesInSubdirectoriesAndSubmodules) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.flake_dir("some dir");
    fleet.host("a", {.text = "sub"});
    const auto commit = fleet.commit("x");
    if (nix::check_repository_path(lab.setup(), "/some dir").ok()) {
        EXPECT_EQ(read_drv(lab.derivation(fleet.pinned(commit), "a")).env.at("text"), "sub");
    }

    FleetFixture module(lab, "module");
    module.host("unused", {});
    module.commit("module", false);
    FleetFixture user(lab, "user");
    user.flake_text("outputs2 = 0;");
    const auto& repository = user.repository();
    lab.git(repository, {"submodule", "--quiet", "add", module.repository().string(), "mod"});
    write_file(repository / "flake.nix",
               "{ outputs = { self }: { nixosConfigurations.a.config.system.build.toplevel = derivation { name = "
               "\"a\"; system = \"" +
                   this_system() + "\"; builder = \"/bin/sh\"; text = builtins.readFile ./mod/flake.nix; }; }; }\n");
    lab.git(repository, {"add", "--all"});
    lab.git(repository, {"commit", "--quiet", "-m", "submodule"});
    const auto flake = nix::pinned_flake(repository.string(), user.head(), "", true);
    EXPECT_EQ(read_drv(lab.derivation(flake, "a")).env.at("text"), read_file(module.repository() / "flake.nix"));
}

TEST_F(NixContract, EvaluationNeverWritesALock) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("catalogue", "p", {});
    fleet.host("a", {.parts = {"catalogue.p"}});
    const auto commit = fleet.commit("no lock", false);
    EXPECT_EQ(lab.derivation(fleet.pinned(commit), "a"), "");
    EXPECT_EQ(lab.git(fleet.repository(), {"status", "--porcelain"}), "");
    EXPECT_FALSE(std::filesystem::exists(fleet.repository() / "flake.lock"));
}

TEST_F(NixContract, FlakeConfigIsReadAsOptions) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.flake_text(
        "nixConfig = { max-jobs = 3; extra-substituters = [ \"http://a\" \"http://b\" ]; sandbox = false; bash-prompt "
        "= \"x\"; };");
    fleet.host("a", {});
    const auto flake = fleet.pinned(fleet.commit("config"));
    const auto ran = lab.run(nix::flake_config_command(lab.setup(), flake));
    const auto options = nix::parse_flake_config(ran.out);
    ASSERT_TRUE(options.ok()) << ran.err;
    EXPECT_THAT(*options, UnorderedElementsAre(testing::Pair("max-jobs", "3"), testing::Pair("sandbox", "false"),
                                               testing::Pair("extra-substituters", "http://a http://b")));
    FleetFixture without(lab, "without");
    without.host("a", {});
    const auto none = lab.run(nix::flake_config_command(lab.setup(), without.pinned(without.commit("x"))));
    EXPECT_THAT(nix::parse_flake_config(none.out).value(), IsEmpty());
}

TEST_F(NixContract, ImpurityMustBeAskedFor) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.flake_text("inputs.catalogue2.url = \"git+file://" + fleet.input_repository("catalogue").string() + "\";");
    fleet.part("catalogue", "p", {});
    fleet.host("a", {.parts = {"catalogue.p"}});
    const auto repository = fleet.repository();
    fleet.commit("x");
    auto text = read_file(repository / "flake.nix");
    text.replace(text.find("text = \"\""), 9, "text = builtins.currentSystem");
    write_file(repository / "flake.nix", text);
    lab.git(repository, {"commit", "--quiet", "--all", "-m", "impure"});
    const auto flake = fleet.pinned(fleet.head());
    EXPECT_NE(evaluate(lab, flake, hosts({"a"})).code, 0);
    auto impure = lab.setup();
    impure.impure = true;
    EXPECT_EQ(lab.run(nix::evaluate_command(impure, flake, hosts({"a"}), k_nonce)).code, 0);
}

// ── update ────────────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(NixContract, UpdateWritesOnlyTheLockOfALinkedWorktree) {
    NixLab lab;
    FleetFixture fleet(lab);
    const auto old_one = fleet.part("one", "p", {});
    fleet.part("two", "p", {});
    fleet.host("a", {.parts = {"one.p", "two.p"}});
    const auto worktree = linked_worktree(lab, fleet, fleet.commit("x"));
    const auto new_one = fleet.part("one", "p", {.text = "new"});
    const auto new_two = fleet.part("two", "p", {.text = "new"});
    ASSERT_EQ(input_rev(worktree / "flake.lock", "one"), old_one);

    nix::UpdateRequest request{.worktree = worktree.string(), .inputs = {"two"}};
    auto ran = lab.run(nix::update_command(lab.setup(), request));
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(input_rev(worktree / "flake.lock", "one"), old_one);
    EXPECT_EQ(input_rev(worktree / "flake.lock", "two"), new_two);
    EXPECT_EQ(lab.git(worktree, {"status", "--porcelain"}), " M flake.lock");

    request.inputs.clear();
    ran = lab.run(nix::update_command(lab.setup(), request));
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(input_rev(worktree / "flake.lock", "one"), new_one);
    EXPECT_EQ(lab.git(worktree, {"status", "--porcelain"}), " M flake.lock");
    EXPECT_EQ(lab.git(worktree, {"diff", "--cached", "--name-only"}), "");
    EXPECT_EQ(lab.git(worktree, {"rev-list", "--count", "HEAD"}), "1");

    const auto before = read_file(worktree / "flake.lock");
    ran = lab.run(nix::update_command(lab.setup(), request));
    EXPECT_EQ(ran.code, 0) << "nothing to do is a success";
    EXPECT_EQ(read_file(worktree / "flake.lock"), before);
    EXPECT_EQ(lab.git(fleet.repository(), {"status", "--porcelain"}), "");
}

TEST_F(NixContract, AFirstLockIsMade) {
    NixLab lab;
    FleetFixture fleet(lab);
    const auto rev = fleet.part("one", "p", {});
    fleet.host("a", {.parts = {"one.p"}});
    const auto worktree = linked_worktree(lab, fleet, fleet.commit("no lock", false));
    const auto ran = lab.run(nix::update_command(lab.setup(), {.worktree = worktree.string(), .inputs = {}}));
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(input_rev(worktree / "flake.lock", "one"), rev);
    EXPECT_EQ(lab.git(worktree, {"status", "--porcelain"}), " A flake.lock")
        << "Nix marks the new file as intended to be added";
}

TEST_F(NixContract, UpdateOfAFlakeInASubdirectory) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.flake_dir("hosts");
    fleet.part("one", "p", {});
    fleet.host("a", {.parts = {"one.p"}});
    const auto worktree = linked_worktree(lab, fleet, fleet.commit("x"));
    const auto rev = fleet.part("one", "p", {.text = "new"});
    const auto ran =
        lab.run(nix::update_command(lab.setup(), {.worktree = worktree.string(), .flake_dir = "hosts", .inputs = {}}));
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(input_rev(worktree / "hosts/flake.lock", "one"), rev);
    EXPECT_EQ(lab.git(worktree, {"status", "--porcelain"}), " M hosts/flake.lock");
}

TEST_F(NixContract, AnUnknownInputIsNoError) {
    NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("one", "p", {});
    fleet.host("a", {.parts = {"one.p"}});
    const auto worktree = linked_worktree(lab, fleet, fleet.commit("x"));
    const auto ran = lab.run(nix::update_command(lab.setup(), {.worktree = worktree.string(), .inputs = {"nosuch"}}));
    EXPECT_EQ(ran.code, 0) << "so names must be checked against the lock before";
    EXPECT_EQ(lab.git(worktree, {"status", "--porcelain"}), "");
}

TEST_F(NixContract, SpecialCharactersInThePathNeedANewerNix) {
    NixLab lab;
    FleetFixture fleet(lab, "fleet of #1%");
    fleet.host("a", {});
    fleet.commit("x", false);
    const bool works = nix::check_repository_path(lab.setup(), fleet.repository().string()).ok();
    const auto ran = lab.run(nix::update_command(lab.setup(), {.worktree = fleet.repository().string(), .inputs = {}}));
    EXPECT_EQ(ran.code == 0, works) << ran.err;
}

}  // namespace
}  // namespace lockstep::test
