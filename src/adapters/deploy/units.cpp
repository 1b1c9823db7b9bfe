// SPDX-License-Identifier: MIT
// The words of switch-to-configuration. Their heads have been stable from the shell over the Perl to the Rust version.
#include <array>
#include <utility>

#include "lockstep/adapters/deploy_switch.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::deploy {

namespace {

using List = std::vector<std::string> UnitLists::*;

struct Head {
    std::string_view text;
    List list;
};

constexpr std::array<Head, 19> k_heads{{
    {"would stop the following units: ", &UnitLists::stop},
    {"would stop the following user units: ", &UnitLists::stop},
    {"would start the following units: ", &UnitLists::start},
    {"would start the following user units: ", &UnitLists::start},
    {"would restart the following units: ", &UnitLists::restart},
    {"would restart the following user units: ", &UnitLists::restart},
    {"would reload the following units: ", &UnitLists::reload},
    {"would reload the following user units: ", &UnitLists::reload},
    {"would NOT restart the following changed units: ", &UnitLists::not_restarted},
    {"would NOT restart the following changed user units: ", &UnitLists::not_restarted},
    {"would NOT stop the following changed units: ", &UnitLists::not_restarted},
    {"stopping the following units: ", &UnitLists::stop},
    {"starting the following units: ", &UnitLists::start},
    {"restarting the following units: ", &UnitLists::restart},
    {"reloading the following units: ", &UnitLists::reload},
    {"NOT restarting the following changed units: ", &UnitLists::not_restarted},
    {"the following new units were started: ", &UnitLists::started},
    {"warning: the following units failed: ", &UnitLists::failed},
    {"warning: error(s) occurred while switching to the new configuration: ", &UnitLists::failed},
}};

constexpr std::size_t k_most_units = 2000;

void add_units(std::vector<std::string>& into, std::string_view names) {
    for (const auto& name : split(names, ',')) {
        const auto unit = clean_line(trim(name), 256);
        if (!unit.empty() && into.size() < k_most_units) into.push_back(unit);
    }
}

}  // namespace

UnitLists parse_unit_lists(std::string_view text) {
    UnitLists lists;
    bool inhibitors = false;
    for (const auto& line : lines_of(clean_text(text))) {
        if (line == "would restart systemd" || line == "restarting systemd...") lists.restart_systemd = true;
        for (const auto& head : k_heads)
            if (line.rfind(head.text, 0) == 0)
                add_units(lists.*head.list, std::string_view(line).substr(head.text.size()));
        if (line.find("changes to critical components of the system") != std::string::npos) {
            inhibitors = true;
            continue;
        }
        if (inhibitors && line.find(" -> ") != std::string::npos) {
            if (lists.inhibitors.size() < k_most_units) lists.inhibitors.push_back(clean_line(line));
        } else if (!trim(line).empty()) {
            inhibitors = false;
        }
    }
    return lists;
}

std::optional<Asked> parse_asked(std::string_view text, std::string_view nonce) {
    const auto answer = parse_answer(text, nonce);
    if (!answer) return std::nullopt;
    Asked asked;
    asked.check_text = clean_text(answer->get("check_text"));
    asked.dry_text = clean_text(answer->get("dry_text"));
    const auto check = answer->number("check_rc"), dry = answer->number("dry_rc");
    // Older systems print their usage for a word that they do not know.
    asked.check_known = check && !(*check == 1 && asked.check_text.find("Usage:") != std::string::npos);
    asked.check_rc = asked.check_known ? static_cast<int>(*check) : 0;
    asked.dry_rc = dry ? static_cast<int>(*dry) : -1;
    asked.inhibited = asked.check_known && asked.check_rc != 0;
    asked.units = parse_unit_lists(asked.dry_text);
    asked.units.inhibitors = parse_unit_lists(asked.check_text).inhibitors;
    return asked;
}

}  // namespace lockstep::deploy
