// SPDX-License-Identifier: MIT
// Putting the sources of configuration together.
#include "cli/config_sources.hpp"

#include <algorithm>

#include "edges/yaml_config.hpp"
#include "lockstep/core/sanitize.hpp"
#include "lockstep/core/target.hpp"
#include "lockstep/core/text.hpp"

namespace lockstep::cli {

namespace {

/// Variables of tests and tools that share the prefix.
bool is_not_ours(const std::string& name) {
    return name.rfind("LOCKSTEP_TEST_", 0) == 0 || name == "LOCKSTEP_OPENAPI_DIR" || name == "LOCKSTEP_UPDATE_GOLDEN" || name == "LOCKSTEP_REQUIRE_NIX";
}

RawValue raw_value(const ConfigKey& key, const std::string& text) {
    RawValue value;
    value.scalar = text;
    value.quoted = key.type == KeyType::text;
    if (key.type == KeyType::text_list) {
        value.shape = RawValue::Shape::list;
        for (const auto& part : split(text, ','))
            if (!trim(part).empty()) value.list.emplace_back(trim(part));
    } else if (key.type == KeyType::text_map) {
        value.shape = RawValue::Shape::map;
        for (const auto& part : split(text, ',')) {
            const auto equals = part.find('=');
            if (equals != std::string::npos) value.map.emplace_back(trim(part.substr(0, equals)), trim(part.substr(equals + 1)));
        }
    }
    return value;
}

void take_variables(const Sources& sources, Config& config, std::vector<std::string>& mistakes) {
    std::map<std::string, const ConfigKey*> keys;
    std::vector<std::string> known;
    for (const auto& key : config_keys()) {
        keys[variable_of(key.path)] = &key;
        known.push_back(variable_of(key.path));
    }
    for (const auto& [name, text] : sources.variables) {
        if (name.rfind("LOCKSTEP_", 0) != 0 || is_not_ours(name) || text.empty()) continue;
        const auto key = keys.find(name);
        if (key == keys.end()) {
            const auto near = nearest(name, known);
            mistakes.push_back(name + ": there is no such key" + (near.empty() ? "" : ", did you mean " + near + "?"));
        } else if (const auto wrong = key->second->set(config, raw_value(*key->second, text))) {
            mistakes.push_back(name + " " + *wrong);
        }
    }
}

}  // namespace

Result<Config> assemble(const Sources& sources) {
    Config config;
    std::vector<std::string> mistakes;
    const auto load = [&](const std::optional<std::string>& text, const std::string& name, bool machine) {
        if (!text) return;
        for (const auto& mistake : load_yaml(*text, name, machine, config))
            mistakes.push_back(clean_line(mistake.file, 200) + ":" + std::to_string(mistake.line) + ":" + std::to_string(mistake.column) + ": " + mistake.text);
    };
    load(sources.repository_text, sources.repository_name, false);
    load(sources.machine_text, sources.machine_name, true);
    take_variables(sources, config, mistakes);
    for (const auto& [path, value] : sources.overrides)
        if (const auto* key = find_key(path); key != nullptr)
            if (const auto wrong = key->set(config, value)) mistakes.push_back(path + " " + *wrong);
    if (config.commit.name.empty() != config.commit.email.empty()) mistakes.emplace_back("commit.name and commit.email belong together: set both or neither");
    if (mistakes.empty()) return config;
    return Error{ErrorKind::config, mistakes.size() == 1 ? "the configuration has a mistake" : "the configuration has " + plural(mistakes.size(), "mistake"), join(mistakes, "\n"),
                 "see `lockstep schema config` or docs/CONFIG.md"};
}

}  // namespace lockstep::cli
