// SPDX-License-Identifier: MIT
// Questions and orders to the host's side of a switch, and its answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/deploy_switch.hpp"

namespace lockstep::deploy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string k_new = "/nix/store/00000000000000000000000000000000-new";
const std::string k_old = "/nix/store/11111111111111111111111111111111-old";

SwitchRequest request() {
    SwitchRequest result;
    result.run = "2026-11-21-a1";
    result.token = switch_token(result.run, "web1", k_new, "secret");
    result.new_path = k_new;
    result.old_path = k_old;
    return result;
}

SshTarget target() {
    SshTarget result;
    result.host = "web1";
    return result;
}

TEST(DeploySupervisor, TheStartCarriesEverythingTheHostNeeds) {
    const auto command = start_command(target(), request(), "n1");
    EXPECT_THAT(command.stdin_text, HasSubstr("lockstep_run=2026-11-21-a1\n"));
    EXPECT_THAT(command.stdin_text, HasSubstr("lockstep_old=" + k_old + "\n"));
    EXPECT_THAT(command.stdin_text, HasSubstr("lockstep_watchdog_after=365\n"));
    EXPECT_THAT(command.stdin_text, HasSubstr("<<'lockstep-end-n1'\n"));
    EXPECT_THAT(command.stdin_text, HasSubstr("\nlockstep-end-n1\n}\n"));
    EXPECT_THAT(command.stdin_text, HasSubstr("lockstep_action=switch\n"));
    // A secret is nothing for a command line.
    for (const auto& word : command.argv) EXPECT_THAT(word, Not(HasSubstr(request().token)));
}

TEST(DeploySupervisor, TokensTellRunsHostsAndPathsApart) {
    const auto token = switch_token("r", "h", "p", "s");
    EXPECT_EQ(token, switch_token("r", "h", "p", "s"));
    EXPECT_EQ(token.size(), 32u);
    for (const auto& other :
         {switch_token("x", "h", "p", "s"), switch_token("r", "x", "p", "s"), switch_token("r", "h", "x", "s"),
          switch_token("r", "h", "p", "x"), switch_token("rh", "", "p", "s")})
        EXPECT_NE(token, other);
}

TEST(DeploySupervisor, RunsHaveNamesThatUnitsAndFoldersMayHave) {
    EXPECT_TRUE(is_run_name("20261121T1910-a1b2.3"));
    for (const char* text : {"", ".", "..", "-x", "a/b", "a b", "a;b", "a'b"}) EXPECT_FALSE(is_run_name(text)) << text;
    EXPECT_FALSE(is_run_name(std::string(65, 'a')));
}

TEST(DeploySupervisor, TheStateIsReadAsAWhole) {
    const auto state = parse_state(
        "present=1\nversion=1\nrun=r1\nstate=awaiting\naction=switch\nrc=4\nreason=\nrollback_rc=\n"
        "by=supervisor\nsince=100\ndeadline=160\nboot_written=\nold_profile=\nnew=" +
            k_new + "\nold=" + k_old + "\ncomplete=1\nboot_id=b-1\nuptime=130\nrunning=" + k_new +
            "\nprofile=" + k_old +
            "\nsupervisor_alive=1\nwatchdog_armed=0\nholder=r1\n"
            "log_size=77\nend=n\n",
        "n");
    ASSERT_TRUE(state);
    EXPECT_EQ(state->phase, SwitchPhase::awaiting);
    EXPECT_EQ(state->rc, 4);
    EXPECT_EQ(state->rollback_rc, std::nullopt);
    EXPECT_EQ(state->deadline, 160u);
    EXPECT_EQ(state->uptime, 130u);
    EXPECT_EQ(state->running, k_new);
    EXPECT_EQ(state->profile, k_old);
    EXPECT_TRUE(state->supervisor_alive);
    EXPECT_FALSE(state->watchdog_armed);
    EXPECT_EQ(state->ordered, std::nullopt);
    EXPECT_EQ(state->log_size, 77u);
}

