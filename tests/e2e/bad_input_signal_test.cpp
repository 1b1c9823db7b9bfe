// SPDX-License-Identifier: MIT
// Interrupted while a builder runs: the run ends its children, leaves a report, and touches nothing of anybody's.
#include <sys/stat.h>

#include <csignal>

#include "e2e/bad_input_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::IsEmpty;

class Interrupted : public ::testing::TestWithParam<int> {};

TEST_P(Interrupted, WhileAHostIsBuilt) {
    LOCKSTEP_NEEDS_NIX();
    BadInputScene scene;
    scene.publish_small_fleet();
    const auto gate = scene.lab / "gate";
    ASSERT_EQ(mkfifo(gate.c_str(), 0600), 0);
    scene.fleet.part("catalogue", "tls", {Recipe::Kind::hangs, gate.string()});
    const Witness witness(scene);
    const auto refs = scene.on_remote({"for-each-ref"});
    StartedLockstep started(scene.lab, {"run", "--repo", scene.fleet.repository().string(), "--plain"});
    auto opened = started.open_gate(gate);  // the builder runs now, and waits for a line
    ASSERT_TRUE(opened) << started.wait().err;
    started.signal(GetParam());
    const auto end = started.wait();
    EXPECT_EQ(end.code, 128 + GetParam()) << end.err;
    EXPECT_THAT(processes_of(scene.lab), IsEmpty());
    witness.expect_checkout_unchanged();
    EXPECT_EQ(scene.on_remote({"for-each-ref"}), refs);  // the lock was given back, too
    ASSERT_TRUE(end.report.is_object()) << "no report in " << end.run_dir;
    EXPECT_EQ(end.report["verdict"]["exit_code"], 128 + GetParam());
    EXPECT_EQ(end.report["verdict"]["outcome"], "stopped");
    EXPECT_NE(end.report["verdict"]["next_action"], "");
}

INSTANTIATE_TEST_SUITE_P(Signals, Interrupted, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& one) { return std::string(one.param == SIGINT ? "SIGINT" : "SIGTERM"); });

}  // namespace
}  // namespace lockstep::test
