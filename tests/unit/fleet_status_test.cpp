// SPDX-License-Identifier: MIT
// States of hosts out of looks at them, and the texts made of these.
#include "lockstep/core/fleet_status.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

namespace lockstep {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string path(char hash, const std::string& name = "nixos-system-web1") {
    return "/nix/store/" + std::string(32, hash) + "-" + name;
}

/// Runs what was proved and left there.
FleetLook look() {
    FleetLook look;
    look.name = "web1";
    look.address = "10.0.0.1";
    look.reached = true;
    look.running = look.booted = look.profile = look.proved = look.left = path('a');
    look.generation = 42;
    look.uptime_seconds = 90'061;
    look.failed_units.emplace();
    look.store_free = 3U << 30U;
    return look;
}

template <class Change>
FleetState state_with(Change&& change) {
    auto host = look();
    change(host);
    return fleet_state(host);
}

TEST(FleetStatus, TheFirstThatHoldsIsTheState) {
    EXPECT_EQ(fleet_state(look()), FleetState::current);
    EXPECT_EQ(state_with([](auto& host) { host.reached = false; }), FleetState::unreachable);
    EXPECT_EQ(state_with([](auto& host) { host.running = host.profile = path('b'); }), FleetState::drifted);
    EXPECT_EQ(state_with([](auto& host) { host.proved = path('c'); }), FleetState::behind);
    EXPECT_EQ(state_with([](auto& host) { host.proved = ""; }), FleetState::unproved);
    EXPECT_EQ(state_with([](auto& host) { host.profile = path('b'); }), FleetState::behind)
        << "the next boot would start another one";
    EXPECT_EQ(state_with([](auto& host) { host.reboot_reasons = {"kernel"}; }), FleetState::reboot_pending);
    EXPECT_EQ(state_with([](auto& host) { host.proved = host.profile = path('c'); }), FleetState::reboot_pending)
        << "deployed, and waits for the boot";
    EXPECT_EQ(state_with([](auto& host) {
                  host.left = "";
                  host.running = host.profile = path('b');
              }),
              FleetState::behind)
        << "nothing was left there, so that nothing can have drifted";
    EXPECT_EQ(state_with([](auto& host) {
                  host.left = path('z');
                  host.left_to_boot = host.running;
                  host.proved = path('c');
              }),
              FleetState::behind)
        << "it was rebooted into what a deploy had left to its next boot";
    EXPECT_EQ(state_with([](auto& host) { host.left = path('z'); }), FleetState::current)
        << "what was proved is no drift, whoever brought it";
}

TEST(FleetStatus, BusyIsWhoeverHasTheHostOrAsksToBeLeftAlone) {
    const auto held = [](bool alive) {
        return state_with([&](auto& host) {
            host.holder = "run-7";
            host.holder_alive = alive;
        });
    };
    EXPECT_EQ(held(true), FleetState::busy);
    EXPECT_EQ(held(false), FleetState::current) << "a dead holder has nothing";
    EXPECT_EQ(state_with([](auto& host) { host.busy = {"/run/backup: until 3"}; }), FleetState::busy);
    EXPECT_EQ(state_with([](auto& host) { host.switch_by = "process 7"; }), FleetState::busy);
}

TEST(FleetStatus, PredicatesOfSelectors) {
    EXPECT_FALSE(is_changed(look()));
    EXPECT_FALSE(needs_reboot(look()));
    auto host = look();
    host.proved = path('c');
    EXPECT_TRUE(is_changed(host));
    EXPECT_FALSE(needs_reboot(host));
    host.profile = path('c');
    EXPECT_TRUE(is_changed(host)) << "it does not run yet";
    EXPECT_TRUE(needs_reboot(host));
    host = look();
    host.reboot_reasons = {"kernel"};
    EXPECT_FALSE(is_changed(host));
    EXPECT_TRUE(needs_reboot(host));
    host.reached = false;
    EXPECT_FALSE(needs_reboot(host)) << "of a host that does not answer nothing is known";
    host = look();
    host.proved = "";
    EXPECT_FALSE(is_changed(host));
}

TEST(FleetStatus, TheTableHasARowForEachHostAndRemarksBelow) {
    auto second = look();
    second.name = "db1";
    second.role = HostRole::monitor_only;
    second.running = path('b', "nixos-system-db1");
    second.failed_units = {{"nginx.service"}};
    second.boot_free = 10U << 20U;
    second.holder = "run-7";
    second.holder_state = "awaiting";
    auto third = look();
    third.name = "mac";
    third.reached = false;
    third.required = false;
    third.trouble = "no route\x1b[31m";
    const auto text = fleet_status_text({look(), second, third});
    EXPECT_THAT(text, HasSubstr("HOST  ROLE          STATE        GEN  UP     FAILED  STORE FREE  BOOT FREE  HOLDER\n"
                                "web1  deploy        current      42   1d 1h  0       3.0 GiB     -          -\n"
                                "db1   monitor_only  drifted      42   1d 1h  1       3.0 GiB     10.0 MiB   run-7 "
                                "(dead): awaiting\n"
                                "mac   deploy        unreachable  -    -      -       -           -          -\n"));
    EXPECT_THAT(text, HasSubstr("db1: runs bbbbbbb…-nixos-system-db1, a deploy left aaaaaaa…-nixos-system-web1\n"));
    EXPECT_THAT(text, HasSubstr("db1: failed: nginx.service\n"));
    EXPECT_THAT(text, HasSubstr("mac: may be off; no route\n"));
    EXPECT_THAT(text, Not(HasSubstr("web1:")));

    const auto json = nlohmann::json::parse(fleet_status_json({look(), second, third}));
    EXPECT_EQ(json["schema"], "lockstep-fleet-status/1");
    EXPECT_EQ(json["hosts"][0]["state"], "current");
    EXPECT_EQ(json["hosts"][0]["generation"], 42);
    EXPECT_EQ(json["hosts"][0]["holder"], nullptr);
    EXPECT_EQ(json["hosts"][1]["holder"]["run"], "run-7");
    EXPECT_EQ(json["hosts"][2]["required"], false);
    EXPECT_EQ(json["counts"]["drifted"], 1);
}

TEST(FleetStatus, UptimesAreShort) {
    EXPECT_EQ(uptime_text(40), "40s");
    EXPECT_EQ(uptime_text(300), "5min");
    EXPECT_EQ(uptime_text(12'000), "3h 20min");
    EXPECT_EQ(uptime_text(1'051'200), "12d 4h");
}

TEST(FleetDiff, SaysWhatADeployWouldChange) {
    FleetDifference host{.look = look()};
    host.look.proved = path('c');
    host.packages = diff_closures({{path('d', "openssh-9.2"), 100}}, {{path('e', "openssh-9.8"), 140}});
    host.kernel_before = "6.1";
    host.kernel_after = "6.6";
    host.reboots = {{"kernel", "initrd"}};
    FleetDifference gone{.look = look(), .trouble = "not on the host any more"};
    gone.look.name = "db1";
    gone.look.proved = path('c');
    EXPECT_EQ(fleet_diff_text({host, gone}),
              "web1  behind\n"
              "  aaaaaaa…-nixos-system-web1 → ccccccc…-nixos-system-web1\n"
              "  packages: 1 changed; +40 B, at most 140 B to copy\n"
              "    openssh: 9.2 → 9.8, +40 B\n"
              "  kernel 6.1 → 6.6\n"
              "  a reboot is needed for kernel, initrd\n"
              "\n"
              "db1  behind\n"
              "  aaaaaaa…-nixos-system-web1 → ccccccc…-nixos-system-web1\n"
              "  not on the host any more\n"
              "  whether it needs a reboot is not known\n");
    const auto json = nlohmann::json::parse(fleet_diff_json({host, gone}));
    EXPECT_EQ(json["hosts"][0]["packages"]["changed"][0]["name"], "openssh");
    EXPECT_EQ(json["hosts"][0]["reboot_reasons"][1], "initrd");
    EXPECT_EQ(json["hosts"][1]["packages"], nullptr);
    EXPECT_EQ(json["hosts"][1]["trouble"], "not on the host any more");
}

}  // namespace
}  // namespace lockstep
