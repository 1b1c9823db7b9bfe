// SPDX-License-Identifier: MIT
// A plan as JSON, its hash, and by what two of them differ.
#include "lockstep/core/deploy_plan_file.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/deploy_plan_json.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/sha256.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr auto k_replace = Json::error_handler_t::replace;

Json units_json(const std::optional<UnitImpact>& units) {
    if (!units) return nullptr;
    return {{"stop", units->stop},
            {"start", units->start},
            {"restart", units->restart},
            {"reload", units->reload},
            {"by_boot", units->by_boot}};
}

Json host_json(const PlannedHost& host) {
    return {{"name", host.name},
            {"from", host.from},
            {"to", host.to},
            {"action", host.action},
            {"reboot", host.reboot},
            {"backend", host.backend},
            {"reboot_reasons", host.reboot_reasons},
            {"wave", host.wave},
            {"after", host.after},
            {"risk", host.risk},
            {"approval", host.approval},
            {"kernel", host.impact.kernel},
            {"packages", {{"summary", host.impact.packages}, {"lines", host.impact.package_lines}}},
            {"units", units_json(host.impact.units)}};
}

OrderedJson number_or_null(const std::optional<std::uint64_t>& value) {
    return value ? OrderedJson(*value) : OrderedJson(nullptr);
}

OrderedJson measures_json(const DeployPlanFile& plan) {
    auto all = OrderedJson::object();
    for (const auto& [name, measure] : plan.measured)
        all[name] = {{"copy_bytes_at_most", number_or_null(measure.copy_bytes)},
                     {"store_free_bytes", number_or_null(measure.store_free)},
                     {"boot_free_bytes", number_or_null(measure.boot_free)},
                     {"boot_needed_bytes", number_or_null(measure.boot_needed)},
                     {"expected_ms", measure.expected.count()}};
    return all;
}

std::string shown(const std::string& text) {
    return text.empty() ? "nothing" : clean_line(text, 200);
}

/// "`what`: the plan says A, now B".
void compare(std::vector<std::string>& lines, const std::string& what, const std::string& wanted,
             const std::string& now) {
    if (wanted != now)
        lines.push_back(fmt::format("{}: the plan says {}, now it is {}", what, shown(wanted), shown(now)));
}

void compare_hosts(std::vector<std::string>& lines, const PlannedHost& wanted, const PlannedHost& now) {
    const auto what = [&](const char* field) { return clean_line(wanted.name, 100) + ": " + field; };
    if (wanted.from != now.from && now.from.empty())
        lines.push_back(what("what runs there is not known now: it was not reached"));
    else if (wanted.from != now.from && wanted.from.empty())
        lines.push_back(what("the plan knows nothing of what runs there: it was not reached then"));
    else
        compare(lines, what("runs"), wanted.from, now.from);
    compare(lines, what("gets"), wanted.to, now.to);
    compare(lines, what("action"), wanted.action, now.action);
    compare(lines, what("reboot"), wanted.reboot, now.reboot);
    compare(lines, what("activated by"), wanted.backend, now.backend);
    compare(lines, what("needs a reboot for"), join(wanted.reboot_reasons, ", "), join(now.reboot_reasons, ", "));
    compare(lines, what("wave"), wanted.wave, now.wave);
    compare(lines, what("comes after"), join(wanted.after, ", "), join(now.after, ", "));
    compare(lines, what("risk"), wanted.risk, now.risk);
    compare(lines, what("asks for approval"), wanted.approval, now.approval);
}

std::string wave_words(const PlannedWave& wave) {
    return fmt::format("{} of {}{}{}", wave.name, join(wave.hosts, ", "),
                       wave.gate.empty() ? "" : ", asks: ", wave.gate);
}

}  // namespace

Json plan_agreed_json(const DeployPlanFile& plan) {
    Json waves = Json::array(), hosts = Json::array();
    for (const auto& wave : plan.waves)
        waves.push_back({{"name", wave.name}, {"reason", wave.reason}, {"gate", wave.gate}, {"hosts", wave.hosts}});
    for (const auto& host : plan.hosts) hosts.push_back(host_json(host));
    return {{"commit", plan.commit},
            {"proof", plan.proof},
            {"policy", plan.policy.empty() ? Json::object() : Json(plan.policy)},
            {"waves", waves},
            {"hosts", hosts}};
}

std::string canonical_json(const Json& value) {
    return value.dump(-1, ' ', false, k_replace) + "\n";
}

std::string plan_hash(const DeployPlanFile& plan) {
    return "sha256:" + sha256_hex(canonical_json(plan_agreed_json(plan)));
}

std::string plan_file_json(const DeployPlanFile& plan) {
    const auto agreed = canonical_json(plan_agreed_json(plan));
    const OrderedJson root{{"schema", k_plan_schema},
                           {"hash", "sha256:" + sha256_hex(agreed)},
                           {"created", format_utc(plan.created)},
                           {"run", plan.run},
                           {"tool", plan.tool},
                           {"plan", OrderedJson::parse(agreed)},
                           {"measured", measures_json(plan)}};
    return root.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::vector<std::string> plan_differences(const DeployPlanFile& wanted, const DeployPlanFile& now) {
    std::vector<std::string> lines;
    compare(lines, "commit", wanted.commit, now.commit);
    compare(lines, "proof", wanted.proof, now.proof);
    std::map<std::string, std::pair<std::string, std::string>> keys;
    for (const auto& [key, value] : wanted.policy) keys[key].first = value;
    for (const auto& [key, value] : now.policy) keys[key].second = value;
    for (const auto& [key, values] : keys)
        if (values.first != values.second)
            lines.push_back(fmt::format("policy: {}: the plan says {}, now it is {}", clean_line(key, 100),
                                        values.first.empty() ? "the default" : clean_line(values.first, 200),
                                        values.second.empty() ? "the default" : clean_line(values.second, 200)));
    std::map<std::string, std::pair<const PlannedHost*, const PlannedHost*>> hosts;
    for (const auto& host : wanted.hosts) hosts[host.name].first = &host;
    for (const auto& host : now.hosts) hosts[host.name].second = &host;
    for (const auto& [name, pair] : hosts) {
        if (pair.first != nullptr && pair.second != nullptr)
            compare_hosts(lines, *pair.first, *pair.second);
        else
            lines.push_back(clean_line(name, 100) + (pair.first != nullptr
                                                         ? ": is in the plan, and takes no part now"
                                                         : ": takes part now, and is not in the plan"));
    }
    for (std::size_t n = 0; n < std::max(wanted.waves.size(), now.waves.size()); ++n) {
        const auto words = [&](const auto& waves) { return n < waves.size() ? wave_words(waves[n]) : std::string(); };
        compare(lines, fmt::format("wave {}", n + 1), words(wanted.waves), words(now.waves));
    }
    return lines;
}

std::vector<const PlannedWave*> gated_waves(const DeployPlanFile& plan) {
    std::vector<const PlannedWave*> gated;
    for (const auto& wave : plan.waves)
        if (!wave.gate.empty()) gated.push_back(&wave);
    return gated;
}

}  // namespace lockstep
