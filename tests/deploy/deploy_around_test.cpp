// SPDX-License-Identifier: MIT
// What the machine's file and the repository's say around a deploy: hooks, windows, risks, as somebody types them.
#include <gmock/gmock.h>

#include <ctime>

#include "deploy/deploy_program.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct DeployAround : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }

    /// The day of the week that is that many days away, in UTC.
    static std::string day_in(int days) {
        const auto then = std::time(nullptr) + days * 86400;
        std::tm parts{};
        gmtime_r(&then, &parts);
        static constexpr const char* k_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
        return k_names[parts.tm_wday];
    }
    static void add_to_machine_file(const DeployProgram& program, const std::string& text) {
        const auto file = program.lab.dir() / "machine.yaml";
        write_file(file, read_file(file) + text);
    }
};

TEST_F(DeployAround, OutsideOfWindowsNothingIsBegunAndEverybodyIsToldWhenTheNextOneOpens) {
    DeployProgram program({"web1"}, "  windows: ['" + day_in(3) + " 00:00-24:00 UTC']\n");
    const auto v1 = program.lab.host("web1").running();
    ASSERT_EQ(program.run({"build"}).code, 0);
    const auto plan = program.run({"deploy", "--dry-run"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    EXPECT_THAT(plan.err, HasSubstr("no maintenance window is open: nothing is begun; the next window opens at 20"));
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 52) << end.err;
    EXPECT_EQ(program.lab.host("web1").running(), v1);
    EXPECT_EQ(end.state_of("web1"), "not_started");
    EXPECT_THAT(end.report["verdict"]["reason"].dump(), HasSubstr("the next window opens at 20"));
    const auto why = program.run({"why"});
    EXPECT_THAT(why.out + why.err, HasSubstr("the next window opens at 20"));
    // The machine's file has the last word.
    add_to_machine_file(program, "deploy: { windows: ['daily 00:00-24:00'] }\n");
    EXPECT_EQ(program.run({"deploy"}).code, 0);
    EXPECT_NE(program.lab.host("web1").running(), v1);
}

TEST_F(DeployAround, AZoneThatNobodyKnowsIsAMistakeBeforeAnythingBegins) {
    DeployProgram program({"web1"}, "  windows: ['02:00-05:00 Mars/Olympus']\n");
    const auto v1 = program.lab.host("web1").running();
    ASSERT_EQ(program.run({"build"}).code, 0);
    const auto end = program.run({"deploy"});
    EXPECT_EQ(end.code, 78) << end.err;
    EXPECT_THAT(end.err, HasSubstr("the time zone \"Mars/Olympus\" is not known on this machine"));
    EXPECT_THAT(end.err, HasSubstr("write the window in UTC"));
    EXPECT_EQ(program.lab.host("web1").running(), v1);
}

TEST_F(DeployAround, HooksOfTheMachinesFileGoAroundRunWavesAndHosts) {
    DeployProgram program({"web1"}, "  strategy: parallel\n");
    const auto trace = (program.lab.dir() / "trace").string();
    std::string hooks = "hooks:\n";
    for (const std::string point :
         {"before_run", "after_run", "before_wave", "after_wave", "before_host", "after_host"})
        hooks += "  " + point + ": ['echo $LOCKSTEP_HOOK $FLEET_NODE $FLEET_USER $LOCKSTEP_COMMIT >> " + trace + "']\n";
    add_to_machine_file(program, hooks);
    ASSERT_EQ(program.run({"build"}).code, 0);
    EXPECT_EQ(program.run({"deploy", "--dry-run"}).code, 0);
    EXPECT_EQ(read_file(trace), "") << "a dry run runs no hooks";
    const auto end = program.run({"deploy"});
    ASSERT_EQ(end.code, 0) << end.err;
    const auto commit = end.status["commit"].get<std::string>();
    ASSERT_FALSE(commit.empty());
    EXPECT_EQ(read_file(trace), "before_run\nbefore_wave " + commit + "\nbefore_host web1 root " + commit +
                                    "\nafter_host web1 root " + commit + "\nafter_wave " + commit + "\nafter_run " +
                                    commit + "\n");
    EXPECT_EQ(end.status["hooks"]["run"], 5) << "all but the last, which comes after the deploy";
    EXPECT_THAT(end.report["notices"].dump(), HasSubstr("6 hooks run, 0 of them failed"));
    EXPECT_THAT(read_file(end.run_dir / "hooks/before_host-web1.log"), HasSubstr("exited with code 0"));
    EXPECT_GT(end.status["hosts"][0]["took_ms"].get<int>(), 0);
    const auto history = program.run({"history", "web1"});
    EXPECT_THAT(history.out, HasSubstr("confirmed"));
    EXPECT_THAT(history.out, HasSubstr("  proof: "));
    EXPECT_EQ(program.run({"history", "web9"}).code, 64);
}

TEST_F(DeployAround, AHostSaysByHandWhatSmartMakesOfIt) {
    DeployProgram program({"web1", "web2"});
    const auto file = program.repository / "lockstep.yaml";
    auto text = read_file(file);
    const auto at = text.find("web2: { ");
    text.insert(at + 8, "risk: critical, approval: \"the database lives here\", ");
    write_file(file, text);
    program.commit("a risk");
    ASSERT_EQ(program.run({"build"}).code, 0);
    const auto plan = program.run({"deploy", "--dry-run"});
    EXPECT_EQ(plan.code, 0) << plan.err;
    EXPECT_THAT(plan.err, HasSubstr("canary: web2"));
    EXPECT_THAT(plan.err, HasSubstr("web2: critical, said by hand"));
    EXPECT_THAT(plan.err, HasSubstr("web2: the database lives here"));
    EXPECT_EQ(program.run({"deploy"}).code, 52);
}

}  // namespace
}  // namespace lockstep::test
