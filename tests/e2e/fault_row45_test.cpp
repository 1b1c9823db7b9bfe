// SPDX-License-Identifier: MIT
// Hooks of a run: what they may forbid, and what they may not change.
#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class FaultRow45 : public ::testing::Test, protected BadInputScene {
protected:
    void SetUp() override {
        LOCKSTEP_NEEDS_NIX();
        publish_small_fleet();
        fleet.part("catalogue", "tls", {.text = "2"});
        before = on_remote({"rev-parse", "main"});
    }
    LockstepEnd run_with(const std::string& hooks, std::vector<std::string> arguments = {"run", "--forge", "none"}) {
        write_file(lab / "machine.yaml", "config_version: 1\nhooks:\n" + hooks);
        arguments.insert(arguments.end(), {"--config", (lab / "machine.yaml").string(), "--repo",
                                           fleet.repository().string(), "--plain"});
        return lockstep.run(arguments, {"DIR=" + lab.root().string()});
    }
    [[nodiscard]] std::string tip() const { return on_remote({"rev-parse", "main"}); }

    std::string before;
};

TEST_F(FaultRow45, AHookBeforeTheRunThatFailsKeepsItFromBeginning) {
    const auto end = run_with(
        "  before_run: ['echo not on a friday; exit 4', 'touch $DIR/second']\n  after_run: ['cat > $DIR/told']\n");
    EXPECT_EQ(end.code, 52) << end.err;
    EXPECT_EQ(tip(), before);
    EXPECT_THAT(end.err, HasSubstr("hook before_run exited with code 4: not on a friday (hooks/before_run.log)"));
    EXPECT_FALSE(std::filesystem::exists(lab / "second"));
    EXPECT_THAT(read_file(lab / "told"), HasSubstr(R"("outcome":"stopped")"));
    EXPECT_THAT(read_file(lab / "told"), HasSubstr(R"("exit_code":52)"));
    EXPECT_THAT(read_file(end.run_dir / "hooks/before_run.log"), HasSubstr("not on a friday\n"));
}

TEST_F(FaultRow45, AHookThatOnlyWarnsOrComesAfterwardsChangesNothing) {
    const auto end =
        run_with("  on_failure: warn\n  before_run: ['false']\n  after_run: ['cat > $DIR/told; exit 1']\n");
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_NE(tip(), before);
    EXPECT_THAT(read_file(lab / "told"), HasSubstr(R"("outcome":"landed")"));
    EXPECT_THAT(read_file(lab / "told"), HasSubstr(R"("commit":")" + tip()));
    EXPECT_THAT(end.report["notices"].dump(), HasSubstr("2 hooks run, 2 of them failed"));
}

TEST_F(FaultRow45, ADryRunRunsNoHook) {
    const auto end = run_with("  before_run: ['touch $DIR/begun; false']\n", {"run", "--forge", "none", "--dry-run"});
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_FALSE(std::filesystem::exists(lab / "begun"));
}

TEST_F(FaultRow45, TheRepositoryCanNeitherSetHooksNorWeakenThem) {
    for (const std::string line : {"before_run: ['touch $DIR/begun']", "on_failure: warn", "timeout: 1s"}) {
        publish_file("lockstep.yaml", "config_version: 1\nhooks:\n  " + line + "\n");
        const auto end = run_with("  before_run: ['true']\n");
        EXPECT_EQ(end.code, 78) << line << end.err;
        EXPECT_THAT(end.err, HasSubstr("hooks." + line.substr(0, line.find(':'))));
    }
    EXPECT_FALSE(std::filesystem::exists(lab / "begun"));
}

TEST_F(FaultRow45, AHookMayCallLockstep) {
    const auto end = run_with("  after_run: ['" LOCKSTEP_BINARY " history --repo " + fleet.repository().string() +
                              " > $DIR/said 2>&1']\n");
    EXPECT_EQ(end.code, 0) << end.err;
    EXPECT_THAT(read_file(lab / "said"), Not(HasSubstr("there is no such key")));
    EXPECT_THAT(read_file(end.run_dir / "hooks/after_run.log"), HasSubstr("exited with code 0"));
}

}  // namespace
}  // namespace lockstep::test
