// SPDX-License-Identifier: MIT
// A plan file back into a plan. Somebody may have signed it: nothing in it is passed over in silence.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "core/deploy_plan_json.hpp"
#include "core/strict_json.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sha256.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

constexpr std::size_t k_deepest = 12;
const std::string k_hint = "make a new one with `lockstep deploy --dry-run --output FILE`";

Error no_plan(std::string why) {
    return {ErrorKind::config, "the plan file cannot be used", std::move(why), k_hint};
}

void read_units(StrictJson& host, const std::string& place, std::optional<UnitImpact>& units) {
    const auto* found = host.at("units");
    if (found == nullptr || found->is_null()) return;
    StrictJson in(*found, place + ".units", host.problem());
    auto& into = units.emplace();
    in.texts("stop", into.stop);
    in.texts("start", into.start);
    in.texts("restart", into.restart);
    in.texts("reload", into.reload);
    in.flag("by_boot", into.by_boot);
}

void read_host(const Json& json, const std::string& place, std::string& problem, PlannedHost& host) {
    StrictJson in(json, place, problem);
    in.text("name", host.name);
    in.text("from", host.from);
    in.text("to", host.to);
    in.text("action", host.action);
    in.text("reboot", host.reboot);
    in.text("backend", host.backend);
    in.texts("reboot_reasons", host.reboot_reasons);
    in.text("wave", host.wave);
    in.texts("after", host.after);
    in.text("risk", host.risk);
    in.text("approval", host.approval);
    in.text("kernel", host.impact.kernel);
    if (const auto* packages = in.at("packages")) {
        StrictJson inner(*packages, place + ".packages", problem);
        inner.text("summary", host.impact.packages);
        inner.texts("lines", host.impact.package_lines);
    }
    read_units(in, place, host.impact.units);
}

void read_measure(const Json& json, const std::string& place, std::string& problem, HostMeasure& measure) {
    StrictJson in(json, place, problem);
    const auto number = [&](const char* key, std::optional<std::uint64_t>& value) {
        const auto* found = in.at(key);
        if (found == nullptr || found->is_null()) return;
        if (!found->is_number_unsigned()) return in.fail(key, "is no number of bytes");
        value = found->get<std::uint64_t>();
    };
    number("copy_bytes_at_most", measure.copy_bytes);
    number("store_free_bytes", measure.store_free);
    number("boot_free_bytes", measure.boot_free);
    number("boot_needed_bytes", measure.boot_needed);
    std::optional<std::uint64_t> expected;
    number("expected_ms", expected);
    constexpr std::uint64_t k_year = 365ULL * 24 * 3600 * 1000;
    measure.expected = Millis(static_cast<std::int64_t>(std::min(expected.value_or(0), k_year)));
}

void read_agreed(const Json& json, std::string& problem, DeployPlanFile& plan) {
    StrictJson in(json, "plan", problem);
    in.text("commit", plan.commit);
    in.text("proof", plan.proof);
    in.members("policy",
               [&](const std::string& key, const Json& value) { in.take(value, "policy." + key, plan.policy[key]); });
    in.each("waves", [&](const Json& entry, const std::string& place) {
        StrictJson wave(entry, place, problem);
        auto& into = plan.waves.emplace_back();
        wave.text("name", into.name);
        wave.text("reason", into.reason);
        wave.text("gate", into.gate);
        wave.texts("hosts", into.hosts);
    });
    in.each("hosts", [&](const Json& entry, const std::string& place) {
        read_host(entry, place, problem, plan.hosts.emplace_back());
    });
}

/// Every host once, sorted; every host of a wave is one of them.
std::string inner_contradiction(const DeployPlanFile& plan) {
    std::set<std::string> names;
    for (std::size_t n = 0; n < plan.hosts.size(); ++n) {
        if (n > 0 && plan.hosts[n].name <= plan.hosts[n - 1].name)
            return "its hosts are not sorted, or one is there twice";
        if (plan.hosts[n].name.empty()) return "a host has no name";
        names.insert(plan.hosts[n].name);
    }
    for (const auto& wave : plan.waves)
        for (const auto& host : wave.hosts)
            if (names.count(host) == 0) return fmt::format("`{}` is in a wave and is none of the hosts", host);
    return "";
}

}  // namespace

Result<DeployPlanFile> read_plan_file(std::string_view text) {
    if (text.size() > k_longest_plan || json_depth(text) > k_deepest) return no_plan("it is larger than any plan is");
    const auto json = Json::parse(text, nullptr, false);
    std::string problem;
    DeployPlanFile plan;
    std::string schema, hash;
    StrictJson in(json, "", problem);
    if (!problem.empty()) return no_plan("it is no JSON object");
    in.text("schema", schema);
    if (problem.empty() && schema != k_plan_schema)
        return no_plan(fmt::format("it is of `{}`, this program reads {}", schema, k_plan_schema));
    in.text("hash", hash);
    in.time("created", plan.created);
    in.text("run", plan.run);
    in.text("tool", plan.tool);
    const auto* agreed = in.at("plan");
    if (agreed != nullptr) read_agreed(*agreed, problem, plan);
    in.members("measured", [&](const std::string& name, const Json& value) {
        read_measure(value, "measured." + name, problem, plan.measured[name]);
    });
    if (problem.empty()) problem = inner_contradiction(plan);
    if (!problem.empty()) return no_plan(problem);
    // The text that people saw and signed, not what we make of it.
    const auto canonical = canonical_json(*agreed);
    if (hash != "sha256:" + sha256_hex(canonical))
        return no_plan("its hash is not that of its content: somebody changed it after it was made");
    if (canonical != canonical_json(plan_agreed_json(plan)))
        return no_plan("it has members that this version does not know");
    return plan;
}

}  // namespace lockstep
