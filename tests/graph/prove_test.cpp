// SPDX-License-Identifier: MIT
#include "lockstep/app/prove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/fleet_fixture.hpp"
#include "support/prove_bench.hpp"

namespace lockstep::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = Recipe::Kind;

TEST(Prove, NoTargetsIsNoResult) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    ProveBench bench(lab);
    EXPECT_THAT(bench.prove({}).hosts, IsEmpty());
}

TEST(Prove, BuildsEveryHostAndFindsThemCachedNextTime) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("catalogue", "openssl", {});
    fleet.host("web1", {.parts = {"catalogue.openssl"}});
    fleet.host("db1", {});
    const auto flake = fleet.pinned(fleet.commit("first"));
    ProveBench bench(lab);
    const auto proof = bench.prove(bench.request(flake));
    ASSERT_EQ(proof.hosts.size(), 2u);
    for (const auto& host : proof.hosts) {
        EXPECT_EQ(host.state, HostState::built) << host.name;
        EXPECT_EQ(host.system, this_system());
        EXPECT_TRUE(lab.valid(host.out));
    }
    EXPECT_EQ(proof.realiser_runs, 1);
    EXPECT_EQ(proof.derivations_built, 3);
    EXPECT_THAT(proof.causes, IsEmpty());
    EXPECT_THAT(bench.log_of(host_of(proof, "web1").log), HasSubstr("openssl"));

    ProveBench again(lab, "again");
    const auto second = again.prove(again.request(flake));
    for (const auto& host : second.hosts) EXPECT_EQ(host.state, HostState::cached);
    EXPECT_EQ(second.realiser_runs, 0);
}

TEST(Prove, OneSharedFailureIsBuiltOnceAndNamedOnceWithItsHosts) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    fleet.part("catalogue", "broken", {Kind::fails});
    for (const char* name : {"a", "b", "c"}) fleet.host(name, {.parts = {"catalogue.broken"}});
    fleet.host("fine", {});
    ProveBench bench(lab);
    const auto proof = bench.prove(bench.request(fleet.pinned(fleet.commit("first"))));
    EXPECT_EQ(host_of(proof, "fine").state, HostState::built);
    ASSERT_EQ(proof.causes.size(), 1u);
    const auto& cause = proof.causes.front();
    EXPECT_EQ(cause.cls, CauseClass::builder_failed);
    EXPECT_THAT(cause.name, HasSubstr("broken"));
    EXPECT_THAT(cause.hosts, ElementsAre("a", "b", "c"));
    EXPECT_FALSE(cause.tail.empty());
    for (const char* name : {"a", "b", "c"}) {
        const auto& host = host_of(proof, name);
        EXPECT_EQ(host.state, HostState::dependency_failed);
        EXPECT_EQ(host.cause, cause.id);
        EXPECT_EQ(host.chain.size(), 2u);
    }
    int started = 0;
    for (const auto& event : bench.events.events())
        if (const auto* build = std::get_if<BuildStarted>(&event); build != nullptr && build->drv == cause.drv)
            ++started;
    EXPECT_EQ(started, 1);
}

TEST(Prove, ABrokenEvaluationCostsOneHost) {
    LOCKSTEP_NEEDS_NIX();
    for (const auto kind : {Kind::throws, Kind::missing_attribute, Kind::infinite_recursion}) {
        const NixLab lab;
        FleetFixture fleet(lab);
        fleet.host("a", {});
        fleet.host("m", {kind});
        fleet.host("z", {});
        ProveBench bench(lab);
        auto request = bench.request(fleet.pinned(fleet.commit("first")));
        request.evaluators = 1;
        const auto proof = bench.prove(request);
        EXPECT_EQ(host_of(proof, "a").state, HostState::built);
        EXPECT_EQ(host_of(proof, "z").state, HostState::built);
        EXPECT_EQ(host_of(proof, "m").state, HostState::eval_failed);
        ASSERT_EQ(proof.causes.size(), 1u);
        EXPECT_EQ(proof.causes.front().cls, CauseClass::evaluation);
        EXPECT_FALSE(proof.causes.front().first_error.empty());
        EXPECT_EQ(host_of(proof, "m").cause, proof.causes.front().id);
        EXPECT_THAT(bench.log_of(host_of(proof, "m").log), HasSubstr(proof.causes.front().first_error.substr(0, 20)));
    }
}

