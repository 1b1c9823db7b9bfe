// SPDX-License-Identifier: MIT
// A command on many hosts: who is still begun, which address is taken, and what an interruption ends.
#include <gmock/gmock.h>

#include "deploy/deploy_scene.hpp"
#include "lockstep/app/fleet_commands.hpp"
#include "support/deploy_site.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

struct FleetExecution : ::testing::Test {
    void SetUp() override {
        LOCKSTEP_NEEDS_DEPLOY_LAB();
        scene = std::make_unique<DeployScene>();
        for (const char* name : {"web1", "web2"}) {
            FleetTarget target;
            target.name = name;
            target.addresses = {target_of(scene->lab, scene->lab.host(name))};
            targets.push_back(std::move(target));
        }
    }
    [[nodiscard]] FleetPorts ports(std::size_t parallel) const {
        return {.processes = scene->children,
                .clock = scene->clock,
                .run = "run-1",
                .secret = "secret",
                .parallel = parallel,
                .interrupted = {}};
    }
    std::vector<FleetExec> run(const std::vector<std::string>& argv, std::optional<std::size_t> tolerate,
                               const OnHostText& on_text = {}) {
        const FleetOrder order{.argv = argv, .tolerate = tolerate, .keep_bytes = 1000};
        return exec_on_fleet(targets, order, ports(1), on_text);
    }

    std::unique_ptr<DeployScene> scene;
    std::vector<FleetTarget> targets;
};

TEST_F(FleetExecution, MoreFailuresThanToleratedStartNobodyElse) {
    const auto stopped = run({"sh", "-c", "exit 3"}, 0);
    EXPECT_EQ(stopped[0].end, ExecEnd::failed);
    EXPECT_EQ(stopped[0].code, 3);
    EXPECT_EQ(stopped[1].end, ExecEnd::not_started);
    for (const auto& host : run({"sh", "-c", "exit 3"}, std::nullopt)) EXPECT_EQ(host.end, ExecEnd::failed);
    EXPECT_EQ(run({"sh", "-c", "exit 3"}, 1)[1].end, ExecEnd::failed) << "one is tolerated";
}

TEST_F(FleetExecution, AnAddressThatNobodyAnswersAtGivesWayToTheNext) {
    auto nowhere = targets[0].addresses.front();
    nowhere.host = "127.0.0.1";
    targets[0].addresses.insert(targets[0].addresses.begin(), nowhere);
    const auto results = run({"hostname"}, std::nullopt);
    EXPECT_EQ(results[0].end, ExecEnd::done) << results[0].trouble;
    EXPECT_EQ(results[0].out, "web1\n");
    EXPECT_EQ(results[0].address, scene->lab.host("web1").address());
    targets[1].addresses = {nowhere};
    const auto unreachable = run({"hostname"}, std::nullopt)[1];
    EXPECT_EQ(unreachable.end, ExecEnd::unreachable);
    EXPECT_THAT(unreachable.trouble, HasSubstr("refused"));
}

TEST_F(FleetExecution, AnInterruptionEndsTheConnections) {
    const auto results = run({"sh", "-c", "echo begun; exec sleep 1000"}, 5, [&](Stream, std::string_view text) {
        EXPECT_EQ(text, "web1 | begun\n");
        scene->supervisor.stop_all(true);
    });
    EXPECT_EQ(results[0].end, ExecEnd::interrupted);
    EXPECT_EQ(results[1].end, ExecEnd::interrupted);
}

}  // namespace
}  // namespace lockstep::test
