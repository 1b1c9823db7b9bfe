// SPDX-License-Identifier: MIT
// The words of switch-to-configuration, as its versions say them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lockstep/adapters/deploy_switch.hpp"

namespace lockstep::deploy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(DeployStc, DryActivation) {
    const auto units = parse_unit_lists(
        "would stop the following units: accounts-daemon.service\n"
        "would NOT restart the following changed units: display-manager.service, dbus.service\n"
        "would activate the configuration...\n"
        "would restart systemd\n"
        "would reload the following units: dbus.service, firewall.service\n"
        "would restart the following units: nginx.service, sshd.service\r\n"
        "would start the following units: tmp.mount\n"
        "would restart the following user units: pipewire.service\n");
    EXPECT_THAT(units.stop, ElementsAre("accounts-daemon.service"));
    EXPECT_THAT(units.not_restarted, ElementsAre("display-manager.service", "dbus.service"));
    EXPECT_THAT(units.reload, ElementsAre("dbus.service", "firewall.service"));
    EXPECT_THAT(units.restart, ElementsAre("nginx.service", "sshd.service", "pipewire.service"));
    EXPECT_THAT(units.start, ElementsAre("tmp.mount"));
    EXPECT_TRUE(units.restart_systemd);
    EXPECT_THAT(units.failed, IsEmpty());
}

TEST(DeployStc, RealActivation) {
    const auto units = parse_unit_lists(
        "stopping the following units: a.service\n"
        "NOT restarting the following changed units: systemd-fsck@dev-disk-by\\x2duuid-DCF7\\x2d772A.service\n"
        "activating the configuration...\nsetting up /etc...\nreloading user units for roman...\n"
        "restarting the following units: b.service\nstarting the following units: a.service\n"
        "the following new units were started: c.service, d.timer\n"
        "warning: the following units failed: b.service\n");
    EXPECT_THAT(units.stop, ElementsAre("a.service"));
    EXPECT_THAT(units.not_restarted, ElementsAre("systemd-fsck@dev-disk-by\\x2duuid-DCF7\\x2d772A.service"));
    EXPECT_THAT(units.restart, ElementsAre("b.service"));
    EXPECT_THAT(units.started, ElementsAre("c.service", "d.timer"));
    EXPECT_THAT(units.failed, ElementsAre("b.service"));
}

TEST(DeployStc, Inhibitors) {
    const auto units = parse_unit_lists(
        "Checking switch inhibitors...\nThere are changes to critical components of the system:\n\n"
        "dbus-implementation : dbus -> broker\nzfs : 2.2 -> 2.3\n\n"
        "Switching into this system is not recommended.\nsomething else -> not an inhibitor\n"
        "Pre-switch check 'switchInhibitors' failed\nPre-switch checks failed\n");
    EXPECT_THAT(units.inhibitors, ElementsAre("dbus-implementation : dbus -> broker", "zfs : 2.2 -> 2.3"));
}

TEST(DeployStc, OtherTextIsNoList) {
    const auto units =
        parse_unit_lists("I would stop the following units: a.service\nwarning: nothing\n\x1b[31m\xff\xfe");
    EXPECT_THAT(units.stop, IsEmpty());
    EXPECT_THAT(units.failed, IsEmpty());
    std::string flood = "would restart the following units: ";
    for (int i = 0; i < 10'000; ++i) flood += "u.service, ";
    EXPECT_THAT(parse_unit_lists(flood).restart, SizeIs(2000));
}

TEST(DeployStc, ASystemThatDoesNotKnowTheWordIsNotInhibited) {
    const auto asked = [](const std::string& lines) { return parse_asked(lines + "end=n\n", "n").value(); };
    EXPECT_FALSE(asked("check_rc=1\ncheck_text=Usage:%20x%20[switch|boot]\ndry_rc=0\ndry_text=\n").inhibited);
    EXPECT_TRUE(asked("check_rc=1\ncheck_text=Pre-switch%20checks%20failed\ndry_rc=0\ndry_text=\n").inhibited);
    const auto plain =
        asked("check_rc=0\ncheck_text=\ndry_rc=4\ndry_text=would%20restart%20the%20following%20units:%20a.service\n");
    EXPECT_TRUE(plain.check_known);
    EXPECT_FALSE(plain.inhibited);
    EXPECT_EQ(plain.dry_rc, 4);
    EXPECT_THAT(plain.units.restart, ElementsAre("a.service"));
    EXPECT_EQ(asked("").dry_rc, -1);
    EXPECT_EQ(parse_asked("check_rc=0\n", "n"), std::nullopt);
}

}  // namespace
}  // namespace lockstep::deploy
