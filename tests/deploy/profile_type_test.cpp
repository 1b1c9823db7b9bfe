// SPDX-License-Identifier: MIT
// nix-darwin and home-manager, as far as a Linux host without systemd can play them: the links, the profile, the way
// back.
#include <gmock/gmock.h>

#include "deploy/deploy_scene.hpp"

namespace lockstep::test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

struct ProfileTypes : ::testing::Test {
    void SetUp() override { LOCKSTEP_NEEDS_DEPLOY_LAB(); }
    static LabHost& add_darwin(DeployScene& scene, const std::string& mode) {
        auto& host = scene.add("mac", mode, "ok", {.systemd = false});
        scene.target("mac").type = ProfileType::darwin;
        return host;
    }
};

TEST_F(ProfileTypes, DarwinIsActivatedProvedAndThenPermanent) {
    DeployScene scene;
    auto& host = add_darwin(scene, "ok");
    scene.deploy();
    scene.expect_new("mac");
    EXPECT_THAT(host.steps(), ElementsAre("v2 test start", "v2 test rc=0")) << "no switch-to-configuration is asked";
    EXPECT_FALSE(host.exists("/run/lockstep"));
    scene.deploy();
    EXPECT_EQ(word(scene.outcome("mac")), "unchanged");
}

TEST_F(ProfileTypes, ThePlanSaysThatThereIsNoWatchdog) {
    DeployScene scene;
    auto& host = add_darwin(scene, "ok");
    scene.request.dry_run = true;
    scene.deploy();
    EXPECT_THAT(scene.record.plan, Contains(HasSubstr("mac: darwin has no watchdog")));
    EXPECT_TRUE(host.steps().empty());
}

TEST_F(ProfileTypes, ADarwinThatIsNotWellGoesBackAndItsProfileWasNeverTheNewOne) {
    DeployScene scene;
    auto& host = add_darwin(scene, "ok");
    scene.target("mac").health.checks = {
        parse_health_check("command readlink -f /run/current-system | grep -q lab-v1").value()};
    scene.deploy();
    scene.expect_old("mac");
    EXPECT_THAT(scene.host("mac").detail, HasSubstr("unhealthy"));
    EXPECT_EQ(host.sh("readlink /nix/var/nix/profiles/system-*-link"), scene.v1("mac") + "\n");
}

TEST_F(ProfileTypes, AnActivationThatFailsHasChangedNothing) {
    DeployScene scene;
    add_darwin(scene, "fail1");
    scene.deploy();
    scene.expect_old("mac", HostOutcome::failed);
    EXPECT_THAT(scene.host("mac").detail, HasSubstr("ended with code 1; nothing changed"));
}

TEST_F(ProfileTypes, AWayBackThatFailsNeedsAPerson) {
    DeployScene scene;
    auto& host = scene.add("mac", "ok", "fail1", {.systemd = false});
    scene.target("mac").type = ProfileType::darwin;
    scene.target("mac").health.checks = {parse_health_check("command false").value()};
    scene.deploy();
    EXPECT_EQ(word(scene.outcome("mac")), "rollback_failed");
    EXPECT_THAT(scene.host("mac").manual, HasSubstr(scene.v1("mac") + "/activate"));
    EXPECT_EQ(host.running(), scene.v2("mac"));
    EXPECT_EQ(scene.record.exit, ExitCode::deploy_unknown);
}

/// A user's generation beside a system that nobody touches.
struct HomeScene : DeployScene {
    explicit HomeScene(const std::string& mode = "home") : host(add("box", mode)) {
        old_home = lab.system({.name = "h1", .mode = "home"});
        host.receive(old_home);
        host.sh("HOME=/root " + old_home + "/activate 2>/dev/null");
        target("box").type = ProfileType::home_manager;
        target("box").addresses.front().become = "false";  // nothing is to need root
    }
    [[nodiscard]] std::string running() const {
        return host.sh("readlink -f /root/.local/state/home-manager/gcroots/current-home");
    }
    [[nodiscard]] std::string profile() const {
        return host.sh("readlink -f /root/.local/state/nix/profiles/home-manager");
    }
    LabHost& host;
    std::string old_home;
};

TEST_F(ProfileTypes, AHomeIsTheUsersAndTheSystemIsNotTouched) {
    HomeScene scene;
    scene.deploy();
    EXPECT_EQ(word(scene.outcome("box")), "confirmed") << scene.DeployScene::host("box").detail;
    EXPECT_EQ(scene.running(), scene.v2("box") + "\n");
    EXPECT_EQ(scene.profile(), scene.v2("box") + "\n");
    EXPECT_EQ(scene.host.running(), scene.v1("box"));
    EXPECT_EQ(scene.host.profile(), scene.v1("box"));
    scene.deploy();
    EXPECT_EQ(word(scene.outcome("box")), "unchanged");
}

TEST_F(ProfileTypes, AHomeThatIsNotWellGoesBack) {
    HomeScene scene;
    scene.target("box").health.checks = {
        parse_health_check("command readlink -f /root/.local/state/nix/profiles/home-manager | grep -q lab-h1")
            .value()};
    scene.deploy();
    EXPECT_EQ(word(scene.outcome("box")), "rolled_back") << scene.DeployScene::host("box").detail;
    EXPECT_EQ(scene.running(), scene.old_home + "\n");
    EXPECT_EQ(scene.profile(), scene.old_home + "\n");
}

}  // namespace
}  // namespace lockstep::test
