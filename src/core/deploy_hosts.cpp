// SPDX-License-Identifier: MIT
#include "lockstep/core/deploy_hosts.hpp"

#include <algorithm>
#include <map>

#include "core/json_members.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

constexpr std::size_t k_longest = 256U << 10U;  // of the names in one line of a journal

bool was_touched(HostOutcome outcome) {
    return is_failure(outcome) || (is_success(outcome) && outcome != HostOutcome::unchanged);
}

}  // namespace

std::vector<std::string> deploy_hosts_data(const std::vector<std::string>& names) {
    std::vector<std::string> lines;
    for (std::size_t from = 0; from < names.size() || lines.empty();) {
        std::string text;
        auto at = from;
        for (; at < names.size() && text.size() < k_longest; ++at) text += (text.empty() ? "" : " ") + names[at];
        lines.push_back(journal_data({{"from", static_cast<std::int64_t>(from)},
                                      {"count", static_cast<std::int64_t>(names.size())},
                                      {"names", text}}));
        from = at;
    }
    return lines;
}

std::optional<std::vector<std::string>> deploy_hosts(const std::vector<JournalRecord>& journal) {
    std::vector<std::string> names;
    for (const auto& record : journal) {
        if (record.kind != "fact" || record.step != "deploy-hosts") continue;
        const auto data = nlohmann::json::parse(record.data_json, nullptr, false);
        if (!data.is_object()) continue;
        if (number_of(data, "from") == 0) names.clear();
        if (number_of(data, "from") != static_cast<std::int64_t>(names.size())) continue;
        for (auto& name : words(text_of(data, "names"))) names.push_back(std::move(name));
        if (!names.empty() && number_of(data, "count") == static_cast<std::int64_t>(names.size())) return names;
    }
    return std::nullopt;
}

std::vector<DeployHostRecord> lost_hosts(const DeployBegun& begun, const std::set<std::string>& targets) {
    std::map<std::string, DeployHostRecord> lost;
    for (const auto& ended : begun.ended)
        if (ended.outcome && was_touched(*ended.outcome)) lost[ended.name] = ended;
    for (const auto& open : begun.open) {
        auto& host = lost[open.host];
        host.name = open.host;
        host.outcome = HostOutcome::unknown;
        host.from = open.from;
        host.to = open.to;
        host.detail = "its switch was begun and not ended";
    }
    std::vector<DeployHostRecord> records;
    for (auto& [name, host] : lost)
        if (targets.count(name) == 0) records.push_back(std::move(host));
    return records;
}

}  // namespace lockstep