TEST(Prove, EachKindOfFailureHasItsOwnState) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("own", {Kind::fails});
    fleet.host("no-output", {Kind::no_output});
    fleet.host("wrong-hash", {Kind::wrong_hash});
    fleet.host("feature", {Kind::exotic_feature});
    fleet.host("foreign", {Kind::foreign_system});
    fleet.host("full", {Kind::no_space});
    ProveBench bench(lab);
    const auto proof = bench.prove(bench.request(fleet.pinned(fleet.commit("first"))));
    EXPECT_EQ(host_of(proof, "own").state, HostState::failed);
    EXPECT_EQ(host_of(proof, "no-output").state, HostState::failed);
    EXPECT_EQ(host_of(proof, "wrong-hash").state, HostState::failed);
    EXPECT_EQ(host_of(proof, "feature").state, HostState::unsupported);
    EXPECT_EQ(host_of(proof, "foreign").state, HostState::unsupported);
    EXPECT_THAT(host_of(proof, "foreign").detail, HasSubstr("offer "));
    EXPECT_THAT(host_of(proof, "feature").detail, HasSubstr("lockstep-exotic"));
    EXPECT_EQ(host_of(proof, "full").state, HostState::infra_error);
}

TEST(Prove, SilentBuildsTimeOut) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    ASSERT_EQ(mkfifo((lab / "fifo").c_str(), 0600), 0);
    fleet.host("hangs", {Kind::hangs, (lab / "fifo").string()});
    fleet.host("fine", {});
    ProveBench bench(lab);
    auto request = bench.request(fleet.pinned(fleet.commit("first")));
    request.silent_timeout = std::chrono::seconds(1);
    const auto proof = bench.prove(request);
    EXPECT_EQ(host_of(proof, "fine").state, HostState::built);
    EXPECT_EQ(host_of(proof, "hangs").state, HostState::timeout);
    ASSERT_EQ(proof.causes.size(), 1u);
    EXPECT_EQ(proof.causes.front().cls, CauseClass::timeout_silent);
}

TEST(Prove, ForeignHostsFollowThePolicy) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("pi", {Kind::foreign_system});
    fleet.host("web", {});
    const auto flake = fleet.pinned(fleet.commit("first"));
    for (const auto& [policy, state] :
         {std::pair{ForeignPolicy::evaluate, HostState::evaluated}, {ForeignPolicy::ignore, HostState::skipped}}) {
        ProveBench bench(lab, std::string(state_word(state)));
        auto request = bench.request(flake);
        request.foreign = policy;
        const auto proof = bench.prove(request);
        EXPECT_EQ(host_of(proof, "pi").state, state);
        EXPECT_TRUE(is_proved(host_of(proof, "web").state));
    }
}

TEST(Prove, AHostileLogDecidesNothing) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    fleet.host("liar", {Kind::hostile_log, "", 1});
    fleet.host("noisy", {Kind::hostile_log, "", 0});
    ProveBench bench(lab);
    const auto proof = bench.prove(bench.request(fleet.pinned(fleet.commit("first"))));
    EXPECT_EQ(host_of(proof, "liar").state, HostState::failed);
    EXPECT_EQ(host_of(proof, "noisy").state, HostState::built);
    for (const auto& cause : proof.causes)
        for (const auto& line : cause.tail) EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Prove, HostileHostNamesStayInTheirFiles) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    const std::vector<std::string> names{
        "../x", "-oProxyCommand=x", "a\"b", "<script>", "core01.ofborg.org", "two words", "${x}", "a\nb"};
    for (const auto& name : names) fleet.host(name, {});
    ProveBench bench(lab);
    const auto proof = bench.prove(bench.request(fleet.pinned(fleet.commit("first"))));
    EXPECT_EQ(proof.hosts.size(), names.size());
    for (const auto& host : proof.hosts) {
        EXPECT_EQ(host.state, HostState::built) << host.name;
        EXPECT_EQ(std::filesystem::path(host.log).parent_path(), "builds");
        EXPECT_TRUE(std::filesystem::exists(bench.store->root() / host.log));
    }
}

TEST(Prove, InterruptionGivesEveryHostAResult) {
    LOCKSTEP_NEEDS_NIX();
    const NixLab lab;
    FleetFixture fleet(lab);
    ASSERT_EQ(mkfifo((lab / "fifo").c_str(), 0600), 0);
    for (const char* name : {"a", "b", "c"}) fleet.host(name, {Kind::hangs, (lab / "fifo").string()});
    ProveBench bench(lab);
    bench.events.hook = [&](const Event& event) {
        if (std::holds_alternative<BuildStarted>(event)) bench.processes.stop_all(false);
    };
    const auto proof = bench.prove(bench.request(fleet.pinned(fleet.commit("first"))));
    ASSERT_EQ(proof.hosts.size(), 3u);
    for (const auto& host : proof.hosts) EXPECT_EQ(host.state, HostState::interrupted) << host.name;
}

}  // namespace
}  // namespace lockstep::test
