// SPDX-License-Identifier: MIT
// Plans as files: what is read is what was written, what is agreed to is in the hash, and every difference is named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "lockstep/core/deploy_plan_file.hpp"
#include "lockstep/core/sha256.hpp"
#include "lockstep/core/text.hpp"
#include "unit/deploy_plan_sample.hpp"

namespace lockstep {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using Json = nlohmann::json;

Json sample_json() {
    return Json::parse(plan_file_json(sample_plan()));
}

/// With the hash that the changed content has: as whoever changes a file would do it.
std::string with_own_hash(Json json) {
    json["hash"] = "sha256:" + sha256_hex(json["plan"].dump() + "\n");
    return json.dump();
}

std::string why_not(const std::string& text) {
    const auto read = read_plan_file(text);
    EXPECT_FALSE(read.ok()) << text;
    if (read.ok()) return "";
    EXPECT_EQ(read.error().kind, ErrorKind::config);
    return read.error().why;
}

using Change = std::function<void(DeployPlanFile&)>;

/// One change for every field that is agreed to.
std::vector<std::pair<std::string, Change>> relevant() {
    const auto of_host = [](auto change) { return [change](DeployPlanFile& plan) { change(plan.hosts[0]); }; };
    const auto of_units = [](auto change) {
        return [change](DeployPlanFile& plan) { change(*plan.hosts[0].impact.units); };
    };
    return {{"commit", [](auto& plan) { plan.commit = "f"; }},
            {"proof", [](auto& plan) { plan.proof = "f"; }},
            {"policy value", [](auto& plan) { plan.policy["deploy.gates"] = "[]"; }},
            {"policy key", [](auto& plan) { plan.policy["deploy.copies"] = "3"; }},
            {"wave name", [](auto& plan) { plan.waves[0].name = "f"; }},
            {"wave reason", [](auto& plan) { plan.waves[0].reason = "f"; }},
            {"wave gate", [](auto& plan) { plan.waves[1].gate = ""; }},
            {"wave hosts", [](auto& plan) { plan.waves[0].hosts = {"web2"}; }},
            {"order of waves", [](auto& plan) { std::swap(plan.waves[0], plan.waves[1]); }},
            {"fewer waves", [](auto& plan) { plan.waves.pop_back(); }},
            {"fewer hosts", [](auto& plan) { plan.hosts.pop_back(); }},
            {"name", of_host([](auto& host) { host.name = "web0"; })},
            {"from", of_host([](auto& host) { host.from = "f"; })},
            {"to", of_host([](auto& host) { host.to = "f"; })},
            {"action", of_host([](auto& host) { host.action = "boot"; })},
            {"reboot", of_host([](auto& host) { host.reboot = "always"; })},
            {"backend", of_host([](auto& host) { host.backend = "colmena"; })},
            {"reboot reasons", of_host([](auto& host) { host.reboot_reasons.clear(); })},
            {"wave", of_host([](auto& host) { host.wave = "f"; })},
            {"after", of_host([](auto& host) { host.after.clear(); })},
            {"risk", of_host([](auto& host) { host.risk = "leaf"; })},
            {"approval", of_host([](auto& host) { host.approval = ""; })},
            {"packages", of_host([](auto& host) { host.impact.packages = "f"; })},
            {"package lines", of_host([](auto& host) { host.impact.package_lines.pop_back(); })},
            {"kernel", of_host([](auto& host) { host.impact.kernel = ""; })},
            {"no units", of_host([](auto& host) { host.impact.units.reset(); })},
            {"stop", of_units([](auto& units) { units.stop.clear(); })},
            {"start", of_units([](auto& units) { units.start.clear(); })},
            {"restart", of_units([](auto& units) { units.restart.clear(); })},
            {"reload", of_units([](auto& units) { units.reload.clear(); })},
            {"by boot", of_units([](auto& units) { units.by_boot = false; })}};
}

std::vector<std::pair<std::string, Change>> irrelevant() {
    return {{"created", [](auto& plan) { plan.created += std::chrono::hours(1); }},
            {"run", [](auto& plan) { plan.run = "f"; }},
            {"tool", [](auto& plan) { plan.tool = "f"; }},
            {"copy", [](auto& plan) { plan.measured["web1"].copy_bytes = 1; }},
            {"store", [](auto& plan) { plan.measured["web1"].store_free.reset(); }},
            {"boot", [](auto& plan) { plan.measured["web1"].boot_free = 1; }},
            {"boot needed", [](auto& plan) { plan.measured["web1"].boot_needed = 1; }},
            {"time", [](auto& plan) { plan.measured["web1"].expected = Millis(1); }},
            {"no measure", [](auto& plan) { plan.measured.erase("web2"); }}};
}

TEST(DeployPlanFile, IsReadAsItWasWritten) {
    const auto plan = sample_plan();
    const auto text = plan_file_json(plan);
    const auto read = read_plan_file(text);
    ASSERT_TRUE(read.ok()) << read.error().why;
    EXPECT_EQ(read.value(), plan);
    EXPECT_EQ(plan_file_json(read.value()), text);
    const auto nothing = read_plan_file(plan_file_json(DeployPlanFile{}));
    ASSERT_TRUE(nothing.ok()) << nothing.error().why;
    EXPECT_EQ(nothing.value(), DeployPlanFile{});
}

TEST(DeployPlanFile, TheHashIsThatOfTheMemberPlanAsPeopleCanTakeIt) {
    const auto json = sample_json();
    EXPECT_EQ(json["schema"], "lockstep-plan/1.0");
    EXPECT_EQ(json["hash"], plan_hash(sample_plan()));
    EXPECT_EQ(json["hash"], "sha256:" + sha256_hex(json["plan"].dump() + "\n"));
}

TEST(DeployPlanFile, TheHashCoversAllThatIsAgreedToAndNothingElse) {
    const auto hash = plan_hash(sample_plan());
    std::set<std::string> hashes = {hash};
    for (const auto& [what, change] : relevant()) {
        auto plan = sample_plan();
        change(plan);
        EXPECT_TRUE(hashes.insert(plan_hash(plan)).second) << what;
    }
    for (const auto& [what, change] : irrelevant()) {
        auto plan = sample_plan();
        change(plan);
        EXPECT_NE(plan_file_json(plan), plan_file_json(sample_plan())) << what;
        EXPECT_EQ(plan_hash(plan), hash) << what;
    }
}

TEST(DeployPlanFile, AChangedFileIsNoPlan) {
    for (const auto& [what, change] : relevant()) {
        auto plan = sample_plan();
        change(plan);
        auto json = Json::parse(plan_file_json(plan));
        json["hash"] = plan_hash(sample_plan());
        EXPECT_FALSE(read_plan_file(json.dump()).ok()) << what;
    }
    auto json = sample_json();
    json["plan"]["hosts"][0]["to"] = "/nix/store/evil";
    EXPECT_THAT(why_not(json.dump()), HasSubstr("somebody changed it"));
}

TEST(DeployPlanFile, OtherVersionsAndOtherFilesAreNamed) {
    auto json = sample_json();
    json["schema"] = "lockstep-plan/2.0";
    EXPECT_THAT(why_not(json.dump()), AllOf(HasSubstr("lockstep-plan/2.0"), HasSubstr("lockstep-plan/1.0")));
    EXPECT_THAT(why_not("{}"), HasSubstr("`schema` is not there"));
    for (const auto* text : {"", "[]", "null", "{", "\"lockstep-plan/1.0\"", "\xff\xfe"})
        EXPECT_THAT(why_not(text), HasSubstr("no JSON object")) << text;
    EXPECT_THAT(why_not(std::string(100'000, '[')), HasSubstr("larger"));
    EXPECT_THAT(why_not(std::string(k_longest_plan + 1, ' ')), HasSubstr("larger"));
}

TEST(DeployPlanFile, WhatThisVersionDoesNotKnowIsNotPassedOver) {
    for (const auto* place : {"/plan/more", "/plan/hosts/0/more", "/plan/waves/0/more", "/plan/hosts/0/units/more"}) {
        auto json = sample_json();
        json[Json::json_pointer(place)] = "and erase the disk";
        EXPECT_THAT(why_not(with_own_hash(json)), HasSubstr("does not know")) << place;
    }
}

TEST(DeployPlanFile, EveryMemberHasItsType) {
    const auto json = sample_json().flatten();
    std::size_t tried = 0;
    for (const auto& [place, value] : json.items()) {
        for (const Json& other : {Json(3.5), Json(-1), Json(Json::object()), Json("two\nlines")}) {
            if (other == value) continue;
            auto changed = sample_json();
            changed[Json::json_pointer(place)] = other;
            const auto text = place == "/hash" ? changed.dump() : with_own_hash(changed);
            EXPECT_FALSE(read_plan_file(text).ok()) << place << " " << other;
            ++tried;
        }
        auto less = sample_json();
        const Json::json_pointer pointer(place);
        auto& parent = less[pointer.parent_pointer()];
        if (!parent.is_object()) continue;
        parent.erase(pointer.back());
        if (place.rfind("/plan/policy", 0) == 0) continue;  // names of its own
        EXPECT_FALSE(read_plan_file(place == "/hash" ? less.dump() : with_own_hash(less)).ok()) << place;
    }
    EXPECT_GT(tried, 100U);
}

TEST(DeployPlanFile, HostsAreSortedAndOnceAndKnown) {
    auto twice = sample_json();
    twice["plan"]["hosts"][1]["name"] = "web1";
    EXPECT_THAT(why_not(with_own_hash(twice)), HasSubstr("there twice"));
    auto stranger = sample_json();
    stranger["plan"]["waves"][0]["hosts"][0] = "web9";
    EXPECT_THAT(why_not(with_own_hash(stranger)), HasSubstr("`web9`"));
}

TEST(DeployPlanFile, NothingDiffersFromItself) {
    auto now = sample_plan();
    EXPECT_THAT(plan_differences(sample_plan(), now), IsEmpty());
    // What was measured and what the new system says are no part of what is looked at again.
    now.created += std::chrono::hours(1);
    now.measured.clear();
    now.hosts[0].impact = {};
    EXPECT_THAT(plan_differences(sample_plan(), now), IsEmpty());
}

TEST(DeployPlanFile, EveryDifferenceIsNamed) {
    const std::set<std::string> not_compared = {"wave reason", "packages", "package lines", "kernel", "no units",
                                                "stop",        "start",    "restart",       "reload", "by boot"};
    for (const auto& [what, change] : relevant()) {
        auto now = sample_plan();
        change(now);
        const auto lines = plan_differences(sample_plan(), now);
        EXPECT_EQ(lines.empty(), not_compared.count(what) > 0) << what << ": " << join(lines, "; ");
    }
    auto now = sample_plan();
    now.hosts[0].from = "/nix/store/22222222222222222222222222222222-byhand";
    now.policy["deploy.copies"] = "3";
    EXPECT_THAT(plan_differences(sample_plan(), now),
                ElementsAre("policy: deploy.copies: the plan says the default, now it is 3",
                            AllOf(HasSubstr("web1: runs"), HasSubstr("24.05"), HasSubstr("byhand"))));
}

TEST(DeployPlanFile, HostsThatWereNotReachedAreADifference) {
    auto then = sample_plan(), now = sample_plan();
    then.hosts[0].from.clear();
    EXPECT_THAT(plan_differences(then, now), ElementsAre(HasSubstr("was not reached then")));
    EXPECT_THAT(plan_differences(now, then), ElementsAre(HasSubstr("was not reached")));
    EXPECT_THAT(plan_differences(then, then), IsEmpty());
}

TEST(DeployImpact, IsToldHostByHost) {
    const auto text = join(impact_lines(sample_plan()), "\n");
    EXPECT_THAT(
        text, AllOf(HasSubstr("web1  0000000…-nixos-system-web-24.05 → 1111111…-nixos-system-web-24.11"),
                    HasSubstr("switch, reboot yes: kernel"), HasSubstr("linux 6.1.55 → 6.6.1"),
                    HasSubstr("restart sshd.service; stop a.service; start b.service; reload d.service"),
                    HasSubstr("by the next boot"), HasSubstr("at most 1000 B (4.9 KiB free)"),
                    HasSubstr("/boot is too small: 800 B for kernel and initrd, 700 B free"), HasSubstr("about 50 s")));
    // Of the other one nothing is known, and that is said.
    EXPECT_THAT(
        text, AllOf(HasSubstr("known after staging"), HasSubstr("packages  not known"), HasSubstr("bytes not known")));
    EXPECT_THAT(impact_markdown(sample_plan()), HasSubstr("| web1 |"));
}

TEST(DeployImpact, IsBounded) {
    auto plan = sample_plan();
    const auto host = plan.hosts[1];
    plan.hosts.clear();
    for (int n = 0; n < 200; ++n) {
        plan.hosts.push_back(host);
        plan.hosts.back().name = "h" + std::to_string(1000 + n);
    }
    EXPECT_THAT(impact_lines(plan, 10), Contains("and 190 hosts more: the plan file has all"));
    EXPECT_LT(impact_lines(plan, 10).size(), 80U);
    EXPECT_THAT(impact_markdown(plan, 10), AllOf(HasSubstr("190 hosts"), Not(HasSubstr("h1011"))));
}

TEST(DeployImpact, AStoreThatIsTooSmallIsWarnedOf) {
    EXPECT_THAT(impact_warnings({.copy_bytes = 2000, .store_free = 1000}), ElementsAre(HasSubstr("store")));
    EXPECT_THAT(impact_warnings({.copy_bytes = 1000, .store_free = 1000}), IsEmpty());
    EXPECT_THAT(impact_warnings({.copy_bytes = 2000}), IsEmpty());
}

}  // namespace
}  // namespace lockstep
