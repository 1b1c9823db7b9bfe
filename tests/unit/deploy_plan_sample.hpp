// SPDX-License-Identifier: MIT
// A plan with something in every field.
#pragma once

#include <chrono>

#include "lockstep/core/deploy_plan_file.hpp"

namespace lockstep {

inline DeployPlanFile sample_plan() {
    using namespace std::chrono_literals;
    DeployPlanFile plan;
    plan.commit = "0123456789012345678901234567890123456789";
    plan.proof = "20261121-020000-abcd";
    plan.policy = {{"deploy.strategy", "canary"}, {"deploy.gates", "[after-canary]"}};
    plan.waves = {{.name = "canary", .reason = "as named", .gate = "", .hosts = {"web1"}},
                  {.name = "batch 1 of 1", .reason = "the rest", .gate = "after the canary", .hosts = {"web2"}}};
    const std::string v1 = "/nix/store/00000000000000000000000000000000-nixos-system-web-24.05";
    const std::string v2 = "/nix/store/11111111111111111111111111111111-nixos-system-web-24.11";
    PlannedHost web1;
    web1.name = "web1";
    web1.from = v1;
    web1.to = v2;
    web1.action = "switch";
    web1.backend = "embedded";
    web1.reboot = "if-needed";
    web1.reboot_reasons = {"kernel"};
    web1.wave = "canary";
    web1.after = {"db"};
    web1.risk = "kernel";
    web1.approval = "holds the money";
    web1.impact.packages = "2 packages change";
    web1.impact.package_lines = {"linux 6.1.55 → 6.6.1", "openssl 3.0.1 → 3.0.2"};
    web1.impact.kernel = "6.1.55 → 6.6.1";
    web1.impact.units = UnitImpact{.stop = {"a.service"},
                                   .start = {"b.service"},
                                   .restart = {"sshd.service"},
                                   .reload = {"d.service"},
                                   .by_boot = true};
    auto web2 = web1;
    web2.name = "web2";
    web2.wave = "batch 1 of 1";
    web2.impact = {};
    plan.hosts = {web1, web2};
    plan.created = std::chrono::system_clock::time_point(1'795'226'400s);
    plan.run = "20261121-030000-ef01";
    plan.tool = "0.1.0";
    plan.measured["web1"] = {.copy_bytes = 1000,
                             .store_free = 5000,
                             .boot_free = 700,
                             .boot_needed = 800,
                             .expected = std::chrono::milliseconds(50'000)};
    plan.measured["web2"] = {};
    return plan;
}

}  // namespace lockstep
