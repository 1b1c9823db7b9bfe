// SPDX-License-Identifier: MIT
// SIGTERM in the middle of a deploy: what could not be asked any more is no verdict, and the next process goes on from
// what the host says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "deploy/deploy_aside.hpp"
#include "lockstep/adapters/deploy_health.hpp"

namespace lockstep::test {
namespace {

using ::testing::HasSubstr;

struct DeployInterrupted : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
};

/// Two hosts in waves of one; from the signal on every child fails.
struct Signalled : DeployScene {
    explicit Signalled(const std::string& second_mode = "ok") {
        add("web1");
        add("web2", second_mode);
        target("web2").after = {"web1"};
        request.policy.strategy = DeployStrategy::rolling;
        request.policy.batches = {{1, false}};
        for (auto& each : request.targets) each.limits.confirm = 60;
        interrupted = [this] { return came ? 15 : 0; };
        children.refuses = [this] {
            if (due && due()) came = true;
            return came.load();
        };
    }
    [[nodiscard]] bool journal_says(const std::string& step, const std::string& text) const {
        for (const auto& line : store.lines())
            if (line.step == step && line.data.find(text) != std::string::npos) return true;
        return false;
    }
    void resume() {
        due = nullptr;
        failpoint = nullptr;
        came = false;
        deploy(begun_so_far(*this));
    }
    std::function<bool()> due;  ///< the signal comes with the next child
    std::atomic<bool> came{false};
};

TEST_F(DeployInterrupted, AHostThatWasBeingWatchedStaysConfirmed) {
    Signalled scene;
    scene.request.policy.soak = {Millis(100), 1};
    scene.due = [&] { return scene.journal_says("deploy-host", "confirmed"); };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::confirmed) << scene.host("web1").detail;
    EXPECT_EQ(scene.outcome("web2"), HostOutcome::cancelled);
    EXPECT_EQ(scene.record.exit, ExitCode::interrupted);

    scene.resume();
    scene.expect_new("web1");
    scene.expect_new("web2");
    EXPECT_THAT(scene.host("web1").evidence, ::testing::Not(::testing::IsEmpty())) << "it was looked at once more";
    EXPECT_EQ(times(scene.lab.host("web1"), "v2 test start"), 1);
    EXPECT_EQ(times(scene.lab.host("web1"), "v1 test start"), 0);
}

TEST_F(DeployInterrupted, AHostThatIsIllWhenItIsWatchedAgainGoesBack) {
    Signalled scene;
    scene.request.policy.soak = {Millis(100), 1};
    scene.target("web1").health.checks = {
        parse_health_check("command test ! -e /run/ill || grep -q v1 /run/current-system/lab-name").value()};
    scene.due = [&] { return scene.journal_says("deploy-host", "confirmed"); };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::confirmed) << scene.host("web1").detail;
    scene.lab.host("web1").sh("touch /run/ill");
    scene.resume();
    scene.expect_old("web1");
    scene.expect_old("web2", HostOutcome::not_started);
    EXPECT_TRUE(scene.lab.host("web2").steps().empty());
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

/// A canary, then two others, which somebody has to agree to.
struct GatedCanary : Signalled {
    GatedCanary() {
        add("web3");
        request.policy.strategy = DeployStrategy::canary;
        request.policy.batches.clear();
        request.policy.canary_hosts = {"web1"};
        request.policy.gates.after_canary = true;
        request.policy.soak = {Millis(100), 1};
    }
    void expect_the_others_wait() {
        expect_new("web1");
        for (const char* name : {"web2", "web3"}) {
            expect_old(name, HostOutcome::not_started);
            EXPECT_TRUE(lab.host(name).steps().empty()) << name;
        }
        EXPECT_EQ(record.exit, ExitCode::approval_missing);
    }
};

TEST_F(DeployInterrupted, TheGateAfterTheCanaryStaysWhenItsSoakWasCutOff) {
    GatedCanary scene;
    scene.due = [&] { return scene.journal_says("deploy-host", "confirmed"); };
    scene.deploy();
    scene.resume();
    scene.expect_the_others_wait();
    scene.resume();
    scene.expect_the_others_wait();
    scene.ask = [](const std::string&) { return GateAnswer::approved; };
    scene.resume();
    for (const char* name : {"web1", "web2", "web3"}) scene.expect_new(name);
}

