// SPDX-License-Identifier: MIT
// One host through the deploys of the past.
#include "lockstep/core/host_history.hpp"

#include <fmt/format.h>

#include "core/json_members.hpp"
#include "lockstep/core/closure_diff.hpp"
#include "lockstep/core/json_depth.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::json;

constexpr std::size_t k_longest = 600;

std::string cleaned(const Json& data, const char* key) {
    return clean_line(text_of(data, key), k_longest);
}

HostDeploy read(const Json& root, const Json& host) {
    HostDeploy deploy{.run = cleaned(root, "run"),
                      .time = cleaned(root, "updated"),
                      .state = cleaned(host, "state"),
                      .from = cleaned(host, "from"),
                      .to = cleaned(host, "to"),
                      .running = cleaned(host, "running"),
                      .detail = cleaned(host, "detail"),
                      .approver = cleaned(host, "approver")};
    deploy.took = Millis(number_of(host, "took_ms"));
    if (const auto evidence = host.find("evidence"); evidence != host.end() && evidence->is_array())
        for (const auto& line : *evidence)
            if (line.is_string()) deploy.evidence.push_back(clean_line(line.get<std::string>(), k_longest));
    return deploy;
}

}  // namespace

std::vector<HostDeploy> host_deploys(std::string_view status_json, const std::string& host) {
    std::vector<HostDeploy> deploys;
    if (json_depth(status_json) > 16) return deploys;
    const auto root = Json::parse(status_json, nullptr, false);
    if (!root.is_object()) return deploys;
    const auto hosts = root.find("hosts");
    if (hosts == root.end() || !hosts->is_array()) return deploys;
    for (const auto& each : *hosts)
        if (each.is_object() && text_of(each, "name") == host) deploys.push_back(read(root, each));
    return deploys;
}

std::string host_history_text(const std::vector<HostDeploy>& deploys) {
    std::string text;
    for (const auto& deploy : deploys) {
        const auto took = deploy.took > Millis{0} ? ", " + human_duration(deploy.took) : "";
        text += fmt::format("{}  {}  {}{}\n", deploy.run, deploy.time, replace_all(deploy.state, "_", " "), took);
        const bool moved = !deploy.from.empty() && deploy.from != deploy.to;
        text +=
            fmt::format("  {}{}\n", moved ? short_store_path(deploy.from) + " → " : "", short_store_path(deploy.to));
        if (!deploy.running.empty() && deploy.running != deploy.to)
            text += fmt::format("  runs {}\n", short_store_path(deploy.running));
        if (!deploy.detail.empty()) text += fmt::format("  {}\n", deploy.detail);
        for (const auto& line : deploy.evidence) text += fmt::format("  proof: {}\n", line);
        if (!deploy.approver.empty()) text += fmt::format("  agreed to by {}\n", deploy.approver);
    }
    return text;
}

std::string host_history_json(const std::string& host, const std::vector<HostDeploy>& deploys) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const auto& deploy : deploys)
        list.push_back({{"run", deploy.run},
                        {"time", deploy.time},
                        {"state", deploy.state},
                        {"from", deploy.from},
                        {"to", deploy.to},
                        {"running", deploy.running},
                        {"detail", deploy.detail},
                        {"evidence", deploy.evidence},
                        {"approver", deploy.approver},
                        {"took_ms", deploy.took.count()}});
    const nlohmann::ordered_json root{{"host", clean_line(host, 200)}, {"deploys", std::move(list)}};
    return root.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep
