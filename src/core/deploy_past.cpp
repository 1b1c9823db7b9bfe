// SPDX-License-Identifier: MIT
// Journals and status files of deploys, read back.
#include "lockstep/core/deploy_past.hpp"

#include <algorithm>

#include "core/json_members.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

constexpr std::size_t k_remembered = 5;

OpenSwitch switch_of(const Json& data) {
    OpenSwitch open{.host = text_of(data, "host"),
                    .run = text_of(data, "run"),
                    .token = text_of(data, "token"),
                    .from = text_of(data, "from"),
                    .to = text_of(data, "to"),
                    .boot_id = text_of(data, "boot")};
    open.clock = number_of(data, "clock");
    if (number_of(data, "failed_units_known") == 1) open.failed_units = words(text_of(data, "failed_units"));
    return open;
}

DeployHostRecord end_of(const Json& data) {
    DeployHostRecord ended{.name = text_of(data, "host"), .outcome = host_outcome_from(text_of(data, "outcome"))};
    ended.from = text_of(data, "from");
    ended.to = text_of(data, "to");
    ended.running = text_of(data, "running");
    ended.detail = text_of(data, "detail");
    ended.wave = text_of(data, "wave");
    return ended;
}

void learn_wave(const JournalRecord& record, const Json& data, DeployBegun& begun) {
    const auto name = text_of(data, "wave");
    if (record.kind != "fact") return;
    if (record.step == "deploy-wave")
        begun.waves.push_back(
            {.name = name,
             .hosts = words(text_of(data, "hosts")),
             .tolerated = static_cast<std::size_t>(std::max<std::int64_t>(0, number_of(data, "tolerated"))),
             .canary = number_of(data, "canary") == 1,
             .soaks = number_of(data, "soaks") == 1});
    if (record.step == "deploy-wave-ended" && !begun.waves.empty() && begun.waves.back().name == name)
        begun.waves.back().ended = true;
    if (record.step == "deploy-stopped")
        begun.stopped = {.wave = name, .reason = text_of(data, "reason"), .frozen = number_of(data, "frozen") == 1};
}

/// A host that had nothing to do took no time.
void learn_time(std::int64_t milliseconds, std::vector<Millis>& times) {
    constexpr std::int64_t k_most = 7LL * 24 * 3600 * 1000;
    if (milliseconds > 0 && milliseconds <= k_most && times.size() < k_remembered) times.emplace_back(milliseconds);
}

void learn_host(const Json& host, bool rollback, DeployPast& past) {
    const auto name = text_of(host, "name");
    const auto outcome = host_outcome_from(text_of(host, "state"));
    if (name.empty() || !outcome || *outcome == HostOutcome::not_started) return;
    const auto blameless = host.find("blameless");
    const bool blamed = blameless == host.end() || *blameless != true;
    if (blamed && (*outcome == HostOutcome::rolled_back || *outcome == HostOutcome::rollback_failed))
        past.went_back[name].insert(text_of(host, "to"));
    const DeployStep step{text_of(host, "from"), text_of(host, "to")};
    if (is_success(*outcome) && !step.from.empty() && !step.to.empty() && step.from != step.to) {
        auto& newer = past.steps[name];
        const bool brought_again =
            std::any_of(newer.begin(), newer.end(), [&](const auto& each) { return each.to == step.from; });
        // Somebody wanted to be rid of it: it is not brought back unasked.
        if (rollback && !brought_again) past.went_back[name].insert(step.from);
        if (!rollback) newer.push_back(step);
    }
    // Only what a deploy left there itself; that it found something else later does not make that expected.
    if ((is_success(*outcome) || *outcome == HostOutcome::rolled_back) &&
        past.running.emplace(name, text_of(host, "running")).second) {
        const auto to_boot = text_of(host, *outcome == HostOutcome::boot_pending ? "to" : "next_boot");
        if (!to_boot.empty()) past.next_boot.emplace(name, to_boot);
    }
    // A person was asked to choose: what runs there is taken as given.
    if (needs_person(*outcome)) past.running.emplace(name, "");
    if (is_success(*outcome)) {
        learn_time(number_of(host, "copy_ms"), past.copies[name]);
        learn_time(number_of(host, "took_ms"), past.switches[name]);
    }
    if (!past.told.insert(name).second) return;  // a newer deploy said more
    if (is_failure(*outcome)) past.failed.insert(name);
    if (*outcome == HostOutcome::unreachable) past.unreachable.insert(name);
}

}  // namespace

