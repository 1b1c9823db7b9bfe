// SPDX-License-Identifier: MIT
// Fault table, rows 32, 34 and 35: hosts that do not evaluate, that the update takes away, or of which there are none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/fault_rig.hpp"

namespace lockstep::test {
namespace {

using fakes::FakeFleet;

/// The first fleet of its kind for which `wanted` holds.
Machine::Options fleet_for(const FakeFleet::Wishes& wishes, const std::function<bool(FakeFleet&)>& wanted) {
    for (std::uint64_t seed = 1; seed < 100'000; ++seed) {
        FakeFleet fleet(fakes::Dice(seed), wishes);
        if (wanted(fleet)) return {.seed = seed, .fleet = wishes};
    }
    ADD_FAILURE() << "there is no such fleet";
    return {};
}

constexpr fakes::Versions k_base{1, 1}, k_updated{1, 2};

std::ptrdiff_t hosts_with(const RunReport& report, HostState state) {
    return std::count_if(report.hosts.begin(), report.hosts.end(),
                         [&](const auto& host) { return host.state == state; });
}

/// Base is where it was, and the broken update is on its branch.
void expect_red(const FaultRemote& remote, const RunReport& report) {
    EXPECT_EQ(report.ending.exit, ExitCode::hosts_failed) << how_it_ended(report);
    EXPECT_EQ(remote.tip(), remote.first());
    EXPECT_EQ(remote.bare().ref(report.repo.branch), report.repo.candidate_commit);
}

TEST(FaultRow32, AHostThatDoesNotEvaluateCostsNoOther) {
    FaultRemote remote;
    const auto options = fleet_for({.hosts = 4, .percent_eval_fails = 15}, [](FakeFleet& fleet) {
        int before = 0, after = 0;
        for (const auto& host : fleet.hosts(k_base)) {
            before += fleet.evaluate(k_base, host) ? 1 : 0;
            after += fleet.evaluate(k_updated, host) ? 1 : 0;
        }
        return before == 4 && after == 3;
    });
    Machine machine(remote.dir() / "machine", remote.bare(), remote.url(), options);
    const auto report = machine.run();
    expect_red(remote, report);
    EXPECT_EQ(report.hosts.size(), 4U);
    EXPECT_EQ(hosts_with(report, HostState::eval_failed), 1);
    EXPECT_EQ(std::count_if(report.hosts.begin(), report.hosts.end(), [](const auto& h) { return is_proved(h.state); }),
              3);
}

TEST(FaultRow34, AHostThatTheUpdateTakesAwayIsAFailure) {
    FaultRemote remote;
    const auto options = fleet_for({.hosts = 3, .percent_absent = 20}, [](FakeFleet& fleet) {
        return fleet.hosts(k_base).size() == 3 && fleet.hosts(k_updated).size() == 2;
    });
    Machine machine(remote.dir() / "machine", remote.bare(), remote.url(), options);
    const auto report = machine.run();
    expect_red(remote, report);
    EXPECT_EQ(report.hosts.size(), 3U);
    EXPECT_EQ(hosts_with(report, HostState::vanished), 1);
}

TEST(FaultRow34, AHostThatTheUpdateTakesAwayIsMissedHoweverBaseIsListed) {
    FaultRemote remote;
    const auto options = fleet_for({.hosts = 3, .percent_absent = 20}, [](FakeFleet& fleet) {
        return fleet.hosts(k_base).size() == 3 && fleet.hosts(k_updated).size() == 2;
    });
    Machine machine(remote.dir() / "machine", remote.bare(), remote.url(), options);
    machine.nix().base_listings_killed = 2;
    const auto unknown = machine.run();
    EXPECT_EQ(unknown.ending.exit, ExitCode::infrastructure) << how_it_ended(unknown);
    EXPECT_EQ(remote.tip(), remote.first());

    machine.nix().base_listings_killed = 1;
    const auto report = machine.run();
    expect_red(remote, report);
    EXPECT_EQ(hosts_with(report, HostState::vanished), 1);
}

TEST(FaultRow35, NoHostsAtAllAreAMistakeAndNoProof) {
    FaultRemote remote;
    const auto options =
        fleet_for({.hosts = 2, .percent_absent = 100}, [](FakeFleet& fleet) { return fleet.hosts(k_base).empty(); });
    Machine machine(remote.dir() / "machine", remote.bare(), remote.url(), options);
    const auto report = machine.run();
    EXPECT_EQ(report.ending.outcome, Outcome::stopped) << how_it_ended(report);
    EXPECT_EQ(report.ending.exit, ExitCode::config) << how_it_ended(report);
    EXPECT_EQ(remote.tip(), remote.first());
}

TEST(FaultRow35, SelectorsThatMatchNothingAreAMistakeAndNoProof) {
    FaultRemote remote;
    Machine machine(remote.dir() / "machine", remote);
    machine.config.targets.include = {"nobody"};
    const auto report = machine.run();
    EXPECT_EQ(report.ending.exit, ExitCode::config) << how_it_ended(report);
    EXPECT_EQ(remote.tip(), remote.first());
}

}  // namespace
}  // namespace lockstep::test
