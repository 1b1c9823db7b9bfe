// SPDX-License-Identifier: MIT
// `fleet status`: the table, and what it cannot hold.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/text_table.hpp"
#include "lockstep/core/fleet_status.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"
#include "lockstep/core/units.hpp"

namespace lockstep {

namespace {

using Json = nlohmann::ordered_json;

std::string size_or_dash(const std::optional<std::uint64_t>& bytes) {
    return bytes ? human_size(*bytes) : "-";
}

std::string holder_of(const FleetLook& look) {
    if (!look.holder.empty())
        return clean_line(look.holder, 60) + (look.holder_alive ? "" : " (dead)") +
               (look.holder_state.empty() ? "" : ": " + clean_line(look.holder_state, 30));
    return look.switch_by.empty() ? "-" : clean_line(look.switch_by, 60);
}

std::vector<std::string> row_of(const FleetLook& look) {
    if (!look.reached) return {look.name, std::string(word(look.role)), "unreachable", "-", "-", "-", "-", "-", "-"};
    return {look.name,
            std::string(word(look.role)),
            replace_all(std::string(word(fleet_state(look))), "_", " "),
            look.generation ? std::to_string(*look.generation) : "-",
            uptime_text(look.uptime_seconds),
            look.failed_units ? std::to_string(look.failed_units->size()) : "-",
            size_or_dash(look.store_free),
            size_or_dash(look.boot_free),
            holder_of(look)};
}

/// What a person wants to know next.
std::vector<std::string> remarks(const FleetLook& look) {
    std::vector<std::string> lines;
    const auto state = fleet_state(look);
    if (state == FleetState::unreachable)
        lines.push_back((look.required ? "" : "may be off; ") + clean_line(look.trouble, 300));
    if (state == FleetState::drifted)
        lines.push_back(
            fmt::format("runs {}, a deploy left {}", short_store_path(look.running), short_store_path(look.left)));
    if (state == FleetState::behind)
        lines.push_back(
            fmt::format("runs {}, {} was proved since", short_store_path(look.running), short_store_path(look.proved)));
    if (look.reached && look.running.empty()) lines.emplace_back("runs no system of the Nix store");
    if (state != FleetState::drifted && !look.profile.empty() && look.profile != look.running)
        lines.push_back("the next boot starts " + short_store_path(look.profile));
    if (!look.reboot_reasons.empty())
        lines.push_back("a reboot is needed for " + clean_line(join(look.reboot_reasons, ", "), 200));
    if (!look.busy.empty()) lines.push_back("not now: " + clean_line(join(look.busy, "; "), 300));
    if (look.failed_units && !look.failed_units->empty())
        lines.push_back("failed: " + clean_line(join(*look.failed_units, ", "), 300));
    return lines;
}

Json text_or_null(const std::string& text) {
    return text.empty() ? Json() : Json(text);
}

template <class Value>
Json value_or_null(const std::optional<Value>& value) {
    return value ? Json(*value) : Json();
}

std::string dumped(const Json& json) {
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json_of(const FleetLook& look) {
    Json json{{"name", look.name},
              {"role", word(look.role)},
              {"state", word(fleet_state(look))},
              {"required", look.required},
              {"address", text_or_null(look.address)}};
    if (!look.reached) {
        json["trouble"] = look.trouble;
        return json;
    }
    json["running"] = text_or_null(look.running);
    json["booted"] = text_or_null(look.booted);
    json["profile"] = text_or_null(look.profile);
    json["proved"] = text_or_null(look.proved);
    json["left"] = text_or_null(look.left);
    json["generation"] = value_or_null(look.generation);
    json["uptime_seconds"] = look.uptime_seconds;
    json["system_state"] = text_or_null(look.system_state);
    json["failed_units"] = value_or_null(look.failed_units);
    json["store_free"] = value_or_null(look.store_free);
    json["boot_free"] = value_or_null(look.boot_free);
    json["holder"] = look.holder.empty()
                         ? Json()
                         : Json{{"run", look.holder}, {"state", look.holder_state}, {"alive", look.holder_alive}};
    json["switch_by"] = text_or_null(look.switch_by);
    json["busy"] = look.busy;
    json["needs_reboot"] = needs_reboot(look);
    json["reboot_reasons"] = look.reboot_reasons;
    json["kernel"] = text_or_null(look.kernel);
    json["nix"] = text_or_null(look.nix_version);
    return json;
}

/// "kernel 6.1 → 6.6", "a reboot is needed (kernel, initrd)".
std::vector<std::string> reboot_lines(const FleetDifference& host) {
    std::vector<std::string> lines;
    if (!host.kernel_before.empty() && !host.kernel_after.empty() && host.kernel_before != host.kernel_after)
        lines.push_back(fmt::format("kernel {} → {}", host.kernel_before, host.kernel_after));
    if (!host.reboots)
        lines.emplace_back("whether it needs a reboot is not known");
    else if (!host.reboots->empty())
        lines.push_back("a reboot is needed for " + join(*host.reboots, ", "));
    return lines;
}

}  // namespace

std::string fleet_status_text(const std::vector<FleetLook>& looks) {
    std::vector<std::vector<std::string>> rows{
        {"HOST", "ROLE", "STATE", "GEN", "UP", "FAILED", "STORE FREE", "BOOT FREE", "HOLDER"}};
    std::string below;
    for (const auto& look : looks) {
        rows.push_back(row_of(look));
        for (const auto& line : remarks(look)) below += look.name + ": " + line + "\n";
    }
    return text_table(rows) + (below.empty() ? "" : "\n" + below);
}

std::string fleet_status_json(const std::vector<FleetLook>& looks) {
    Json hosts = Json::array(), counts = Json::object();
    for (const auto& look : looks) {
        hosts.push_back(json_of(look));
        const std::string state(word(fleet_state(look)));
        counts[state] = counts.value(state, 0) + 1;
    }
    return dumped({{"schema", "lockstep-fleet-status/1"}, {"counts", counts}, {"hosts", hosts}});
}

std::string fleet_diff_text(const std::vector<FleetDifference>& hosts) {
    std::string text;
    for (const auto& host : hosts) {
        const auto& look = host.look;
        const auto line = [&](const std::string& words) { text += "  " + words + "\n"; };
        text += (text.empty() ? "" : "\n") + look.name + "  " +
                replace_all(std::string(word(fleet_state(look))), "_", " ") + "\n";
        if (!look.reached) {
            line(clean_line(look.trouble, 300));
            continue;
        }
        if (look.proved.empty()) {
            line("nothing was proved for it");
            continue;
        }
        line(look.running == look.proved ? short_store_path(look.running)
                                         : short_store_path(look.running) + " → " + short_store_path(look.proved));
        if (!host.trouble.empty()) {
            line(clean_line(host.trouble, 300));
        } else if (look.running != look.proved) {
            line(closure_diff_summary(host.packages));
            for (const auto& each : closure_diff_lines(host.packages)) line("  " + each);
        }
        for (const auto& each : reboot_lines(host)) line(each);
    }
    return text;
}

std::string fleet_diff_json(const std::vector<FleetDifference>& hosts) {
    Json all = Json::array();
    for (const auto& host : hosts) {
        Json json{{"name", host.look.name},
                  {"state", word(fleet_state(host.look))},
                  {"running", text_or_null(host.look.running)},
                  {"proved", text_or_null(host.look.proved)}};
        const auto& trouble = host.look.reached ? host.trouble : host.look.trouble;
        if (!trouble.empty()) json["trouble"] = trouble;
        json["packages"] = trouble.empty() && !host.look.proved.empty()
                               ? Json::parse(closure_diff_json(host.packages), nullptr, false)
                               : Json();
        json["kernel"] = {{"before", text_or_null(host.kernel_before)}, {"after", text_or_null(host.kernel_after)}};
        json["reboot_reasons"] = value_or_null(host.reboots);
        all.push_back(std::move(json));
    }
    return dumped({{"schema", "lockstep-fleet-diff/1"}, {"hosts", all}});
}

}  // namespace lockstep