DeployBegun deploy_begun(const std::vector<JournalRecord>& journal) {
    DeployBegun begun;
    const auto drop = [&](const std::string& host) {
        std::erase_if(begun.open, [&](const auto& each) { return each.host == host; });
    };
    const auto close = [&](const std::string& host) {
        for (const auto& each : begun.open) {
            if (each.host != host) continue;
            std::erase_if(begun.closed, [&](const auto& other) { return other.host == host; });
            begun.closed.push_back(each);
        }
        drop(host);
    };
    for (const auto& record : journal) {
        const auto data = Json::parse(record.data_json, nullptr, false);
        if (!data.is_object()) continue;
        learn_wave(record, data, begun);
        if (text_of(data, "host").empty()) continue;
        if (record.kind == "intent" && record.step == "switch") {
            auto open = switch_of(data);
            drop(open.host);
            begun.open.push_back(std::move(open));
        }
        if (record.kind == "outcome" && record.step == "deploy-host") {
            auto ended = end_of(data);
            // Such a host still waits for somebody's word.
            if (ended.outcome != HostOutcome::inconclusive) close(ended.name);
            const auto known = std::find_if(begun.ended.begin(), begun.ended.end(),
                                            [&](const auto& each) { return each.name == ended.name; });
            // What brought it there, and what ran before, stays known.
            if (ended.outcome == HostOutcome::unchanged && known != begun.ended.end() && known->outcome &&
                is_success(*known->outcome))
                continue;
            std::erase_if(begun.ended, [&](const auto& each) { return each.name == ended.name; });
            begun.ended.push_back(std::move(ended));
        }
    }
    return begun;
}

std::string deploy_proof(const std::vector<JournalRecord>& journal) {
    for (const auto& record : journal) {
        if (record.step != "deploy-proof") continue;
        const auto data = Json::parse(record.data_json, nullptr, false);
        if (data.is_object()) return text_of(data, "run");
    }
    return "";
}

bool learn_deploy(std::string_view status_json, DeployPast& past) {
    if (json_depth(status_json) > 16) return false;
    const auto root = Json::parse(status_json, nullptr, false);
    if (!root.is_object()) return false;
    const auto hosts = root.find("hosts");
    if (hosts == root.end() || !hosts->is_array()) return false;
    const bool rollback = text_of(root, "purpose") == word(DeployPurpose::go_back);
    for (const auto& host : *hosts)
        if (host.is_object()) learn_host(host, rollback, past);
    const auto finished = root.find("finished");
    return finished != root.end() && *finished == false;
}

void learn_begun(const std::vector<OpenSwitch>& open, DeployPast& past) {
    for (const auto& each : open) past.running.emplace(each.host, "");
}

std::optional<DeployStep> step_to(const DeployPast& past, const std::string& host, const std::string& running) {
    const auto found = past.steps.find(host);
    if (found == past.steps.end() || running.empty()) return std::nullopt;
    for (const auto& step : found->second)
        if (step.to == running) return step;
    return std::nullopt;
}

Millis longest_lately(const std::map<std::string, std::vector<Millis>>& times, const std::string& host) {
    const auto found = times.find(host);
    if (found == times.end() || found->second.empty()) return Millis{0};
    return *std::max_element(found->second.begin(), found->second.end());
}

}  // namespace lockstep
