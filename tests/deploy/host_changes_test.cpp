// SPDX-License-Identifier: MIT
// What an update changes on hosts, in the report and in the pull request of a run.
#include <gmock/gmock.h>

#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(HostChanges, AreToldAgainstWhatLandedBefore) {
    LOCKSTEP_NEEDS_DEPLOY_LAB();
    DeployProgram program({"web1"}, "  strategy: parallel\n");
    program.follow_input("v1");
    const auto forge = "directory:" + (program.lab.dir() / "forge").string();
    const auto machine = read_file(program.lab.dir() / "machine.yaml");
    const auto run = [&](const std::string& mode) {
        write_file(program.lab.dir() / "machine.yaml", machine + "land: { mode: " + mode + " }\n");
        return program.run({"run", "--forge", forge});
    };
    program.publish("v2");
    const auto first = run("push");
    ASSERT_EQ(first.code, 0) << first.err;
    ASSERT_EQ(first.report["verdict"]["outcome"], "landed");
    EXPECT_TRUE(first.report["hosts"][0]["change"].is_null()) << "nothing had landed before";
    EXPECT_THAT(read_file(first.run_dir / "report.md"), Not(HasSubstr("What changes on hosts")));

    program.publish("v3");
    const auto second = run("pull-request");
    ASSERT_EQ(second.code, 0) << second.err;
    const auto& change = second.report["hosts"][0]["change"];
    EXPECT_EQ(change["from"], DeployProgram::proved(first, "web1"));
    EXPECT_THAT(change["packages"].get<std::string>(), HasSubstr("1 added, 1 removed"));
    EXPECT_THAT(change["copy_bytes"].get<int>(), ::testing::Gt(0));
    for (const auto& text :
         {read_file(second.run_dir / "report.md"), read_file(program.lab.dir() / "forge/pulls/1/body.md")}) {
        EXPECT_THAT(text, HasSubstr("What changes on hosts"));
        EXPECT_THAT(text, HasSubstr("| web1 |"));
        EXPECT_THAT(text, Not(HasSubstr("did not land"))) << "no canary was tried";
    }

    const auto third = run("push");
    ASSERT_EQ(third.code, 0) << third.err;
    EXPECT_EQ(third.report["hosts"][0]["change"]["from"], DeployProgram::proved(first, "web1"))
        << "a pull request is no landing";
}

}  // namespace
}  // namespace lockstep::test
