// SPDX-License-Identifier: MIT
// `fleet info`: hosts and the origin of every field, for people and for scripts.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/fleet_parts.hpp"
#include "core/text_table.hpp"
#include "lockstep/core/check.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

/// The value of a field of a host; null when it is not set.
Json value_of(const FleetHost& host, std::string_view field) {
    const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
    if (field == "role") return word(host.role);
    if (field == "type") return word(host.type);
    if (field == "target") return host.target;
    if (field == "addresses") return host.addresses;
    if (field == "port") return host.port ? Json(*host.port) : Json();
    if (field == "user") return text(host.user);
    if (field == "identity_file") return text(host.identity_file);
    if (field == "jump") return text(host.jump);
    if (field == "ssh_options") return host.ssh_options;
    if (field == "tags") return host.tags;
    if (field == "after") return host.after;
    if (field == "action") return host.action;
    if (field == "reboot") return host.reboot;
    if (field == "backend") return text(host.backend);
    if (field == "risk") return host.risk;
    if (field == "approval") return text(host.approval);
    if (field == "optional") return host.optional;
    if (field == "offline_ok") return host.offline_ok;
    if (field == "build_on_target") return host.build_on_target;
    LOCKSTEP_CHECK(field == "ignore_reason");
    return text(host.ignore_reason);
}

std::string cut(std::string_view text, std::size_t most) {
    return clean_line(text, most);
}

/// "deploy@10.0.0.1:2222 via bastion".
std::string place_of(const FleetHost& host) {
    std::string text = host.user.empty() ? "" : host.user + "@";
    text += host.addresses.empty() ? "-" : host.addresses.front();
    if (host.port) text += fmt::format(":{}", *host.port);
    if (host.addresses.size() > 1) text += fmt::format(" (+{})", host.addresses.size() - 1);
    if (!host.jump.empty()) text += " via " + host.jump;
    return text;
}

std::string details(const FleetHost& host) {
    std::vector<std::vector<std::string>> rows;
    for_each_fleet_field([&](const char* field, auto) {
        const auto value = fleet_field_text(host, field);
        const auto& origin = host.origin.at(field);
        if (value.empty() && origin == "default") return;
        rows.push_back({fmt::format("  {}", field), value.empty() ? "-" : cut(value, 200), cut(origin, 200)});
    });
    return host.name + (host.configured ? "" : "  (not in the flake)") + "\n" + text_table(rows);
}

}  // namespace

std::string fleet_field_text(const FleetHost& host, std::string_view field) {
    const auto value = value_of(host, field);
    if (value.is_null()) return "";
    if (value.is_string()) return value.get<std::string>();
    if (value.is_array()) return value.empty() ? "" : "[" + join(value.get<std::vector<std::string>>(), ", ") + "]";
    return value.dump();
}

std::string fleet_info_text(const Fleet& fleet, const std::vector<std::string>& names, std::size_t detailed) {
    std::string text;
    if (names.size() <= detailed) {
        for (const auto& name : names) text += (text.empty() ? "" : "\n") + details(fleet.hosts.at(name));
    } else {
        std::vector<std::vector<std::string>> rows{{"HOST", "ROLE", "TYPE", "ADDRESS", "TAGS", "FROM"}};
        for (const auto& name : names) {
            const auto& host = fleet.hosts.at(name);
            rows.push_back({name, std::string(word(host.role)), std::string(word(host.type)), cut(place_of(host), 60),
                            host.tags.empty() ? "-" : cut(join(host.tags, ","), 40),
                            cut(host.origin.at("addresses"), 40)});
        }
        text = text_table(rows);
    }
    return text;
}

std::string fleet_info_json(const Fleet& fleet, const std::vector<std::string>& names) {
    Json hosts = Json::array();
    for (const auto& name : names) {
        const auto& host = fleet.hosts.at(name);
        Json entry{{"name", name}, {"configured", host.configured}};
        Json origin = Json::object();
        for_each_fleet_field([&](const char* field, auto) {
            entry[field] = value_of(host, field);
            origin[field] = host.origin.at(field);
        });
        entry["origin"] = std::move(origin);
        hosts.push_back(std::move(entry));
    }
    const Json all{
        {"schema", "lockstep-fleet/1"}, {"sources", fleet.sources}, {"hosts", hosts}, {"notices", fleet.notices}};
    return all.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace lockstep
