// SPDX-License-Identifier: MIT
// What a proof makes of the past: unchanged hosts, known failures, tries after trouble.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "lockstep/app/prove.hpp"
#include "support/fleet_fixture.hpp"
#include "support/prove_bench.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

/// Hosts as shell scripts of one derivation each; a new set of scripts is a new commit.
class ScriptFleet {
public:
    explicit ScriptFleet(const NixLab& lab) : lab_(lab), repository_(lab.root() / "scripts") {
        lab_.git(lab_.root(), {"init", "-q", "-b", "main", repository_.string()});
    }

    std::string commit(const std::map<std::string, std::string>& hosts) {
        std::string text = "{ outputs = _: { nixosConfigurations = {\n";
        for (const auto& [name, script] : hosts)
            text += "  " + name + ".config.system.build.toplevel = derivation { name = \"" + name + "\"; system = \"" +
                    this_system() + "\"; builder = \"/bin/sh\"; args = [ \"-c\" " + nix::string_literal(script) +
                    " ]; };\n";
        write_file(repository_ / "flake.nix", text + "}; }; }\n");
        lab_.git(repository_, {"add", "."});
        run_ok({"nix", "flake", "lock", "git+file://" + repository_.string()}, lab_.environment());
        lab_.git(repository_, {"add", "."});
        lab_.git(repository_, {"commit", "-q", "--allow-empty", "-m", "hosts"});
        auto id = lab_.git(repository_, {"rev-parse", "HEAD"});
        id.resize(40);
        return nix::pinned_flake(repository_.string(), id, "", false);
    }

private:
    const NixLab& lab_;
    std::filesystem::path repository_;
};

constexpr const char* k_fine = "echo done > $out";

struct Past {
    NixLab lab;
    ScriptFleet fleet{lab};
    Recollection memory;
    std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    int runs = 0;

    ProofResult prove(const std::string& flake, const std::function<void(ProveRequest&)>& change = {}) {
        ProveBench bench(lab, "run" + std::to_string(++runs));
        auto request = bench.request(flake);
        request.memory = &memory;
        request.now = now;
        request.run = "run" + std::to_string(runs);
        if (change) change(request);
        std::vector<Lesson> lessons;
        ProvePorts ports{bench.processes, *bench.store, bench.clock, bench.events, bench.files};
        ports.learn = [&](const std::vector<Lesson>& learned) { lessons = learned; };
        auto proof = lockstep::prove(request, ports);
        for (const auto& lesson : lessons) memory.take(lesson);
        return proof;
    }
    void forget_output(const HostResult& host) const {
        run_ok({"nix-store", "--delete", host.out}, lab.environment());
        ASSERT_FALSE(lab.valid(host.out));
    }
};

std::function<void(ProveRequest&)> compared_with(const std::string& base) {
    return [base](ProveRequest& request) {
        request.base_flake = base;
        request.in_base.assign(request.targets.size(), true);
    };
}

TEST(ProveMemory, HostsThatTheUpdateDoesNotTouchAreUnchanged) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto base = past.fleet.commit({{"a", k_fine}, {"b", k_fine}});
    past.prove(base);
    const auto proof = past.prove(past.fleet.commit({{"a", k_fine}, {"b", "echo new > $out"}}), compared_with(base));
    EXPECT_EQ(host_of(proof, "a").state, HostState::unchanged);
    EXPECT_EQ(host_of(proof, "a").base_drv, host_of(proof, "a").drv);
    EXPECT_EQ(host_of(proof, "b").state, HostState::built);
    EXPECT_NE(host_of(proof, "b").base_drv, host_of(proof, "b").drv);
    EXPECT_FALSE(host_of(proof, "b").base_drv.empty());
    EXPECT_EQ(proof.derivations_built, 1);
    EXPECT_EQ(host_of(proof, "b").work.build, 1U);
}

