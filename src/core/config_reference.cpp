// SPDX-License-Identifier: MIT
// The reference part of docs/CONFIG.md, made from the table of keys.
#include <fmt/format.h>

#include "lockstep/core/check.hpp"
#include "lockstep/core/config_keys.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep {

namespace {

std::string takes(const ConfigKey& key) {
    switch (key.type) {
        case KeyType::text:
            return "text";
        case KeyType::boolean:
            return "`true` or `false`";
        case KeyType::duration:
            return "duration";
        case KeyType::size:
            return "size";
        case KeyType::text_list:
            return key.set_member ? "text or list" : "list";
        case KeyType::text_map:
            return "mapping";
        case KeyType::choice:
            return "`" + join(key.choices, "`, `") + "`";
        case KeyType::integer:
            return key.least == key.most ? fmt::format("`{}`", key.least)
                                         : fmt::format("{} to {}", key.least, key.most);
    }
    LOCKSTEP_CHECK(false);
}

std::string_view group_of(const ConfigKey& key) {
    const auto dot = key.path.find('.');
    return dot == std::string_view::npos ? std::string_view() : key.path.substr(0, dot);
}

std::string title_of(std::string_view group) {
    return group.empty() ? "### Repository" : fmt::format("### `{}`", group);
}

/// `hosts.<name>.port`: what stands below the names, and below groups of a group.
std::string members_markdown() {
    std::string text;
    std::string_view last;
    for (const auto& key : member_keys()) {
        const auto group = key.path.substr(0, key.path.rfind('.'));
        if (group != last) {
            last = group;
            const auto shown = replace_all(std::string(group), "*", "<name>");
            text += fmt::format("\n### `{}`\n\n", shown);
            if (const auto* named = find_named_group(group.substr(0, group.rfind('.'))); named != nullptr)
                text += fmt::format("{}\n\n", named->doc);
            else
                text += "What holds for every host that does not say otherwise.\n\n";
            text += "| key | takes | meaning |\n| --- | --- | --- |\n";
        }
        text += fmt::format("| `{}` | {} | {}{} |\n", key.path.substr(group.size() + 1), takes(key),
                            replace_all(std::string(key.doc), "|", "\\|"), key.machine_only ? " Machine only." : "");
    }
    return text;
}

}  // namespace

std::string config_reference_markdown() {
    std::string text;
    std::string_view group = "none yet";
    for (const auto& key : config_keys()) {
        if (group_of(key) != group) {
            group = group_of(key);
            text += fmt::format("{}{}\n\n| key | takes | default | meaning |\n| --- | --- | --- | --- |\n",
                                text.empty() ? "" : "\n", title_of(group));
        }
        const auto value = key.show(Config{});
        const auto shown = key.path == "config_version" ? "" : "`" + value + "`";
        text += fmt::format("| `{}` | {} | {} | {}{} |\n", key.path, takes(key), shown,
                            replace_all(std::string(key.doc), "|", "\\|"), key.machine_only ? " Machine only." : "");
    }
    return text + members_markdown();
}

}  // namespace lockstep
