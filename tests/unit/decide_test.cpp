// SPDX-License-Identifier: MIT
#include "lockstep/core/decide.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace lockstep {
namespace {

constexpr int k_states = static_cast<int>(HostState::interrupted) + 1;
constexpr int k_causes = static_cast<int>(CauseClass::unknown) + 1;

HostResult host(std::string name, HostState state, bool required = true, std::string detail = "") {
    HostResult result;
    result.name = std::move(name);
    result.state = state;
    result.required = required;
    result.detail = std::move(detail);
    return result;
}

TEST(Records, EveryStateHasAWordAPhraseAndAtMostOneClass) {
    std::set<std::string_view> words;
    int proved = 0, broken = 0, unknown = 0;
    for (int i = 0; i < k_states; ++i) {
        const auto state = static_cast<HostState>(i);
        EXPECT_TRUE(words.insert(state_word(state)).second) << state_word(state);
        EXPECT_FALSE(state_phrase(state).empty());
        EXPECT_LE(is_proved(state) + is_broken(state) + is_unknown(state), 1);
        proved += is_proved(state);
        broken += is_broken(state);
        unknown += is_unknown(state);
    }
    EXPECT_EQ(proved, 3);
    EXPECT_EQ(broken, 6);
    EXPECT_EQ(unknown, 3);
    EXPECT_EQ(state_word(HostState::dependency_failed), "dependency_failed");
    EXPECT_EQ(state_phrase(HostState::dependency_failed), "a dependency failed");
    for (const auto state : {HostState::evaluated, HostState::unsupported, HostState::skipped})
        EXPECT_FALSE(is_proved(state) || is_broken(state) || is_unknown(state)) << state_word(state);
}

TEST(Records, EveryCauseHasAWordAndAPhrase) {
    std::set<std::string_view> words;
    for (int i = 0; i < k_causes; ++i) {
        const auto cls = static_cast<CauseClass>(i);
        EXPECT_TRUE(words.insert(cause_word(cls)).second) << cause_word(cls);
        EXPECT_FALSE(cause_phrase(cls).empty());
    }
    EXPECT_EQ(cause_phrase(CauseClass::builder_failed), "the builder failed");
    for (const auto cls :
         {CauseClass::killed, CauseClass::evaluation_killed, CauseClass::out_of_memory, CauseClass::no_space,
          CauseClass::fetch_failed, CauseClass::daemon_lost, CauseClass::unknown})
        EXPECT_TRUE(is_infrastructure(cls)) << cause_word(cls);
    for (const auto cls : {CauseClass::evaluation, CauseClass::evaluation_timeout, CauseClass::builder_failed,
                           CauseClass::hash_mismatch, CauseClass::timeout_silent, CauseClass::missing_system})
        EXPECT_FALSE(is_infrastructure(cls)) << cause_word(cls);
}

TEST(Decide, AnAlarmThatStopsIsGraverThanAnyHostThatIsKnown) {
    const std::vector<LockAlarm> alarms{{AlarmSeverity::critical, "moved", "nix\npkgs", "came from a", true},
                                        {AlarmSeverity::warn, "from-registry", "x", "y", false}};
    const auto green = decide({host("a", HostState::built)}, alarms);
    EXPECT_EQ(green, (Verdict{Action::propose,
                              ExitCode::alarm,
                              {{"", "alarm moved: nix pkgs: came from a"}, {"", "1 host proved"}}}));
    const auto red = decide({host("a", HostState::failed)}, alarms);
    EXPECT_EQ(red.action, Action::propose);
    EXPECT_EQ(red.exit, ExitCode::alarm);
    EXPECT_EQ(red.reasons.size(), 2U);
    for (const auto state : {HostState::infra_error, HostState::interrupted, HostState::unsupported})
        EXPECT_EQ(decide({host("a", state)}, alarms), decide({host("a", state)})) << state_word(state);
    EXPECT_EQ(decide({host("a", HostState::built)}, {alarms[1]}), decide({host("a", HostState::built)}));
}

TEST(Decide, LandsWhenEveryRequiredHostIsProved) {
    const auto verdict =
        decide({host("a", HostState::built), host("b", HostState::cached), host("c", HostState::unchanged),
                host("d", HostState::evaluated), host("e", HostState::skipped)});
    EXPECT_EQ(verdict, (Verdict{Action::land, ExitCode::ok, {{"", "3 hosts proved, 1 only evaluated, 1 skipped"}}}));
    EXPECT_EQ(decide({host("a", HostState::evaluated)}).action, Action::land);
}

TEST(Decide, ProposesForEveryKindOfBrokenHostAndNamesItsState) {
    const auto verdict = decide({host("a", HostState::built), host("b", HostState::failed, true, "exit 1\n"),
                                 host("c", HostState::vanished), host("d", HostState::infra_error, true, "x")});
    EXPECT_EQ(verdict, (Verdict{Action::propose,
                                ExitCode::hosts_failed,
                                {{"b", "the build failed: exit 1"}, {"c", "gone after the update"}}}));
    for (const auto state : {HostState::failed, HostState::dependency_failed, HostState::eval_failed,
                             HostState::vanished, HostState::timeout, HostState::log_limit})
        EXPECT_EQ(decide({host("a", state)}).action, Action::propose) << state_word(state);
}

TEST(Decide, StopsWhereARequiredHostIsUnsupported) {
    const auto verdict =
        decide({host("a", HostState::unsupported, true, "needs aarch64-linux"), host("b", HostState::infra_error)});
    EXPECT_EQ(verdict, (Verdict{Action::stop, ExitCode::config, {{"a", "cannot be built here: needs aarch64-linux"}}}));
}

TEST(Decide, StopsWhileAnythingIsUnknown) {
    EXPECT_EQ(decide({host("a", HostState::built), host("b", HostState::infra_error, true, "disk full")}),
              (Verdict{Action::stop, ExitCode::infrastructure, {{"b", "the infrastructure failed: disk full"}}}));
    EXPECT_EQ(decide({host("a", HostState::infra_error), host("b", HostState::interrupted),
                      host("c", HostState::not_started)}),
              (Verdict{Action::stop,
                       ExitCode::interrupted,
                       {{"a", "the infrastructure failed"}, {"b", "interrupted"}, {"c", "not started"}}}));
    EXPECT_EQ(decide({host("a", HostState::not_started)}).exit, ExitCode::infrastructure);
}

TEST(Decide, StopsWithoutEvidence) {
    EXPECT_EQ(decide({}), (Verdict{Action::stop, ExitCode::config, {{"", "there are no hosts to prove"}}}));
    EXPECT_EQ(decide({host("a", HostState::skipped)}).exit, ExitCode::config);
    EXPECT_EQ(decide({host("a", HostState::skipped), host("b", HostState::built, false)}).action, Action::stop);
    EXPECT_EQ(decide({host("a", HostState::built, false)}).action, Action::stop);
}

TEST(Decide, OptionalHostsNeverDecide) {
    for (int i = 0; i < k_states; ++i) {
        const auto optional = host("z", static_cast<HostState>(i), false);
        for (int j = 0; j < k_states; ++j) {
            const auto required = host("a", static_cast<HostState>(j));
            EXPECT_EQ(decide({required, optional}), decide({required})) << state_word(optional.state);
        }
    }
}

TEST(Decide, KeepsItsInvariantsOnRandomFleets) {
    std::mt19937 random(99);
    // Few kinds of state in each fleet, so that landing is not a rarity.
    std::uniform_int_distribution<int> state(0, k_states - 1), size(0, 6), kinds(1, 3), coin(0, 3);
    int landed = 0;
    for (int round = 0; round < 20000; ++round) {
        std::vector<HostState> palette;
        for (int i = kinds(random); i > 0; --i) palette.push_back(static_cast<HostState>(state(random)));
        std::vector<HostResult> hosts;
        for (int i = size(random); i > 0; --i)
            hosts.push_back(host("h" + std::to_string(i),
                                 palette[static_cast<std::size_t>(state(random)) % palette.size()], coin(random) != 0));

        const auto verdict = decide(hosts);
        const auto required = [&](auto predicate) {
            return std::any_of(hosts.begin(), hosts.end(),
                               [&](const auto& h) { return h.required && predicate(h.state); });
        };
        const bool evidence = required([](HostState s) { return is_proved(s) || s == HostState::evaluated; });
        const bool doubt =
            required([](HostState s) { return !is_proved(s) && s != HostState::evaluated && s != HostState::skipped; });
        ASSERT_EQ(verdict.action == Action::land, evidence && !doubt);
        ASSERT_EQ(verdict.action == Action::propose, required(is_broken));
        ASSERT_EQ(verdict.exit == ExitCode::ok, verdict.action == Action::land);
        ASSERT_EQ(verdict.exit == ExitCode::hosts_failed, verdict.action == Action::propose);
        ASSERT_FALSE(verdict.reasons.empty());
        landed += verdict.action == Action::land;
    }
    EXPECT_GT(landed, 100);
}

TEST(Decide, ActionsHaveWords) {
    EXPECT_EQ(action_word(Action::land), "land");
    EXPECT_EQ(action_word(Action::propose), "propose");
    EXPECT_EQ(action_word(Action::stop), "stop");
}

}  // namespace
}  // namespace lockstep