/// web1 got the new system for its next boot, then the signal came.
struct BootPending : Signalled {
    BootPending() {
        target("web1").action = deploy::SwitchAction::boot;
        due = [this] { return journal_says("deploy-host", "boot_pending"); };
        deploy();
        EXPECT_EQ(outcome("web1"), HostOutcome::boot_pending) << host("web1").detail;
        EXPECT_EQ(lab.host("web1").profile(), v2("web1"));
        steps = lab.host("web1").steps();
    }
    std::vector<std::string> steps;
};

TEST_F(DeployInterrupted, AHostThatWaitsForItsBootWaitsOn) {
    BootPending scene;
    scene.resume();
    EXPECT_EQ(word(scene.outcome("web1")), "boot_pending") << scene.host("web1").detail;
    EXPECT_EQ(scene.lab.host("web1").steps(), scene.steps) << "it is not switched a second time";
    EXPECT_EQ(scene.lab.host("web1").boot_default(), scene.v2("web1"));
    scene.expect_new("web2");
}

TEST_F(DeployInterrupted, AHostThatWaitsForItsBootIsTakenBackWithTheOthers) {
    BootPending scene;
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.due = nullptr;
    scene.came = false;
    auto begun = begun_so_far(scene);
    begun.stopped = {.wave = "batch 2 of 2", .reason = "a failure"};
    scene.deploy(begun);
    scene.expect_old("web1");
    EXPECT_EQ(scene.lab.host("web1").boot_default(), scene.v1("web1"));
    scene.expect_old("web2", HostOutcome::not_started);
}

TEST_F(DeployInterrupted, AHostThatWasTakenUpGoesBackWithTheOthers) {
    for (const auto on_stop : {OnStop::rollback_run, OnStop::rollback_wave}) {
        Signalled scene("fail1");
        scene.target("web2").after.clear();
        scene.add("web3");
        if (on_stop == OnStop::rollback_wave) scene.request.policy.batches = {{2, false}};
        scene.request.policy.copies = scene.request.policy.activations = 1;
        scene.request.policy.on_stop = on_stop;
        scene.failpoint = [&](std::string_view step) -> Result<void> {
            if (step == "deploy-awaiting") scene.came = true;
            return {};
        };
        scene.deploy();
        EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown) << scene.host("web1").detail;
        scene.resume();
        scene.expect_old("web1");
        scene.expect_old("web2");
        scene.expect_old("web3", HostOutcome::not_started);
        EXPECT_EQ(times(scene.lab.host("web1"), "v1 test start"), 1);
    }
}

TEST_F(DeployInterrupted, AHostThatWasBeingProvedIsProvedByTheNextProcess) {
    Signalled scene;
    scene.failpoint = [&](std::string_view step) -> Result<void> {
        if (step == "deploy-awaiting") scene.came = true;
        return {};
    };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown) << scene.host("web1").detail;
    EXPECT_FALSE(scene.journal_says("deploy-host", "web1")) << "its switch stays open";

    scene.resume();
    scene.expect_new("web1");
    scene.expect_new("web2");
    EXPECT_EQ(times(scene.lab.host("web1"), "v2 test start"), 1);
}

/// web1 is confirmed, web2 fails, and web1 is to go back; the signal comes at `step` of that.
void interrupt_rollback(const std::string& step) {
    Signalled scene("fail1");
    scene.request.policy.on_stop = OnStop::rollback_run;
    scene.failpoint = [&](std::string_view at) -> Result<void> {
        if (at == step && scene.journal_says("switch", "run-1-back")) scene.came = true;
        return {};
    };
    scene.deploy();
    EXPECT_EQ(scene.outcome("web1"), HostOutcome::unknown) << scene.host("web1").detail;
    scene.expect_old("web2");

    scene.resume();
    scene.expect_old("web1");
    EXPECT_EQ(scene.lab.host("web1").boot_default(), scene.v1("web1"));
    EXPECT_EQ(times(scene.lab.host("web1"), "v1 test start"), 1);
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_rolled_back);
}