TEST(DeploySupervisor, NoStateAndNoAnswerAreDifferentThings) {
    EXPECT_EQ(parse_state("present=1\nstate=committed\n", "n"), std::nullopt);
    EXPECT_EQ(parse_state("", "n"), std::nullopt);
    EXPECT_EQ(parse_state("present=0\nboot_id=b\nend=n\n", "n")->phase, SwitchPhase::none);
    EXPECT_EQ(parse_state("present=1\nstate=dancing\nend=n\n", "n")->phase, SwitchPhase::unknown);
    EXPECT_EQ(parse_state("ordered=no\npresent=0\nend=n\n", "n")->ordered, false);
    EXPECT_EQ(parse_state("ordered=ack\npresent=1\nstate=awaiting\nend=n\n", "n")->ordered, true);
}

TEST(DeploySupervisor, EachPhaseHasItsNameAndIsFinalOrNot) {
    int finals = 0;
    for (int i = 0; i <= static_cast<int>(SwitchPhase::unknown); ++i) {
        const auto phase = static_cast<SwitchPhase>(i);
        if (is_final(phase)) ++finals;
        if (phase == SwitchPhase::none || phase == SwitchPhase::unknown) continue;
        const auto state = parse_state("present=1\nstate=" + std::string(name_of(phase)) + "\nend=n\n", "n");
        EXPECT_EQ(state->phase, phase) << name_of(phase);
    }
    EXPECT_EQ(finals, 6);
}

TEST(DeploySupervisor, StartIsAnsweredOrNot) {
    EXPECT_EQ(parse_started("started=now\nend=n\n", "n")->result, StartResult::started);
    EXPECT_EQ(parse_started("started=already\nend=n\n", "n")->result, StartResult::already);
    const auto held =
        parse_started("holder=r0\nholder_state=awaiting\nholder_alive=1\nrefused=held\nwhy=x\nend=n\n", "n");
    EXPECT_EQ(held->result, StartResult::held);
    EXPECT_EQ(held->holder, "r0");
    EXPECT_TRUE(held->holder_alive);
    EXPECT_EQ(parse_started("refused=drifted\nwhy=\nend=n\n", "n")->result, StartResult::drifted);
    EXPECT_EQ(parse_started("refused=something_new\nwhy=\nend=n\n", "n")->result, StartResult::not_started);
    EXPECT_EQ(parse_started("started=now\n", "n"), std::nullopt);
    EXPECT_EQ(parse_started("end=n\n", "n"), std::nullopt);
}

TEST(DeploySupervisor, TheLogIsEverythingBehindTheHead) {
    const auto chunk = parse_log("log_size=500\nend=n\nend=n\nrunning=x\n\xff half a li", "n", 100);
    ASSERT_TRUE(chunk);
    EXPECT_EQ(chunk->text, "end=n\nrunning=x\n\xff half a li");
    EXPECT_EQ(chunk->next, 100 + chunk->text.size());
    EXPECT_EQ(chunk->size, 500u);
    EXPECT_EQ(parse_log("log_size=500\n", "n", 0), std::nullopt);
    const auto big = parse_log("log_size=3000000\nend=n\n" + std::string(3'000'000, 'x'), "n", 0);
    ASSERT_TRUE(big);
    EXPECT_EQ(big->next, 3'000'000u);
}

TEST(DeploySupervisor, PinsCountOnlyWhenAllHold) {
    EXPECT_EQ(parse_pinned("pinned_new=1\npinned_old=1\nend=n\n", "n"), true);
    EXPECT_EQ(parse_pinned("pinned_new=1\npinned_old=0\nend=n\n", "n"), false);
    EXPECT_EQ(parse_pinned("end=n\n", "n"), false);
    EXPECT_EQ(parse_pinned("pinned_new=1\n", "n"), std::nullopt);
}

}  // namespace
}  // namespace lockstep::deploy