TEST(ProveMemory, AProofOnRecordStandsForAnOutputThatIsGone) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto base = past.fleet.commit({{"a", k_fine}});
    past.forget_output(host_of(past.prove(base), "a"));
    // First the base commit has to be evaluated; then it is known.
    const auto asked = past.prove(base, compared_with(base));
    EXPECT_EQ(host_of(asked, "a").state, HostState::unchanged);
    EXPECT_EQ(asked.realiser_runs, 0);
    const auto known = past.prove(base, [&](ProveRequest& request) {
        request.base_drvs = {{"a", host_of(asked, "a").drv}};
    });
    EXPECT_EQ(host_of(known, "a").state, HostState::unchanged);
    EXPECT_FALSE(past.lab.valid(host_of(known, "a").out));
}

TEST(ProveMemory, WithoutThatRecordOrAnotherBaseItIsBuilt) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto base = past.fleet.commit({{"a", "echo other > $out"}});
    const auto flake = past.fleet.commit({{"a", k_fine}});
    past.forget_output(host_of(past.prove(flake), "a"));
    EXPECT_EQ(host_of(past.prove(flake, compared_with(base)), "a").state, HostState::built) << "it changed";
    past.forget_output(host_of(past.prove(flake), "a"));
    past.memory = {};
    EXPECT_EQ(host_of(past.prove(flake, compared_with(flake)), "a").state, HostState::built) << "nobody proved it";
}

TEST(ProveMemory, ABaseCommitThatDoesNotEvaluateIsToldApart) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    FleetFixture fleet(past.lab);
    fleet.host("a", {Recipe::Kind::throws});
    fleet.host("b", {});
    const auto flake = fleet.pinned(fleet.commit("first"));
    const auto proof = past.prove(flake, compared_with(flake));
    EXPECT_EQ(host_of(proof, "a").state, HostState::eval_failed);
    EXPECT_THAT(host_of(proof, "a").detail, HasSubstr("on the base commit either"));
    EXPECT_EQ(host_of(proof, "b").state, HostState::built);
}

TEST(ProveMemory, AKnownFailureIsToldAndNotBuiltAgain) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto flake = past.fleet.commit({{"bad", "echo the reason; exit 3"}, {"fine", k_fine}});
    past.prove(flake);
    const auto believing = [](ProveRequest& request) { request.failure_memory = 24h; };
    const auto again = past.prove(flake, believing);
    EXPECT_EQ(host_of(again, "bad").state, HostState::failed);
    EXPECT_EQ(again.derivations_built, 0);
    ASSERT_THAT(again.causes, SizeIs(1));
    EXPECT_EQ(again.causes[0].cls, CauseClass::builder_failed);
    EXPECT_THAT(again.causes[0].first_error, HasSubstr("run1"));
    EXPECT_THAT(again.causes[0].tail, ::testing::Contains("the reason"));
    EXPECT_EQ(host_of(again, "fine").state, HostState::cached);

    EXPECT_EQ(past.prove(flake).derivations_built, 1) << "a failure memory of nothing tries again";
    past.now += 25h;
    EXPECT_EQ(past.prove(flake, believing).derivations_built, 1) << "and so does a day later";
}

TEST(ProveMemory, AFlakyDerivationIsTriedOnceMore) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto marker = (past.lab / "marker").string();
    const auto flake = past.fleet.commit(
        {{"flaky", "if [ -e " + marker + " ]; then echo > $out; else echo > " + marker + "; exit 1; fi"},
         {"bad", "exit 1"}});
    const auto proof = past.prove(flake, [](ProveRequest& request) { request.flaky = {"fl*"}; });
    EXPECT_EQ(host_of(proof, "flaky").state, HostState::built);
    EXPECT_EQ(host_of(proof, "bad").state, HostState::failed);
    EXPECT_EQ(proof.realiser_runs, 2);
    EXPECT_THAT(proof.causes, SizeIs(1));
    EXPECT_EQ(past.memory.failed(host_of(proof, "flaky").drv, past.now, 24h), nullptr);
}

TEST(ProveMemory, TroubleOfTheMachineIsTriedAgainAndABuildersFailureIsNot) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto marker = (past.lab / "marker").string();
    const auto flake = past.fleet.commit({{"full", "if [ -e " + marker + " ]; then echo > $out; else echo > " + marker +
                                                       "; echo 'write error: No space left on device'; exit 1; fi"},
                                          {"bad", "exit 1"}});
    const auto proof = past.prove(flake);
    EXPECT_EQ(host_of(proof, "full").state, HostState::built);
    EXPECT_EQ(host_of(proof, "bad").state, HostState::failed);
    EXPECT_EQ(proof.derivations_built, 3) << "bad once, full twice";
}

TEST(ProveMemory, TroubleThatStaysEndsAfterAFewTries) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto flake = past.fleet.commit({{"full", "echo 'No space left on device'; exit 1"}});
    const auto proof = past.prove(flake, [](ProveRequest& request) { request.retries = 1; });
    EXPECT_EQ(host_of(proof, "full").state, HostState::infra_error);
    EXPECT_EQ(proof.realiser_runs, 2);
}

TEST(ProveMemory, OneLostDerivationFileCostsOneHost) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto flake = past.fleet.commit({{"a", k_fine}, {"lost", "echo lost > $out"}, {"z", "echo z > $out"}});
    ProveBench bench(past.lab, "lost");
    auto request = bench.request(flake);
    // The derivation vanishes between its evaluation and its realisation.
    bench.events.hook = [&](const Event& event) {
        const auto* ended = std::get_if<EvalEnded>(&event);
        if (ended == nullptr || ended->host != "z") return;
        for (const auto& entry : std::filesystem::directory_iterator(past.lab.store()))
            if (entry.path().string().ends_with("-lost.drv")) std::filesystem::remove(entry.path());
    };
    request.evaluators = 1;
    const auto proof = bench.prove(request);
    EXPECT_EQ(host_of(proof, "a").state, HostState::built);
    EXPECT_EQ(host_of(proof, "z").state, HostState::built);
    EXPECT_EQ(host_of(proof, "lost").state, HostState::infra_error);
}

TEST(ProveMemory, AHaltEndsTheBuildingWithItsReason) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    past.prove(past.fleet.commit({{"fine", k_fine}}));
    const auto flake = past.fleet.commit({{"endless", "while :; do :; done"}, {"fine", k_fine}});
    ProveBench bench(past.lab, "halted");
    HaltSwitch halt;
    bench.events.hook = [&](const Event& event) {
        if (std::holds_alternative<BuildStarted>(event)) halt.pull({"no room is left"});
    };
    ProvePorts ports{bench.processes, *bench.store, bench.clock, bench.events, bench.files};
    ports.halt = &halt;
    const auto proof = lockstep::prove(bench.request(flake), ports);
    EXPECT_EQ(host_of(proof, "endless").state, HostState::infra_error);
    EXPECT_EQ(host_of(proof, "endless").detail, "no room is left");
    EXPECT_EQ(host_of(proof, "fine").state, HostState::cached);
}

TEST(ProveMemory, AHaltBeforeBuildingStartsNothing) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    ProveBench bench(past.lab, "halted");
    HaltSwitch halt;
    halt.pull({"no room is left"});
    ProvePorts ports{bench.processes, *bench.store, bench.clock, bench.events, bench.files};
    ports.halt = &halt;
    const auto proof = lockstep::prove(bench.request(past.fleet.commit({{"fine", k_fine}})), ports);
    EXPECT_EQ(host_of(proof, "fine").state, HostState::infra_error);
    EXPECT_EQ(proof.realiser_runs, 0);
}

TEST(ProveMemory, LearnsWhatItSaw) {
    LOCKSTEP_NEEDS_NIX();
    Past past;
    const auto proof = past.prove(past.fleet.commit({{"fine", k_fine}}));
    const auto* proved = past.memory.proved(host_of(proof, "fine").drv);
    ASSERT_NE(proved, nullptr);
    EXPECT_THAT(proved->outputs, ::testing::ElementsAre(host_of(proof, "fine").out));
    EXPECT_TRUE(past.memory.build_time("fine").has_value());
    EXPECT_TRUE(past.memory.evaluation_time("fine").has_value());
    EXPECT_GT(past.memory.evaluation_memory("fine"), 1U << 20U);
    ASSERT_THAT(proof.builds, SizeIs(1));
    EXPECT_TRUE(proof.builds[0].ok);
    EXPECT_THAT(proof.critical_path, SizeIs(1));
}

}  // namespace
}  // namespace lockstep::test