TEST_F(DeployInterrupted, ARollbackThatHadBegunIsTakenUp) {
    interrupt_rollback("deploy-rollback");
}

TEST_F(DeployInterrupted, ARollbackThatWasAboutToBeginIsBegunByTheNextProcess) {
    interrupt_rollback("deploy-intent");
}

/// Two canaries and another host; one failure is tolerated, of canaries none.
struct TwoCanaries : Signalled {
    explicit TwoCanaries(const std::string& second_mode = "slow 2") : Signalled("ok") {
        request.targets.clear();
        add("a1", "fail2");
        add("a2", second_mode);
        add("b1");
        for (auto& each : request.targets) each.limits.confirm = 60;
        request.policy.strategy = DeployStrategy::canary;
        request.policy.canary_hosts = {"a1", "a2"};
        request.policy.batches.clear();
        request.policy.tolerate = {.amount = 1};
    }
    void expect_stopped(const std::string& reason) {
        expect_old("a1");
        expect_old("b1", HostOutcome::not_started);
        EXPECT_TRUE(lab.host("b1").steps().empty());
        EXPECT_THAT(record.reason, HasSubstr(reason));
        EXPECT_EQ(record.exit, ExitCode::deploy_rolled_back);
    }
};

TEST_F(DeployInterrupted, ARunThatACanaryHadStoppedStaysStopped) {
    for (const auto on_stop : {OnStop::keep, OnStop::rollback_wave}) {
        TwoCanaries scene;
        scene.request.policy.on_stop = on_stop;
        scene.due = [&] { return scene.journal_says("deploy-host", "\"a1\""); };
        scene.deploy();
        EXPECT_EQ(scene.outcome("a2"), HostOutcome::unknown) << scene.host("a2").detail;
        scene.resume();
        scene.expect_stopped("wave canary: 1 failure");
        if (on_stop == OnStop::keep)
            scene.expect_new("a2");
        else
            scene.expect_old("a2");
        const auto steps = scene.lab.host("a2").steps();
        scene.resume();
        EXPECT_EQ(scene.lab.host("a2").steps(), steps);
        scene.expect_stopped("wave canary: 1 failure");
    }
}

TEST_F(DeployInterrupted, ACanaryThatWentBackMeanwhileStopsTheRun) {
    TwoCanaries scene;
    DeployBegun begun;
    begun.waves = {{.name = "canary", .hosts = {"a1", "a2"}, .canary = true}};
    begun.ended = {{.name = "a1", .outcome = HostOutcome::rolled_back, .wave = "canary"}};
    scene.deploy(begun);
    scene.expect_stopped("wave canary");
    scene.expect_old("a2", HostOutcome::not_started);
}

TEST_F(DeployInterrupted, ABatchThatExceededItsLimitStaysTheLast) {
    TwoCanaries scene;
    scene.request.policy.tolerate_total = DeployShare{.amount = 3};
    DeployBegun begun;
    begun.waves = {{.name = "batch 1 of 2", .hosts = {"a1"}, .tolerated = 0}};
    begun.ended = {{.name = "a1", .outcome = HostOutcome::rolled_back, .wave = "batch 1 of 2"}};
    scene.request.policy.strategy = DeployStrategy::rolling;
    scene.deploy(begun);
    scene.expect_stopped("batch 1 of 2");
}

TEST_F(DeployInterrupted, AStopThatWasWrittenDownIsToldAndCarriedOut) {
    TwoCanaries scene("ok");
    scene.request.policy.on_stop = OnStop::rollback_run;
    DeployBegun begun;
    begun.stopped = {.wave = "canary", .reason = "what could not be judged was not accepted"};
    scene.deploy(begun);
    EXPECT_EQ(scene.record.reason, "what could not be judged was not accepted");
    for (const char* name : {"a1", "a2", "b1"}) scene.expect_old(name, HostOutcome::not_started);
    EXPECT_EQ(scene.record.exit, ExitCode::approval_missing) << "nothing failed";
}

}  // namespace
}  // namespace lockstep::test
