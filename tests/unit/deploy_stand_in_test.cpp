// SPDX-License-Identifier: MIT
// The unit that goes on with a run when the switch of its own machine ends it.
#include "lockstep/adapters/deploy_stand_in.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lockstep::deploy {
namespace {

using ::testing::ElementsAre;

StandIn wish() {
    return {.program = "/nix/store/x/bin/lockstep", .run = "20261121T020000Z-ab12", .run_dir = "/var/lib/runs/r1"};
}

TEST(StandIn, IsAUnitOfItsOwnThatWaitsForTheRun) {
    EXPECT_THAT(stand_in_command(wish()).argv,
                ElementsAre("systemd-run", "--quiet", "--collect", "--no-block", "--service-type=exec",
                            "--unit=lockstep-resume-20261121T020000Z-ab12", "--", "/nix/store/x/bin/lockstep", "resume",
                            "--wait", "--plain", "--run-dir", "/var/lib/runs/r1"));
}

TEST(StandIn, AsAUserItBelongsToTheUsersOwnManager) {
    auto user = wish();
    user.user_manager = true;
    EXPECT_EQ(stand_in_command(user).argv.at(1), "--user");
}

TEST(StandIn, OnlyWhatSaysWhereThingsAreGoesAlong) {
    auto some = wish();
    some.environment = {"PATH=/a:/b",
                        "AWS_SECRET_ACCESS_KEY=s3cret",
                        "HOME=/root",
                        "LC_ALL=C",
                        "LOCKSTEP_BASE=x",
                        "NIX_ACCESS_TOKENS=t",
                        "TZ=a\nb",
                        "XDG_STATE_HOME=/s t",
                        "LOCKSTEP_TEST_FAILPOINT=deploy-acked=kill"};
    const auto argv = stand_in_command(some).argv;
    std::vector<std::string> along;
    for (const auto& word : argv)
        if (word.starts_with("--setenv=")) along.push_back(word.substr(9));
    EXPECT_THAT(along, ElementsAre("PATH=/a:/b", "HOME=/root", "LC_ALL=C", "LOCKSTEP_BASE=x", "XDG_STATE_HOME=/s t"));
}

}  // namespace
}  // namespace lockstep::deploy
